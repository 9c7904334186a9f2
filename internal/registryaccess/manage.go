package registryaccess

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Work is what is done at a registry with somebody's password.
type Work func(ctx context.Context, c *harbor.Client, by harbor.Login) error

// Manage proves to a registry who manages it: with what "docker login" stored, else with the password of the session.
func (a *Access) Manage(ctx context.Context, r registry.Record, work Work) error {
	s, found, err := a.Sessions.Store.FindSession(r.Key())
	if err == nil && !found {
		err = failure.Hint(fmt.Errorf("the login that %s was added for is gone", r.Host), "Type: %s", failure.LoginCommand(r.Server, r.User))
	}
	if err != nil {
		return err
	}
	client, err := a.Client(r, s.Trust)
	if err != nil {
		return err
	}
	if r.AuthMode != registry.HTTPAuth {
		return a.asStored(ctx, r, client, work)
	}
	return a.asSession(ctx, managed{r, s, client}, work)
}

// asStored is for registries with users of their own.
func (a *Access) asStored(ctx context.Context, r registry.Record, client *harbor.Client, work Work) error {
	l, found, err := a.Records.Login(r.Host)
	switch {
	case err != nil:
		return err
	case !found:
		return failure.Hint(fmt.Errorf("%s has accounts of its own, and none is stored here", r.Host), "Type: docker login %s", r.Host)
	case l.Service != "":
		return fmt.Errorf("the password for %s is kept by docker-credential-%s, which only registry clients ask", r.Host, l.Service)
	}
	return work(ctx, client, harbor.Login{Username: l.Username, Password: l.Secret.Secret})
}

// managed is a registry that somebody manages.
type managed struct {
	record  registry.Record
	session tokens.Session // that it was added for
	client  *harbor.Client
}

// asSession sends the password of the session, to a registry that is proven to be of its site now. What a user once said of its token
// does not go for the password.
func (a *Access) asSession(ctx context.Context, m managed, work Work) error {
	r, s, client := m.record, m.session, m.client
	info, err := client.Info(ctx)
	if err != nil {
		return err
	}
	if client, err = a.provenClient(ctx, r, info, s); err != nil {
		return failure.Hint(fmt.Errorf("your password is not sent to %s: %w", r.Host, err), "Make the robot account in the registry's own pages.")
	}
	method, err := a.Sessions.Method(s)
	if err != nil {
		return err
	}
	sender, ok := method.(session.PasswordSender)
	if !ok {
		return fmt.Errorf("%s asks for a password of vCenter Single Sign-On, and you logged in by an identity provider", r.Host)
	}
	err = sender.SendPassword(ctx, s, fmt.Sprintf("Password of %s for %s: ", s.User, r.Host),
		func(ctx context.Context, password redact.Secret, _ secret.Source) error {
			return work(ctx, client, harbor.Login{Username: s.User, Password: password})
		})
	if errors.Is(err, wire.ErrForbidden) {
		return failure.Hint(fmt.Errorf("%s lets only those who manage the project do that: %w", r.Host, err), "Ask an editor or owner of the vSphere Namespace.")
	}
	return failure.Password{
		User: s.User, Step: "Log in again, which says whether the password is good: " + a.Sessions.Command(s),
	}.Explain(err)
}
