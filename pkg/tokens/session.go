package tokens

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Session is one account at one Supervisor: how it logs in, how the server is verified, how it is renewed. It holds no password.
type Session struct {
	Version int         `json:"version"`
	ID      string      `json:"id"`
	Server  string      `json:"server"`  // canonical address of the Supervisor
	User    string      `json:"user"`    // as typed, or as the identity provider calls the person
	Method  string      `json:"method"`  // "sso" or "oidc"
	Account string      `json:"account"` // what the lock is for, and who was asked: the server or issuer that gets the secrets, and the user
	Trust   trust.Trust `json:"trust"`
	Hosts   []string    `json:"hosts"` // canonical addresses of the control plane hosts it covers
	// Login is the name that goes with the password, if the identity provider calls the person otherwise. It is never what an issuer said.
	Login string `json:"login,omitempty"`
	// Aliases are other addresses of servers (supervisor.Aliases).
	Aliases map[string]string `json:"aliases,omitempty"`
	// The password sources for renewals without a person.
	PasswordCommand []string `json:"passwordCommand,omitempty"` // an absolute path and arguments
	Keychain        bool     `json:"keychain,omitempty"`        // the password is in the OS keychain, as KeychainEntry

	// Renewal is what the login method needs to renew the session, as JSON that only the method reads. It holds secrets.
	Renewal redact.JSON `json:"renewal,omitempty"`
	// Ends is when a person must log in again; zero if that is not known.
	Ends time.Time `json:"ends,omitzero"`

	// The options of the last login, so that the next one can repeat it.
	Clusters      string   `json:"clusters,omitempty"`   // a selection as typed; empty: all
	Namespaces    []string `json:"namespaces,omitempty"` // named by a user who may not list them
	StaticTokens  bool     `json:"staticTokens,omitempty"`
	ContextPrefix string   `json:"contextPrefix,omitempty"`

	// TokenFiles are the kubeconfigs into which logins wrote tokens (absolute paths), so that a logout finds them.
	TokenFiles []string `json:"tokenFiles,omitempty"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// SessionID returns the ID of the session of a user at a Supervisor. It is also its file name, without extension.
func SessionID(server, user string) string { return hash(server + "\x00" + Fold(user)) }

// KeychainEntry returns the name of the session's password in the OS keychain. It does not use Account: in sessions of older versions
// that comes from the server, and a server that lies could get the password of another account.
func (s Session) KeychainEntry() string { return HostAccount(Key{Server: s.Server, User: s.User}) }

// HostAccount returns the account of a user at a server. It takes nothing from the server's tokens, which nobody verifies.
func HostAccount(key Key) string { return key.Server + " " + Fold(key.User) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// LoginName returns the name that goes with the session's password.
func (s Session) LoginName() string { return cmp.Or(s.Login, s.User) }

// Covers reports whether a credential of key belongs to the session.
func (s Session) Covers(key Key) bool {
	return Fold(s.User) == Fold(key.User) && (s.Server == key.Server || slices.Contains(s.Hosts, key.Server))
}
