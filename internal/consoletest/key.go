package consoletest

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
)

// keyBits is the size of the key that all worlds share: making one takes a second.
const keyBits = 3072

var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) })

func newKey(bits int) (*rsa.PrivateKey, error) {
	if bits != keyBits {
		return nil, fmt.Errorf("a key of %d bits", bits)
	}
	return sharedKey()
}
