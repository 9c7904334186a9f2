package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// takesIdentity tells whether a registry knows people by an identity provider that a session is of, and which client of it the registry is.
func takesIdentity(r registry.Record, s tokens.Session) bool {
	return r.AuthMode == registry.OIDCAuth && r.Audience != "" && s.Method == methodOIDC
}

// cliSecret has a Harbor of an identity provider tell the CLI secret of the session's person, which is the password of registry clients, and
// keeps it for them. What the person stored instead stays.
func (a *App) cliSecret(ctx context.Context, r registry.Record, s tokens.Session) error {
	store, err := a.openStore()
	if err != nil {
		return err
	}
	registries := registry.Store{Dir: store.Dir()}
	old, found, err := registries.Login(r.Host)
	if err != nil || found && !old.Fetched {
		return err
	}
	client, err := a.registryClient(r, s.Trust)
	if err != nil {
		return err
	}
	token, err := a.tokenFor(ctx, store, s, r.Audience)
	if err != nil {
		return err
	}
	who, err := client.CurrentUser(ctx, token)
	if err == nil {
		err = client.Probe(ctx, who.Username, who.Password)
	}
	if errors.Is(err, wire.ErrRefused) {
		return hint(fmt.Errorf("%s does not know you, or not any more: %w", r.Host, err),
			"Log in to its page once, https://%s, and check that --oidc-audience is the client ID that it has at the identity provider.", r.Host)
	}
	if err != nil {
		return err
	}
	return registries.SaveLogin(registry.Login{Host: r.Host, Username: who.Username, Secret: redact.Stored{Secret: who.Password}, Fetched: true})
}

// tokenFor gets a token of a session of an identity provider for another client of it.
func (a *App) tokenFor(ctx context.Context, store *tokens.Store, s tokens.Session, audience string) (redact.Secret, error) {
	r := &renewal{App: a, store: store}
	f, err := r.resume(&s)
	if err != nil {
		return "", err
	}
	token, err := f.TokenFor(ctx, tokens.Key{Server: s.Server, User: s.User}, audience)
	var ended *login.EndedError
	if errors.As(err, &ended) {
		return "", r.endedOIDC(s, ended)
	}
	return token, err
}

// forgetFetched removes the CLI secrets that the ending sessions brought.
func (a *App) forgetFetched(store *tokens.Store, e ending) error {
	registries := registry.Store{Dir: store.Dir()}
	logins, errs := registries.Logins()
	for _, l := range logins {
		r, _, err := registries.Record(l.Host)
		ends := err != nil || e.scope.everything() || slices.ContainsFunc(e.sessions, func(s tokens.Session) bool { return r.For(s.Server, s.User) })
		if l.Fetched && ends {
			_, err := registries.RemoveLogin(l.Host)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
