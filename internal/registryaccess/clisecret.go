package registryaccess

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// exchanger is what makes tokens of a session for a registry that knows people by the session's identity provider, where it is known
// which client of it the registry is. It is nil for other registries and other sessions.
func (a *Access) exchanger(r registry.Record, s tokens.Session) session.Exchanger {
	if r.AuthMode != registry.OIDCAuth || r.Audience == "" {
		return nil
	}
	m, err := a.Sessions.Method(s)
	if err != nil {
		return nil
	}
	x, _ := m.(session.Exchanger)
	return x
}

// cliSecret has a Harbor of an identity provider tell the CLI secret of the session's person, which is the password of registry clients, and
// keeps it for them. What the person stored instead stays.
func (a *Access) cliSecret(ctx context.Context, x session.Exchanger, r registry.Record, s tokens.Session) error {
	old, found, err := a.Records.Login(r.Host)
	if err != nil || found && !old.Fetched {
		return err
	}
	client, err := a.Client(r, s.Trust)
	if err != nil {
		return err
	}
	token, err := x.TokenFor(ctx, s, r.Audience)
	if err != nil {
		return err
	}
	who, err := client.CurrentUser(ctx, token)
	if err == nil {
		err = client.Probe(ctx, who.Username, who.Password)
	}
	if errors.Is(err, wire.ErrRefused) {
		return failure.Hint(fmt.Errorf("%s does not know you, or not any more: %w", r.Host, err),
			"Log in to its page once, https://%s, and check that --oidc-audience is the client ID that it has at the identity provider.", r.Host)
	}
	if err != nil {
		return err
	}
	return a.Records.SaveLogin(registry.Login{Host: r.Host, Username: who.Username, Secret: redact.Stored{Secret: who.Password}, Fetched: true})
}
