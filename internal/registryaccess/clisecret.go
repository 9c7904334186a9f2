package registryaccess

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// exchanger returns what makes tokens of a session for a registry that uses the same identity provider. It returns nil for other
// registries and sessions, and if the registry's client ID (Audience) is not known.
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

// cliSecret asks a Harbor with an identity provider for the user's CLI secret, which is the password for registry clients, and saves it
// for them. A login that the user stored stays.
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
	who, err := client.CurrentUser(ctx, disclose.NamedRegistry(r.Host).Hold(disclose.RegistryToken, token)) // r.SendToken
	if err == nil {
		err = client.Probe(ctx, who.Username, who.Password)
	}
	if errors.Is(err, wire.ErrRefused) {
		return failure.Hint(fmt.Errorf("%s does not know you, or no longer does: %w", r.Host, err),
			"Log in to its page https://%s once. Check that --oidc-audience is its client ID at the identity provider.", r.Host)
	}
	if err != nil {
		return err
	}
	return a.Records.SaveLogin(registry.Login{Host: r.Host, Username: who.Username, Secret: redact.Stored{Secret: who.Password.Redacted()}, Fetched: true})
}
