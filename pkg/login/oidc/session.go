package oidc

import (
	"encoding/json"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// PinnipedClient is the public client that every Pinniped Supervisor knows.
const PinnipedClient = "pinniped-cli"

// Session is what a login leaves behind: the tokens, and all that is needed to renew them. Its JSON holds secrets.
type Session struct {
	Provider         Provider `json:"provider"`
	CA               string   `json:"ca,omitempty"` // PEM; empty: the issuer is verified as the Supervisor is
	Client           string   `json:"client"`       // the client's ID
	IdentityProvider string   `json:"identityProvider,omitempty"`
	Flow             string   `json:"flow,omitempty"` // how the person logged in, as the caller names it
	// Name is the user name that went with the password, if there was one. The issuer's tokens may name somebody else.
	Name    string     `json:"name,omitempty"`
	Browser BrowserWay `json:"browser,omitzero"`
	// Plain means that API servers trust the issuer directly: its ID token is the credential, and there is no
	// exchange.
	Plain  bool              `json:"plain,omitempty"`
	Hosts  []string          `json:"hosts,omitempty"`  // that are not the plain issuer's own and may take part (Provider.Elsewhere)
	Scopes []string          `json:"scopes,omitempty"` // beside the usual ones (wanted)
	Params map[string]string `json:"params,omitempty"` // further parameters of the authorization request
	// TokenFile and TokenVariable name where a runner provides the ID token; then there is no login.
	TokenFile     string `json:"tokenFile,omitempty"`
	TokenVariable string `json:"tokenVariable,omitempty"`
	// SecretFile and SecretVariable name where a runner provides the secret of the client, which then logs in as
	// itself.
	SecretFile     string `json:"secretFile,omitempty"`
	SecretVariable string `json:"secretVariable,omitempty"`
	// Concierge is the URL of the Supervisor's own Concierge, where that is not its API server.
	Concierge string `json:"concierge,omitempty"`

	Subject     string          `json:"subject"`
	Claims      json.RawMessage `json:"claims,omitempty"` // of the last ID token, to be shown to its person
	Refresh     redact.Stored   `json:"refresh,omitzero"` // empty: nothing renews it
	Renewed     time.Time       `json:"renewed,omitzero"` // when the issuer gave Refresh
	Access      redact.Stored   `json:"access"`
	AccessUntil time.Time       `json:"accessUntil"`
	ID          redact.Stored   `json:"id,omitzero"` // the ID token, of a plain issuer
	IDUntil     time.Time       `json:"idUntil,omitzero"`
}

// BrowserWay is how the person wants to use a browser. Later logins of the session use the same way.
type BrowserWay struct {
	None    bool     `json:"none,omitempty"`    // it is on another machine
	Command []string `json:"command,omitempty"` // opens it; empty: the default of the system
	Listen  string   `json:"listen,omitempty"`  // HOST:PORT for its answer; empty: a free port of 127.0.0.1
}

// IsZero reports whether the person said nothing about the browser.
func (b BrowserWay) IsZero() bool { return !b.None && len(b.Command) == 0 && b.Listen == "" }

// ParseSession reads the output of Session.JSON.
func ParseSession(text redact.JSON) (s Session, err error) {
	return s, json.Unmarshal(text, &s)
}

// JSON returns the form that a store keeps.
func (s Session) JSON() (redact.JSON, error) { return json.Marshal(s) }

// minAccess is how long an access token must still be good to be used: an exchange takes less.
const minAccess = 10 * time.Second

// Fresh reports whether the access token can be used without a refresh.
func (s Session) Fresh(now time.Time) bool {
	return s.Access.Secret != "" && now.Add(minAccess).Before(s.AccessUntil)
}

// FreshID reports whether the ID token can be handed out without a refresh.
func (s Session) FreshID(now time.Time) bool {
	return s.ID.Secret != "" && now.Add(minID).Before(s.IDUntil)
}

// maxID is how long an ID token is kept at most, whatever it says (tokens.MaxLife, which this package does not know).
const maxID = 30 * 24 * time.Hour

// minID is how long an ID token must still be good to be handed out.
const minID = time.Minute

// pinnipedLife is how long a refresh token of a Pinniped Supervisor is good. Each refresh gives another one, and the time begins anew. It is a
// constant there, unless the administrators chose another one for an identity provider; no endpoint returns it.
const pinnipedLife = 9 * time.Hour

// Ends returns when a person must log in again, unless somebody renews the session before. It is zero if the issuer does not say, or if no
// person is needed. For a session of an earlier version it is last.
func (s Session) Ends(last time.Time) time.Time {
	switch {
	case s.Unattended():
		return time.Time{}
	case !s.Renews() && s.Plain:
		return s.IDUntil
	case !s.Renews():
		return s.AccessUntil
	case s.Provider.IsPinniped() && s.Renewed.IsZero():
		return last
	case s.Provider.IsPinniped():
		return s.Renewed.Add(pinnipedLife)
	}
	return time.Time{}
}

// Renews reports whether there is a refresh token. Without one the session ends with its token.
func (s Session) Renews() bool { return s.Refresh.Secret != "" }
