package registry

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Record is a registry that was added: the session whose token it takes, and how.
type Record struct {
	Version int    `json:"version"`
	Host    string `json:"host"`   // as ParseHost spells it
	Server  string `json:"server"` // of the session: the Supervisor
	User    string `json:"user"`   // of the session
	// Username is what the registry takes with the session's token as the password; empty when it takes no token, for Reason.
	Username string `json:"username,omitempty"`
	Reason   Reason `json:"reason,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // of ReasonEndpoint: the server that the registry asks about people, as it says
	// LoggedOut is a registry client's logout, until the next login.
	LoggedOut bool `json:"loggedOut,omitempty"`

	AuthMode  string `json:"authMode,omitempty"`  // of Harbor: http_auth, db_auth, ldap_auth, oidc_auth; empty: no Harbor
	Harbor    string `json:"harbor,omitempty"`    // its version
	CA        string `json:"ca,omitempty"`        // PEM, given for it; empty: verified as the session's servers are
	SendToken bool   `json:"sendToken,omitempty"` // the user named it: its tie to the session was not proven
	Audience  string `json:"audience,omitempty"`  // in oidc_auth: the client ID that the registry has at the identity provider

	Checked time.Time `json:"checked,omitzero"` // when the registry was last asked
}

// Same tells whether two records say the same.
func (r Record) Same(other Record) bool {
	when := r.Checked.Equal(other.Checked)
	r.Checked = other.Checked
	return when && r == other
}

// For tells whether it is about a session.
func (r Record) For(server, user string) bool {
	return r.Server == server && credfile.Fold(r.User) == credfile.Fold(user)
}

// Key names the credential of the session: what its token is stored under.
func (r Record) Key() credfile.Key { return credfile.Key{Server: r.Server, User: r.User} }

// TakesToken tells whether the session's token is the password.
func (r Record) TakesToken() bool { return r.Username != "" && !r.LoggedOut }

// Login is what a registry client stored: a robot account, or a user of the registry's own.
type Login struct {
	Version  int           `json:"version"`
	Host     string        `json:"host"`
	Username string        `json:"username"`
	Secret   redact.Stored `json:"secret,omitzero"`
	Service  string        `json:"service,omitempty"` // the helper that keeps the secret (docker-credential-NAME); empty: it is here
	URL      string        `json:"url,omitempty"`     // under which that helper keeps it, as the client spelled it
	Expires  time.Time     `json:"expires,omitzero"`  // of a robot that we made
	Fetched  bool          `json:"fetched,omitempty"` // the registry told it to a session, with which it goes
}

// Ended tells whether it is a robot that we made, and whose time is over.
func (l Login) Ended(now time.Time) bool { return !l.Expires.IsZero() && !now.Before(l.Expires) }

const (
	dir        = "registries"
	recordFile = ".json"
	// No host ends like this: what follows = is a port.
	loginSuffix = "=login"
	loginFile   = loginSuffix + recordFile
)

func path(store, host, extension string) string {
	return filepath.Join(store, dir, strings.ReplaceAll(host, ":", "=")+extension)
}

// HTTPAuth is the mode of Harbor in which it asks a Supervisor about people and their tokens.
const HTTPAuth = "http_auth"

// OIDCAuth is the mode of Harbor in which people log in to its page by an identity provider, and to the registry with a CLI secret of Harbor's.
const OIDCAuth = "oidc_auth"

// TokenPrefix begins the user name for which Harbor takes a token as the password, in that mode (Harbor, src/server/middleware/security:
// auth_proxy.go).
const TokenPrefix = "tokenreview$"
