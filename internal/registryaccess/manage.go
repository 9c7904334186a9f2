package registryaccess

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Work does something at a registry with a user's password.
type Work func(ctx context.Context, c *harbor.Client, by harbor.Login) error

// Manage calls work with a login that can manage a registry. If the registry has users of its own, that is the login that "docker login"
// stored. Otherwise it is the password of the session.
func (a *Access) Manage(ctx context.Context, r registry.Record, work Work) error {
	s, found, err := a.Sessions.Store.FindSession(r.Key())
	if err == nil && !found {
		err = failure.Hint(fmt.Errorf("the login that %s was added for is gone", r.Host), "Type: %s", a.Sessions.Command(a.Sessions.Of(r.Key())))
	}
	if err != nil {
		return err
	}
	client, err := a.Client(r, s.Trust)
	if err != nil {
		return err
	}
	if r.AuthMode != registry.HTTPAuth {
		return a.withStoredLogin(ctx, r, client, work)
	}
	return a.withSessionPassword(ctx, managed{r, s, client}, work)
}

// withStoredLogin calls work with the login that a registry client stored.
func (a *Access) withStoredLogin(ctx context.Context, r registry.Record, client *harbor.Client, work Work) error {
	l, found, err := a.Records.Login(r.Host)
	switch {
	case err != nil:
		return err
	case !found:
		return failure.Hint(fmt.Errorf("%s has accounts of its own, and none is stored here", r.Host), "Type: docker login %s", r.Host)
	case l.Service != "":
		return fmt.Errorf("the password for %s is kept by docker-credential-%s, which only registry clients ask", r.Host, l.Service)
	}
	own := disclose.OwnRegistry(r.Host).Hold(disclose.RegistryLogin, l.Secret.Secret)
	return work(ctx, client, harbor.Login{Username: l.Username, Password: own})
}

// managed is a registry that somebody manages.
type managed struct {
	record  registry.Record
	session tokens.Session // that it was added for
	client  *harbor.Client
}

// withSessionPassword calls work with the password of the session. The registry must prove now that it belongs to the session's site:
// --send-token-to allows a token, never a password.
func (a *Access) withSessionPassword(ctx context.Context, m managed, work Work) error {
	r, s := m.record, m.session
	info, err := m.client.Info(ctx)
	if err != nil {
		return explainUnasked(err, r.Host, s)
	}
	to, err := a.proven(ctx, r, info, s)
	if err != nil {
		return failure.Hint(fmt.Errorf("your password is not sent to %s: %w", r.Host, err), "Create the robot account in the registry's web pages.")
	}
	method, err := a.Sessions.Method(s)
	if err != nil {
		return err
	}
	sender, ok := method.(session.PasswordSender)
	if !ok {
		return fmt.Errorf("%s asks for a password of vCenter Single Sign-On, and you logged in with an identity provider", r.Host)
	}
	err = sender.SendPassword(ctx, s, fmt.Sprintf("Password of %s for %s: ", s.User, r.Host),
		func(ctx context.Context, password redact.Secret, _ secret.Source) error {
			err := work(ctx, to.client, harbor.Login{Username: s.User, Password: to.ground.Hold(disclose.Password, password)})
			if err != nil && to.client.Knew() {
				return &secret.ProvedError{Err: err}
			}
			return err
		})
	if errors.Is(err, wire.ErrForbidden) {
		return failure.Hint(fmt.Errorf("at %s, only people who manage the project may do that: %w", r.Host, err), "Ask an editor or owner of the vSphere Namespace.")
	}
	return failure.Password{
		User: s.User, Step: "To check the password, log in again: " + a.Sessions.Command(s),
	}.Explain(err)
}
