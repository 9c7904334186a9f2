package tokens

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Session is one account at one Supervisor: how it logs in, how the server is trusted, what renews it. It holds no password.
type Session struct {
	Version int         `json:"version"`
	ID      string      `json:"id"`
	Server  string      `json:"server"`  // canonical address of the Supervisor
	User    string      `json:"user"`    // as typed
	Method  string      `json:"method"`  // "sso" or "oidc"
	Account string      `json:"account"` // whom the identity service counts refusals for
	Trust   trust.Trust `json:"trust"`
	Hosts   []string    `json:"hosts"` // canonical addresses of the control plane hosts it covers
	// Aliases say where servers are reached whose own address is not (supervisor.Aliases).
	Aliases map[string]string `json:"aliases,omitempty"`
	// What renews it without a person; a login sets it.
	PasswordCommand []string `json:"passwordCommand,omitempty"` // an absolute path and arguments
	Keychain        bool     `json:"keychain,omitempty"`        // the password is in the OS keychain, as KeychainEntry

	// Renewal is what the method keeps to renew the session, as JSON that only it reads. It holds secrets.
	Renewal redact.JSON `json:"renewal,omitempty"`
	// Ends is when a person must log in again, whatever is renewed; zero when that is not known.
	Ends time.Time `json:"ends,omitzero"`

	// What the last login was for, so that the next one can repeat it.
	Clusters      string   `json:"clusters,omitempty"`   // a selection as typed; empty: all
	Namespaces    []string `json:"namespaces,omitempty"` // named by the user, where they cannot be listed
	StaticTokens  bool     `json:"staticTokens,omitempty"`
	ContextPrefix string   `json:"contextPrefix,omitempty"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// SessionID names the session of a user at a Supervisor. It is a file name.
func SessionID(server, user string) string { return hash(server + "\x00" + Fold(user)) }

// KeychainEntry names the session's password in the OS keychain. It is not the account, which the server tells: one that lied could be
// handed the password of another.
func (s Session) KeychainEntry() string { return HostAccount(Key{Server: s.Server, User: s.User}) }

// HostAccount stands for an account before the identity service has named it.
func HostAccount(key Key) string { return key.Server + " " + Fold(key.User) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// Covers tells whether a credential of key belongs to the session.
func (s Session) Covers(key Key) bool {
	return Fold(s.User) == Fold(key.User) && (s.Server == key.Server || slices.Contains(s.Hosts, key.Server))
}
