package credfile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// Key names one credential: an API server, and a user. It is exactly the arguments of get-token in a kubeconfig. So the answer needs
// nothing else, and an error can name the login command even without the store.
type Key struct {
	Server  string // canonical address of the control plane host's front: HOST or HOST:PORT
	User    string // as typed at login; compared without case
	Cluster string // NAMESPACE/NAME of a TKG cluster; empty for the Supervisor itself
}

// Fold returns the form in which user names are compared, in lower case: vCenter Single Sign-On ignores case.
func Fold(user string) string { return strings.Map(unicode.ToLower, user) }

// Same reports whether two keys name the same credential.
func (k Key) Same(other Key) bool {
	return k.Server == other.Server && k.Cluster == other.Cluster && Fold(k.User) == Fold(other.User)
}

// ID returns the credential's file name without extension: the SHA-256 of the three parts, in 64 hexadecimal digits. No part can contain
// the separator, a null byte, since it ends a process argument.
func (k Key) ID() string {
	sum := sha256.Sum256([]byte(k.Server + "\x00" + Fold(k.User) + "\x00" + k.Cluster))
	return hex.EncodeToString(sum[:])
}
