package secret

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Argon2id as RFC 9106, section 4, recommends it where memory is constrained. A refused secret may be a mistyped password or an
// old one, so guessing it from the mark has to cost.
const (
	hashTime    = 3
	hashMemory  = 64 << 10 // KiB
	hashThreads = 4
	hashLength  = 32
	saltLength  = 16
)

// hasher makes refusals by which a secret is known again. Memory is in KiB; 0 is hashMemory. Tests that hash a lot take less, or another
// function.
type hasher struct {
	memory uint32
	hash   func(password, salt []byte) []byte
}

func (h hasher) refusal(password redact.Secret) tokens.Refusal {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // It never fails (crypto/rand).
	return tokens.Refusal{Salt: salt, Hash: h.slow(password, salt)}
}

// same returns a function that reports whether a refusal is of this password. It looks at each refusal once.
func (h hasher) same(password redact.Secret) func(tokens.Refusal) bool {
	known := map[string]bool{}
	return func(r tokens.Refusal) bool {
		if len(r.Hash) != hashLength {
			return false
		}
		if _, seen := known[string(r.Hash)]; !seen {
			known[string(r.Hash)] = subtle.ConstantTimeCompare(h.slow(password, r.Salt), r.Hash) == 1
		}
		return known[string(r.Hash)]
	}
}

func (h hasher) slow(password redact.Secret, salt []byte) []byte {
	if h.hash != nil {
		return h.hash([]byte(password.Reveal()), salt)
	}
	return argon2.IDKey([]byte(password.Reveal()), salt, hashTime, cmp.Or(h.memory, hashMemory), hashThreads, hashLength)
}
