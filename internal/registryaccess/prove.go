package registryaccess

import (
	"context"
	"errors"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Uses reports whether a registry was added for a session, whose user the record may spell in another way.
func Uses(r registry.Record, s tokens.Session) bool { return r.Server == s.Server && s.Called(r.User) }

// Owner returns the session that a registry was added for.
func Owner(all []tokens.Session, r registry.Record) (owner tokens.Session, found bool) {
	covering := tokens.Covering(all, r.Key())
	if len(covering) == 0 || !Uses(r, covering[0]) {
		return owner, false
	}
	return covering[0], true
}

// UnprovenError is the error for a registry that gets no token of the session, or does not accept it. Reason says why.
type UnprovenError struct{ registry.Record }

// Error returns the reason in words.
func (e *UnprovenError) Error() string { return credhelper.Explain(e.Record) }

// Client returns a client of a registry. The CA that was given for the registry verifies it, else the trust of the session does. If the
// session does not verify servers, the system's roots do.
func (a *Access) Client(r registry.Record, t trust.Trust) (*harbor.Client, error) {
	switch {
	case r.CA != "":
		t = trust.Trust{Mode: trust.Bundle, CA: r.CA}
	case t.Mode == trust.Insecure:
		t = trust.Trust{Mode: trust.System}
	}
	w, err := site.Client(a.Env, t, nil)
	return &harbor.Client{Wire: w, Host: r.Host}, err
}

// recipient is a registry that may have a secret, the ground for that, and the client that verifies it.
type recipient struct {
	client *harbor.Client
	ground disclose.Ground
}

// proven returns a client of a registry that proves that it belongs to the session's site: it authenticates users at a control
// plane host of the session, and the CA that the session trusts for its Supervisor signed its certificate. A public CA proves nothing
// here, since anybody can get a certificate from it. So the client does not trust the system's roots. The error may be an *UnprovenError.
func (a *Access) proven(ctx context.Context, r registry.Record, info harbor.Info, s tokens.Session) (recipient, error) {
	unproven := func(why registry.Reason) (recipient, error) {
		r.Username, r.Reason = "", why
		return recipient{}, &UnprovenError{r}
	}
	front := s.Trust.For(trust.ServerOf(s.Server))
	switch {
	case !AsksSupervisor(info, s):
		r.Endpoint = info.Endpoint
		return unproven(registry.ReasonEndpoint)
	case s.Trust.Mode == trust.Insecure:
		return unproven(registry.ReasonUnverified)
	case r.CA != "" && !trust.SameCAs(r.CA, front.CA):
		return unproven(registry.ReasonOtherCA)
	}
	own, ok := s.Trust.PrivateAt(trust.ServerOf(s.Server))
	if !ok {
		return unproven(registry.ReasonPublicCA)
	}
	w, err := site.Client(a.Env, own, nil)
	if err != nil {
		return recipient{}, err
	}
	client := &harbor.Client{Wire: w, Host: r.Host}
	var untrusted *trust.UntrustedError
	info, err = client.Info(ctx) // Somebody else may have given the first answer: what verified that server may be a public CA.
	switch {
	case errors.As(err, &untrusted):
		return unproven(registry.ReasonPublicCA)
	case err != nil:
		return recipient{}, err
	case info.AuthMode != registry.HTTPAuth:
		r.AuthMode = info.AuthMode
		return unproven(registry.ReasonAuthMode)
	case !AsksSupervisor(info, s):
		r.Endpoint = info.Endpoint
		return unproven(registry.ReasonEndpoint)
	}
	return recipient{client, session.GroundOf(s).ProvenRegistry(r.Host, info.Endpoint)}, nil
}

// AsksSupervisor reports whether a registry says that it authenticates users at a control plane host of the session.
func AsksSupervisor(info harbor.Info, s tokens.Session) bool {
	return info.Endpoint != "" && session.GroundOf(s).CoversServer(info.Endpoint)
}

// Examine finds out how a registry accepts a session, and fills that into the record. If nothing proves that the registry may have the
// token, the error is an *UnprovenError. If only a person can say whether the CA of the Supervisor counts for it, the error is an
// *UnaskedCAError. Other errors are those of the network. If the registry accepts no token, the record's Reason says why, and there is no
// error.
func (a *Access) Examine(ctx context.Context, r registry.Record, s tokens.Session) (registry.Record, error) {
	client, err := a.Client(r, s.Trust)
	if err != nil {
		return r, err
	}
	if r.User != "" && !Uses(r, s) { // --send-token-to was for another login's token.
		r.SendToken, r.Audience = false, ""
	}
	r.Server, r.User, r.Username, r.Reason, r.Endpoint, r.LoggedOut, r.Checked = s.Server, s.User, "", "", "", false, a.Env.Now()
	info, err := client.Info(ctx)
	if errors.Is(err, harbor.ErrNotHarbor) {
		r.AuthMode, r.Harbor = "", ""
		r.Reason = registry.ReasonNotHarbor
		return r, nil
	}
	if err != nil {
		return r, explainUnasked(err, r.Host, s)
	}
	r.AuthMode, r.Harbor = info.AuthMode, info.Version
	if x := a.exchanger(r, s); x != nil && r.SendToken {
		r.Reason = registry.ReasonCLISecret
		return r, a.cliSecret(ctx, x, r, s)
	}
	if r.AuthMode != registry.HTTPAuth {
		r.Reason = registry.ReasonAuthMode
		return r, nil
	}
	to := recipient{client, disclose.NamedRegistry(r.Host)}
	if !r.SendToken {
		if to, err = a.proven(ctx, r, info, s); err != nil {
			return r, err
		}
	}
	return a.probe(ctx, to, r, s)
}

// probe sends the session's token to the registry, to find the user name that it accepts.
func (a *Access) probe(ctx context.Context, to recipient, r registry.Record, s tokens.Session) (registry.Record, error) {
	credential, err := a.Sessions.Token(ctx, r.Key(), false)
	if err != nil {
		return r, err
	}
	if credential.Token == "" {
		r.Reason = registry.ReasonNoToken
		return r, nil
	}
	for _, name := range tokenUsers(credential.Token, s.User) {
		err := to.client.Probe(ctx, name, to.ground.Hold(disclose.SupervisorToken, credential.Token))
		if err == nil {
			r.Username = name
			return r, nil
		}
		if !errors.Is(err, wire.ErrRefused) {
			return r, err
		}
	}
	r.Reason = registry.ReasonRefused
	return r, nil
}

// tokenUsers returns the user names that a registry may accept with a token. The name must be exactly what the registry's token review
// returns. No real registry was seen, so both candidates are tried: the subject of the token, and the name that Kubernetes uses. The
// second has a colon, which only a registry with its own parser for Basic authentication accepts.
func tokenUsers(token redact.Secret, user string) []string {
	name := user
	if claims, err := sso.ParseClaims(token); err == nil && claims.Subject != "" {
		name = claims.Subject
	}
	return []string{registry.TokenPrefix + name, registry.TokenPrefix + "sso:" + strings.TrimPrefix(name, "sso:")}
}
