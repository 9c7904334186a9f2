package credfile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// Key names one credential: an API server as a session sees it. It is exactly the arguments of get-token in a
// kubeconfig, so that the answer needs nothing else and a lost store can still say what to type.
type Key struct {
	Server  string // canonical address of the control plane host's front: HOST or HOST:PORT
	User    string // as typed at login; compared without case
	Cluster string // NAMESPACE/NAME of a TKG cluster; empty for the Supervisor itself
}

// Fold is the form in which user names are compared: vCenter Single Sign-On does not tell upper from lower case.
func Fold(user string) string { return strings.Map(unicode.ToLower, user) }

// Same tells whether two keys name the same credential.
func (k Key) Same(other Key) bool {
	return k.Server == other.Server && k.Cluster == other.Cluster && Fold(k.User) == Fold(other.User)
}

// ID is the credential's file name without extension: 64 hexadecimal digits of SHA-256 over the three parts. The
// separator cannot stand in any of them, since a process argument ends at it.
func (k Key) ID() string {
	sum := sha256.Sum256([]byte(k.Server + "\x00" + Fold(k.User) + "\x00" + k.Cluster))
	return hex.EncodeToString(sum[:])
}
