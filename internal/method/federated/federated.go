// Package federated is the login with an identity provider, as a session.Method. The issuer is the Supervisor's own (Pinniped), or one
// that an API server trusts directly ("plain").
package federated

import (
	"context"
	"errors"
	"fmt"
	"sync"

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

// Name is the method's name in sessions and in --auth-method.
const Name = "oidc"

// Method is the login with an identity provider.
type Method struct {
	Sessions *session.Sessions
	// Options are used by Login only.
	Options Options

	resumed sync.Map // *oidc.Client by session ID: a login of this process has exchanged a token already
}

var (
	_ session.Method    = (*Method)(nil)
	_ session.Exchanger = (*Method)(nil)
)

// Options are how a person or a CI job authenticates.
type Options struct {
	Identity    supervisor.Identity // the issuer that the Supervisor names
	Provider    string              // name of the identity provider; empty: the only one, the last one, or login asks
	Flow        Flow
	Browser     oidc.BrowserWay // options of the browser flow
	TrustIssuer string          // URL of an issuer on another server that the Supervisor may name
	Issuer      Issuer
}

// Issuer is an issuer that the API server at --server trusts directly, without a Supervisor. A CI job may have an ID token instead.
type Issuer struct {
	URL, Client                string
	CAFile                     string   // empty: LastCA, else the system's roots
	LastCA                     string   // CA (PEM) of the last login
	Hosts                      []string // that may have the issuer's login page, or its token endpoint (HOST or HOST:PORT, canonical)
	Scopes                     []string
	Params                     map[string]string
	TokenFile, TokenVariable   string // file or environment variable with the ID token of a CI job
	SecretFile, SecretVariable string // file or environment variable with the client's secret
}

// Plain reports whether there is no Supervisor.
func (i Issuer) Plain() bool { return i.URL != "" || i.TokenFile != "" || i.TokenVariable != "" }

// Flow is how a person authenticates at the identity provider.
type Flow string

// The values of --oidc-flow.
const (
	Auto     Flow = "auto"
	Browser  Flow = "browser"
	Device   Flow = "device"
	Password Flow = "password"
)

// Flows returns all values of --oidc-flow.
func Flows() []string {
	return []string{string(Auto), string(Browser), string(Device), string(Password)}
}

// Name returns "oidc".
func (m *Method) Name() string { return Name }

// LocksAccount returns true: only refresh and exchange take the account's lock, so a slow API server does not block renewals for others.
func (m *Method) LocksAccount() bool { return true }

// Command returns a login command without a user: the identity provider says who the user is.
func (m *Method) Command(s tokens.Session) string {
	return failure.ProviderCommand(s.Server)
}

// Facts reads the issuer's part of the session.
func (m *Method) Facts(s tokens.Session) (session.Facts, error) {
	kept, err := Parse(s)
	if err != nil {
		return session.Facts{}, err
	}
	facts := session.Facts{Renews: kept.Renews() && s.Trust.Mode != trust.Insecure, Claims: append([]byte{}, kept.Claims...), IssuerCA: kept.CA}
	if !kept.Plain {
		facts.Issuer = kept.Provider.Issuer
	}
	return facts, nil
}

// TokenFor implements session.Exchanger.
func (m *Method) TokenFor(ctx context.Context, s tokens.Session, audience string) (redact.Secret, error) {
	ctx, err := m.Sessions.Attended(ctx, s)
	if err != nil {
		return "", err
	}
	live, err := m.open(s)
	if err != nil {
		return "", err
	}
	token, err := live.minter.TokenFor(ctx, tokens.Key{Server: s.Server, User: s.User}, audience)
	return token, live.ended(session.Renewal{Session: s}, err)
}

// Parse returns the issuer's part of a session of this method.
func Parse(s tokens.Session) (oidc.Session, error) {
	if s.Method != Name {
		return oidc.Session{}, fmt.Errorf("the session of %s at %s is not by an identity provider", s.User, s.Server)
	}
	return oidc.ParseSession(s.Renewal)
}

// issuerClient returns a client that verifies an issuer with the CA that the Supervisor names for it, else as the Supervisor itself.
func (m *Method) issuerClient(ca string, t trust.Trust, aliases supervisor.Aliases) (*wire.Client, error) {
	if ca != "" {
		t = trust.Trust{Mode: trust.Bundle, CA: ca}
	}
	return site.Client(m.Sessions.Env, t, aliases.Reach)
}

// issuer returns the client of a session's issuer. A plain issuer is verified with its own CA or the system's roots: the session's trust
// is only for the API server.
func (m *Method) issuer(s tokens.Session) (*oidc.Client, error) {
	kept, err := Parse(s)
	if err != nil {
		return nil, err
	}
	m.Sessions.Env.HideVariables(kept.TokenVariable, kept.SecretVariable)
	if err := checkStored(kept); err != nil {
		return nil, failure.Hint(err, "Log in again: %s", m.Command(s))
	}
	t, aliases := s.Trust, supervisor.Aliases(s.Aliases)
	if kept.Plain {
		t, aliases = trust.Trust{Mode: trust.System}, nil
	}
	w, err := m.issuerClient(kept.CA, t, aliases)
	return &oidc.Client{Session: kept, Wire: w, Now: m.Sessions.Env.Now, Unverified: !kept.Plain && s.Trust.Mode == trust.Insecure}, err
}

// loginError adds a next step to an error of the issuer. plain means an issuer without a Supervisor.
func loginError(err error, plain bool) error {
	var distrusted *oidc.TokenError
	var denied *oidc.Error
	switch {
	case errors.Is(err, oidc.ErrAudience) && plain:
		return failure.Hint(err, "With --oidc-client-id, name the client that the issuer's tokens are for.")
	case errors.Is(err, oidc.ErrNoToken) && plain:
		return failure.Hint(err, "Login requested the scope openid, which gives an ID token. If this issuer has another scope for it, name that with --oidc-scopes.")
	case errors.As(err, &distrusted) && plain:
		return failure.Hint(err, "Ask the administrator of the issuer: its own keys must sign its tokens, and they must be valid now.")
	case errors.As(err, &distrusted):
		return failure.Hint(err, "Ask your vSphere administrator: the issuer's tokens must be for this client, signed by its own keys, and valid now.")
	case errors.Is(err, trust.ErrNoCertificate):
		return failure.Hint(err, "The certificates of this session do not pass the Supervisor's front, so it needs the port of the API server itself (6443). Ask your\n"+
			"network administrator to open it, or use vCenter Single Sign-On: --auth-method sso -u USER.")
	case errors.As(err, &denied) && errors.Is(err, wire.ErrRefused):
		return fmt.Errorf("the identity provider did not log you in: %w", err)
	}
	return err
}

// Repeat fills in the options of the last login that are not set.
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
	i.Hosts = append(i.Hosts, last.Hosts...)
}
