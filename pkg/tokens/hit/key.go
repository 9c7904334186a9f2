// Package hit answers kubectl from the store: one file is opened, read and printed. kubectl runs the program for
// every command, so this package imports the standard library only and runs before anything else is set up; what it
// cannot answer is left to the long way.
package hit

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

// Command is the subcommand that a kubeconfig calls.
const Command = "get-token"

// Args are the arguments that ask for the credential.
func (k Key) Args() []string {
	args := []string{Command, "--server", k.Server, "--user", k.User}
	if k.Cluster != "" {
		args = append(args, "--cluster", k.Cluster)
	}
	return args
}

// ParseArgs is the reverse of Args. It takes exactly that shape; anything else is not ours, or for the long way.
func ParseArgs(args []string) (Key, bool) {
	switch {
	case len(args) != 5 && len(args) != 7,
		args[0] != Command || args[1] != "--server" || args[3] != "--user",
		args[2] == "" || args[4] == "":
		return Key{}, false
	}
	k := Key{Server: args[2], User: args[4]}
	if len(args) == 7 {
		if args[5] != "--cluster" || args[6] == "" {
			return Key{}, false
		}
		k.Cluster = args[6]
	}
	return k, true
}

// Fold is the form in which user names are compared: vCenter Single Sign-On does not tell upper from lower case.
func Fold(user string) string { return strings.Map(unicode.ToLower, user) }

// Same tells whether two keys name the same credential.
func (k Key) Same(other Key) bool {
	return k.Server == other.Server && k.Cluster == other.Cluster && Fold(k.User) == Fold(other.User)
}

// ID is the credential's file name without extension: hex SHA-256 over the three parts. The separator cannot stand in
// any of them.
func (k Key) ID() string {
	sum := sha256.Sum256([]byte(k.Server + "\x00" + Fold(k.User) + "\x00" + k.Cluster))
	return hex.EncodeToString(sum[:])
}
