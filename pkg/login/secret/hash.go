package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Argon2id as RFC 9106, section 4, recommends it where memory is constrained. What was refused may be a mistyped password or an
// old one, so guessing it from the mark has to cost.
const (
	hashTime    = 3
	hashThreads = 4
	hashLength  = 32
	saltLength  = 16
)

// hashMemory is in KiB. Tests that hash a lot take less.
var hashMemory uint32 = 64 << 10

func hash(password redact.Secret, now time.Time) tokens.Refusal {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // It never fails (crypto/rand).
	return tokens.Refusal{Time: now, Salt: salt, Hash: slow(password, salt)}
}

func matches(r tokens.Refusal, password redact.Secret) bool {
	return len(r.Hash) == hashLength && subtle.ConstantTimeCompare(slow(password, r.Salt), r.Hash) == 1
}

func slow(password redact.Secret, salt []byte) []byte {
	return argon2.IDKey([]byte(password.Reveal()), salt, hashTime, hashMemory, hashThreads, hashLength)
}
