package secret

import (
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

// The least that RFC 9106, section 4, and OWASP's Password Storage Cheat Sheet allow for Argon2id: a refused password is often the old one,
// or the right one with a slip.
func TestAGuessIsNotCheap(t *testing.T) {
	if hashTime < 3 || hashMemory < 64<<10 || hashLength < 32 || saltLength < 16 {
		t.Errorf("time %d, memory %d KiB, length %d, salt %d", hashTime, hashMemory, hashLength, saltLength)
	}
	r := hasher{}.refusal("wrong") // What the program uses is what the constants say.
	if string(argon2.IDKey([]byte("wrong"), r.Salt, 3, 64<<10, 4, 32)) != string(r.Hash) || len(r.Salt) != 16 {
		t.Error("the hash is another one than Argon2id with t=3, m=64 MiB, p=4")
	}
}

func TestUptimeGrows(t *testing.T) {
	before := Uptime()
	if before <= 0 {
		t.Skip("the system does not say how long it runs; use Linux, Windows, macOS or a BSD")
	}
	time.Sleep(20 * time.Millisecond)
	if grown := Uptime() - before; grown <= 0 || grown > time.Minute {
		t.Errorf("%v", grown)
	}
}
