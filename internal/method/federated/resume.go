package federated

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Resume logs in again: by the password from where the session has one, or with a person at the browser. However many processes ask, one
// login takes place; the others wait for it, without the account's lock, so that a login by hand can come first.
func (m *Method) Resume(ctx context.Context, r session.Renewal) error {
	kept, err := oidc.ParseSession(r.Session.Renewal)
	if err != nil || Flow(kept.Flow) != Password && !m.Sessions.Env.MayAsk() {
		return errors.Join(session.ErrNobody, err)
	}
	unlock, err := m.lockLogin(ctx, r.Session)
	if err != nil {
		return err
	}
	defer unlock()
	now, found, err := m.Sessions.Store.FindSession(r.Key)
	if err != nil || !found || now.Method != Name {
		return errors.Join(session.ErrNobody, err)
	}
	r.Session = now
	issuer, err := m.issuer(now)
	if err != nil || issuer.Refresh.Secret != "" || issuer.Fresh(m.Sessions.Env.Now()) {
		return err // Somebody logged in meanwhile.
	}
	claims, err := m.reauthenticate(ctx, r, issuer)
	if err != nil {
		return err
	}
	defer m.revokeUnlessKept(ctx, issuer)
	return m.keepResumed(ctx, now, issuer, claims)
}

// lockLogin is held by the one process that has a person log in. A person takes longer than a program.
func (m *Method) lockLogin(ctx context.Context, s tokens.Session) (unlock func(), err error) {
	env := m.Sessions.Env
	for began := env.Now(); ; {
		unlock, err = m.Sessions.Store.LockLogin(ctx, s.Account, func() {
			env.Tellf("Waiting for another process that logs %s in to %s …", s.User, s.Server)
		}, env.Warn)
		if !errors.Is(err, filelock.ErrBusy) || env.Now().After(began.Add(personTime)) {
			return unlock, err
		}
	}
}

// reauthenticate goes by the flow of the last login. A browser is opened for a person only, and not again for a while when nothing came
// of it.
func (m *Method) reauthenticate(ctx context.Context, r session.Renewal, issuer *oidc.Client) (claims oidc.Claims, err error) {
	env, s := m.Sessions.Env, r.Session
	if Flow(issuer.Flow) == Password {
		return m.passwordAgain(ctx, r, issuer)
	}
	if !env.MayAsk() {
		return claims, session.ErrNobody
	}
	err = m.Sessions.Guard(s.Account, s.User).Ask(func() error {
		if !env.Drawn() {
			env.Tellf("The session of %s at %s has ended.", s.User, s.Server)
		}
		if Flow(issuer.Flow) == Device {
			claims, err = device(ctx, env, issuer)
		} else {
			claims, err = browse(ctx, env, issuer, issuer.Browser)
		}
		return err
	})
	return claims, err
}

// passwordAgain sends the password of a session that goes by one.
func (m *Method) passwordAgain(ctx context.Context, r session.Renewal, issuer *oidc.Client) (claims oidc.Claims, err error) {
	s := r.Session
	sources := m.Sessions.RenewalSources(s, r.Question())
	if len(sources) == 0 {
		return claims, session.ErrNobody
	}
	err = m.Sessions.Guard(s.Account, s.User).Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) (err error) {
		claims, err = issuer.Password(ctx, s.User, password)
		return err
	})
	return claims, failure.Password{User: s.User, Provider: true}.Explain(err)
}

// keepResumed keeps what the login gave.
func (m *Method) keepResumed(ctx context.Context, s tokens.Session, issuer *oidc.Client, claims oidc.Claims) error {
	if tokens.Fold(claims.Username) != tokens.Fold(s.User) {
		return failure.Hint(fmt.Errorf("you logged in as %s, and this context is of %s", claims.Username, s.User), "Type: %s", m.Command(s))
	}
	store := m.Sessions.Store
	unlock, err := m.Sessions.LockAccount(ctx, s)
	switch {
	case errors.Is(err, filelock.ErrBusy): // What the person did is not lost for that.
		m.Sessions.Env.Warn(err)
	case err != nil:
		return err
	default:
		defer unlock()
	}
	if now, found, err := store.FindSession(tokens.Key{Server: s.Server, User: s.User}); err == nil && found && now.ID == s.ID {
		if s = now; s.Method != Name { // A login by hand was by vCenter's password.
			return nil
		}
	}
	if s.Renewal, err = issuer.JSON(); err != nil {
		return err
	}
	now := m.Sessions.Env.Now()
	s.Updated, s.Ends = now, issuer.Ends(now)
	if _, err := store.UpdateSession(s); err != nil {
		return failure.NotKept(store.Dir(), err)
	}
	return store.EndQuiet(s.Account)
}
