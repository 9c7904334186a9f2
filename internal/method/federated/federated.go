// Package federated is a login by an identity provider as a session.Method: the Supervisor's own issuer (Pinniped), and an issuer
// that an API server trusts directly ("plain").
package federated

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Name is how sessions and --auth-method spell the method.
const Name = "oidc"

// Method is a login by an identity provider.
type Method struct {
	Sessions *session.Sessions
	// Options are for Login.
	Options Options
}

var (
	_ session.Method    = (*Method)(nil)
	_ session.Exchanger = (*Method)(nil)
)

// Options say how a person or a runner proves an account.
type Options struct {
	Identity    supervisor.Identity // what the Supervisor tells of its issuer
	Provider    string              // name of the identity provider; empty: the only one, the last one, or to be asked
	Flow        Flow
	Browser     oidc.BrowserWay // what only makes sense with a browser
	TrustIssuer string          // an issuer on another server that the Supervisor may name
	Issuer      Issuer
}

// Issuer is an issuer that the API server at --server trusts directly, without a Supervisor. Or a runner provides the ID token.
type Issuer struct {
	URL, Client                string
	CAFile                     string // empty: LastCA, else the system's roots
	LastCA                     string // PEM, of the last login
	Scopes                     []string
	Params                     map[string]string
	TokenFile, TokenVariable   string // where a runner provides the ID token
	SecretFile, SecretVariable string // where a runner provides the secret of the client
}

// Plain reports whether there is no Supervisor.
func (i Issuer) Plain() bool { return i.URL != "" || i.TokenFile != "" || i.TokenVariable != "" }

// Flow is how the identity provider is shown who somebody is.
type Flow string

// The flows, as --oidc-flow takes them.
const (
	Auto     Flow = "auto"
	Browser  Flow = "browser"
	Device   Flow = "device"
	Password Flow = "password"
)

// Flows are all of them.
func Flows() []string {
	return []string{string(Auto), string(Browser), string(Device), string(Password)}
}

// Name is oidc.
func (m *Method) Name() string { return Name }

// LocksAccount is true: refresh and exchange take the account's lock, and a slow API server keeps nobody from the others.
func (m *Method) LocksAccount() bool { return true }

// Command names no user: the identity provider tells who it is.
func (m *Method) Command(s tokens.Session) string {
	return failure.LoginCommand(s.Server, "") + " --auth-method " + Name
}

// Facts read what is kept of the issuer.
func (m *Method) Facts(s tokens.Session) (session.Facts, error) {
	kept, err := oidc.ParseSession(s.Renewal)
	if err != nil {
		return session.Facts{}, err
	}
	return session.Facts{Renews: kept.Renews(), Claims: kept.Claims}, nil
}

// TokenFor implements session.Exchanger.
func (m *Method) TokenFor(ctx context.Context, s tokens.Session, audience string) (redact.Secret, error) {
	live, err := m.open(s)
	if err != nil {
		return "", err
	}
	token, err := live.minter.TokenFor(ctx, tokens.Key{Server: s.Server, User: s.User}, audience)
	return token, live.ended(session.Renewal{Session: s}, err)
}

// issuerClient verifies an issuer by the CA that the Supervisor named for it, else as the Supervisor itself.
func (m *Method) issuerClient(ca string, t trust.Trust, aliases supervisor.Aliases) (*wire.Client, error) {
	if ca != "" {
		t = trust.Trust{Mode: trust.Bundle, CA: ca}
	}
	return site.Client(m.Sessions.Env, t, aliases.Reach)
}

// issuer is the client of a session's issuer. One that has nothing to do with a Supervisor is verified by its own CA, or by the
// system's roots: the trust of the session is in the API server alone.
func (m *Method) issuer(s tokens.Session) (*oidc.Client, error) {
	kept, err := oidc.ParseSession(s.Renewal)
	if err != nil {
		return nil, err
	}
	t, aliases := s.Trust, supervisor.Aliases(s.Aliases)
	if kept.Plain {
		t, aliases = trust.Trust{Mode: trust.System}, nil
	}
	w, err := m.issuerClient(kept.CA, t, aliases)
	return &oidc.Client{Session: kept, Wire: w, Now: m.Sessions.Env.Now}, err
}

// loginError words what went wrong at the issuer; plain is one without a Supervisor.
func loginError(err error, plain bool) error {
	var distrusted *oidc.TokenError
	var denied *oidc.Error
	switch {
	case errors.Is(err, oidc.ErrAudience) && plain:
		return failure.Hint(err, "Name the client that the issuer's tokens are for with --oidc-client-id.")
	case errors.Is(err, oidc.ErrNoToken) && plain:
		return failure.Hint(err, "An ID token comes with the scope openid, which was asked for. Name the issuer's own scope for it, if there is one, with --oidc-scopes.")
	case errors.As(err, &distrusted) && plain:
		return failure.Hint(err, "Ask the administrator of the issuer: its tokens must be by its own keys, and of now.")
	case errors.As(err, &distrusted):
		return failure.Hint(err, "Ask your vSphere administrator: the issuer's tokens must be for this client, by its own keys, and of now.")
	case errors.As(err, &denied) && errors.Is(err, wire.ErrRefused):
		return fmt.Errorf("the identity provider did not log you in: %w", err)
	}
	return err
}

// Repeat takes over what the last login was for. What is set already stays.
func (o *Options) Repeat(last oidc.Session) {
	if o.Provider == "" {
		o.Provider = last.IdentityProvider
	}
	if o.Browser.IsZero() {
		if o.Flow == Auto && last.Flow != "" {
			o.Flow = Flow(last.Flow)
		}
		o.Browser = last.Browser
	}
	if !last.Plain {
		return
	}
	i := &o.Issuer
	i.Scopes, i.Params, i.TokenFile, i.TokenVariable = last.Scopes, last.Params, last.TokenFile, last.TokenVariable
	i.SecretFile, i.SecretVariable = last.SecretFile, last.SecretVariable
	i.URL, i.Client, i.LastCA = last.Provider.Issuer, last.Client, last.CA
}
