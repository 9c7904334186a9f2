package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// manage is what is done at a registry with somebody's password.
type manage func(ctx context.Context, c *harbor.Client, by harbor.Login) error

// asManager proves to a registry who manages it: with what "docker login" stored, else with the password of the session.
func (a *App) asManager(ctx context.Context, r registry.Record, work manage) error {
	store, err := a.openStore()
	if err != nil {
		return err
	}
	s, found, err := store.FindSession(r.Key())
	if err == nil && !found {
		err = hint(fmt.Errorf("the login that %s was added for is gone", r.Host), "Type: %s", loginCommandFor(r.Server, r.User))
	}
	if err != nil {
		return err
	}
	client, err := a.registryClient(r, s.Trust)
	if err != nil {
		return err
	}
	if r.AuthMode != registry.HTTPAuth {
		return a.asStored(ctx, store, r, client, work)
	}
	return a.asSession(ctx, store, r, s, client, work)
}

// asStored is for registries with users of their own.
func (a *App) asStored(ctx context.Context, store *tokens.Store, r registry.Record, client *harbor.Client, work manage) error {
	l, found, err := registry.Store{Dir: store.Dir()}.Login(r.Host)
	switch {
	case err != nil:
		return err
	case !found:
		return hint(fmt.Errorf("%s has accounts of its own, and none is stored here", r.Host), "Type: docker login %s", r.Host)
	case l.Service != "":
		return fmt.Errorf("the password for %s is kept by docker-credential-%s, which only registry clients ask", r.Host, l.Service)
	}
	return work(ctx, client, harbor.Login{Username: l.Username, Password: l.Secret.Secret})
}

// asSession sends the password of the session, to a registry that is proven to be of its site now. What a user once said of its token
// does not go for the password.
func (a *App) asSession(ctx context.Context, store *tokens.Store, r registry.Record, s tokens.Session, client *harbor.Client, work manage) error {
	info, err := client.Info(ctx)
	if err != nil {
		return err
	}
	if client, err = a.tied(ctx, r, info, s); err != nil {
		return hint(fmt.Errorf("your password is not sent to %s: %w", r.Host, err), "Make the robot account in the registry's own pages.")
	}
	if s.Method != methodSSO {
		return fmt.Errorf("%s asks for a password of vCenter Single Sign-On, and you logged in by an identity provider", r.Host)
	}
	sources := a.renewalSources(store, s, fmt.Sprintf("Password of %s for %s: ", s.User, r.Host))
	guard := a.guard(store, s.Account, s.User)
	guard.Explicit = true // A person types this command.
	err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) error {
		return work(ctx, client, harbor.Login{Username: s.User, Password: password})
	})
	if errors.Is(err, wire.ErrForbidden) {
		return hint(fmt.Errorf("%s lets only those who manage the project do that: %w", r.Host, err), "Ask an editor or owner of the vSphere Namespace.")
	}
	var none *secret.NoPasswordError
	if errors.As(err, &none) && none.Known {
		return hint(err, "Log in again, which says whether the password is good: %s", loginCommandOf(s))
	}
	return a.proveError(err, s.User)
}
