package registryaccess

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// UnprovenError is a registry that gets or takes no token of the session, for the record's Reason.
type UnprovenError struct{ registry.Record }

// Error words the reason.
func (e *UnprovenError) Error() string { return credhelper.Explain(e.Record) }

// Client asks a registry. It is verified by the CA that was given for it, else as the servers of the session are. A session that
// trusts whoever answers says nothing about a registry: then the system's roots decide.
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

// provenClient is a client of a registry that belongs to the site of a session, by what only such a one can show: it asks a control plane host of the
// session about people, and its certificate is of a CA that the session trusts for its own servers. Roots that the system knows vouch for
// everybody's servers, so they prove nothing here; the client is for connections that are verified without them.
func (a *Access) provenClient(ctx context.Context, r registry.Record, info harbor.Info, s tokens.Session) (*harbor.Client, error) {
	unproven := func(why registry.Reason) error {
		r.Username, r.Reason = "", why
		return &UnprovenError{r}
	}
	switch {
	case !AsksSupervisor(info, s):
		r.Endpoint = info.Endpoint
		return nil, unproven(registry.ReasonEndpoint)
	case s.Trust.Mode == trust.Insecure:
		return nil, unproven(registry.ReasonUnverified)
	case r.CA != "" && r.CA != s.Trust.CA:
		return nil, unproven(registry.ReasonOtherCA)
	}
	own, ok := s.Trust.Private()
	if !ok {
		return nil, unproven(registry.ReasonPublicCA)
	}
	w, err := site.Client(a.Env, own, nil)
	if err != nil {
		return nil, err
	}
	client := &harbor.Client{Wire: w, Host: r.Host}
	var untrusted *trust.UntrustedError
	if _, err = client.Info(ctx); errors.As(err, &untrusted) {
		return nil, unproven(registry.ReasonPublicCA)
	}
	return client, err
}

// AsksSupervisor reports whether a registry says that it asks the session's Supervisor about people.
func AsksSupervisor(info harbor.Info, s tokens.Session) bool {
	return info.Endpoint != "" && slices.Contains(append([]string{s.Server}, s.Hosts...), info.Endpoint)
}

// Examine finds out what a registry takes from a session, and fills it into the record. The error is one of the network, or an *UnprovenError
// where nothing proves that the registry may have the token; that it takes none is a Reason.
func (a *Access) Examine(ctx context.Context, r registry.Record, s tokens.Session) (registry.Record, error) {
	client, err := a.Client(r, s.Trust)
	if err != nil {
		return r, err
	}
	if r.User != "" && !r.For(s.Server, s.User) { // What was said of another login's token does not go for this one.
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
		return r, err
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
	if !r.SendToken {
		if client, err = a.provenClient(ctx, r, info, s); err != nil {
			return r, err
		}
	}
	return a.probe(ctx, client, r, s)
}

// probe sends the session's token to the registry, to see under which user name it is taken.
func (a *Access) probe(ctx context.Context, client *harbor.Client, r registry.Record, s tokens.Session) (registry.Record, error) {
	credential, err := a.Sessions.Token(ctx, r.Key(), false)
	if err != nil {
		return r, err
	}
	if credential.Token == "" {
		r.Reason = registry.ReasonNoToken
		return r, nil
	}
	for _, name := range tokenUsers(credential.Token, s.User) {
		err := client.Probe(ctx, name, credential.Token)
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

// tokenUsers are the user names that a registry may take with a token: it compares with what the token review tells, to the letter. What
// that is was never seen: the subject of the token, or the name that Kubernetes sees. The second has a colon, so a registry must read
// Basic authentication in its own way to take it.
func tokenUsers(token redact.Secret, user string) []string {
	name := user
	if claims, err := sso.ParseClaims(token); err == nil && claims.Subject != "" {
		name = claims.Subject
	}
	return []string{registry.TokenPrefix + name, registry.TokenPrefix + "sso:" + strings.TrimPrefix(name, "sso:")}
}
