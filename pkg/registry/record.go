package registry

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Record is a registry that was added: the session whose token it accepts, and how.
type Record struct {
	Version int    `json:"version"`
	Host    string `json:"host"`   // as ParseHost spells it
	Server  string `json:"server"` // of the session: the Supervisor
	User    string `json:"user"`   // of the session
	// Username is the user name for the session's token as password. It is empty if the registry accepts no token; Reason says why.
	Username string `json:"username,omitempty"`
	Reason   Reason `json:"reason,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // with ReasonEndpoint: the server that authenticates users, as the registry says
	// LoggedOut is true from a registry client's logout until the next login.
	LoggedOut bool `json:"loggedOut,omitempty"`

	AuthMode  string `json:"authMode,omitempty"`  // Harbor's auth_mode: http_auth, db_auth, ldap_auth, oidc_auth; empty: not a Harbor
	Harbor    string `json:"harbor,omitempty"`    // Harbor's version
	CA        string `json:"ca,omitempty"`        // CA (PEM) that the user gave; empty: verified as the session's servers are
	SendToken bool   `json:"sendToken,omitempty"` // the user allows to send the token, although the registry proves nothing
	Audience  string `json:"audience,omitempty"`  // with oidc_auth: the registry's client ID at the identity provider

	Checked time.Time `json:"checked,omitzero"` // when the registry was last asked
}

// Same reports whether two records are equal.
func (r Record) Same(other Record) bool {
	when := r.Checked.Equal(other.Checked)
	r.Checked = other.Checked
	return when && r == other
}

// Key returns the key of the session's credential.
func (r Record) Key() credfile.Key { return credfile.Key{Server: r.Server, User: r.User} }

// TakesToken reports whether the registry accepts the session's token.
func (r Record) TakesToken() bool { return r.Username != "" && !r.LoggedOut }

// Grant is the part of a Record that says whose token a registry gets. Registry clients wait for it, so it is read on its own.
type Grant struct {
	Host, Server, User, Username string
	LoggedOut                    bool
}

// Grant returns the part of the record that says whose token the registry gets.
func (r Record) Grant() Grant {
	return Grant{Host: r.Host, Server: r.Server, User: r.User, Username: r.Username, LoggedOut: r.LoggedOut}
}

// grantOf reads a grant from the file of a record. If the file is not as we write it, the grant is empty.
func grantOf(o *credfile.Object) Grant {
	g := Grant{Host: o.Text("host"), Server: o.Text("server"), User: o.Text("user"), Username: o.Text("username"), LoggedOut: o.Bool("loggedOut")}
	if o.Number("version") != credfile.Version || !o.Good() {
		return Grant{}
	}
	return g
}

// Key returns the key of the session's credential.
func (g Grant) Key() credfile.Key { return credfile.Key{Server: g.Server, User: g.User} }

// Login is a login that a registry client stored: that of a robot account, or of a user of the registry.
type Login struct {
	Version  int           `json:"version"`
	Host     string        `json:"host"`
	Username string        `json:"username"`
	Secret   redact.Stored `json:"secret,omitzero"`
	Service  string        `json:"service,omitempty"` // helper with the secret (docker-credential-NAME); empty: Secret
	URL      string        `json:"url,omitempty"`     // server URL at that helper, as the client spelled it
	Expires  time.Time     `json:"expires,omitzero"`  // of a robot account of ours
	Fetched  bool          `json:"fetched,omitempty"` // a CLI secret that was fetched for a session, and is removed with it
}

// Ended reports whether it is a robot account of ours that has expired.
func (l Login) Ended(now time.Time) bool { return !l.Expires.IsZero() && !now.Before(l.Expires) }

const (
	dir        = "registries"
	recordFile = ".json"
	// No host ends like this: after = there is a port.
	loginSuffix = "=login"
	loginFile   = loginSuffix + recordFile
)

func path(store, host, extension string) string {
	return filepath.Join(store, dir, strings.ReplaceAll(host, ":", "=")+extension)
}

// HTTPAuth is Harbor's auth_mode in which a Supervisor authenticates users and their tokens.
const HTTPAuth = "http_auth"

// OIDCAuth is Harbor's auth_mode with an identity provider. Registry clients then use a CLI secret, which Harbor makes.
const OIDCAuth = "oidc_auth"

// DBAuth is Harbor's auth_mode with accounts of its own.
const DBAuth = "db_auth"

// TokenPrefix is the prefix of a user name whose password is a token, with HTTPAuth (Harbor, src/server/middleware/security:
// auth_proxy.go).
const TokenPrefix = "tokenreview$"
