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

// Resume logs in again, with a password from the session's sources or with a person at the browser. If several processes need it, one logs
// in and the others wait. None holds the account's lock meanwhile, so that "kubectl vsphere login" need not wait.
func (m *Method) Resume(ctx context.Context, r session.Renewal) error {
	kept, err := Parse(r.Session)
	if err != nil || Flow(kept.Flow) != Password && !m.Sessions.Env.MayAsk() {
		return errors.Join(session.ErrNobody, err)
	}
	if ctx, err = m.Sessions.Attended(ctx, r.Session); err != nil {
		return session.ErrNobody
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
	defer m.revokeUnlessStored(ctx, issuer) // Also if somebody else logged in.
	claims, err := m.reauthenticate(ctx, r, issuer)
	if err != nil {
		return err
	}
	m.resumed.Store(now.ID, issuer)
	return m.saveResumed(ctx, now, issuer, claims)
}

// lockLogin takes the lock of the one process that logs a person in. It waits as long as a person may take.
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

// reauthenticate uses the flow of the last login. It opens a browser only if a person can be asked. After a failure it does not open one
// again for a while.
func (m *Method) reauthenticate(ctx context.Context, r session.Renewal, issuer *oidc.Client) (claims oidc.Claims, err error) {
	env, s := m.Sessions.Env, r.Session
	if Flow(issuer.Flow) == Password {
		return m.resumeWithPassword(ctx, r, issuer)
	}
	if !env.MayAsk() {
		return claims, session.ErrNobody
	}
	err = m.Sessions.Guard(s.Account, s.User).Ask(func() error {
		if !env.Drawn() {
			env.Tellf("The session of %s at %s has ended.", s.User, s.Server)
		}
		if Flow(issuer.Flow) == Device {
			claims, err = device(ctx, env, issuer, nil)
		} else {
			claims, err = browse(ctx, env, issuer, issuer.Browser)
		}
		return err
	})
	return claims, err
}

// resumeWithPassword logs in again with the session's password.
func (m *Method) resumeWithPassword(ctx context.Context, r session.Renewal, issuer *oidc.Client) (claims oidc.Claims, err error) {
	s, user := r.Session, r.Session.LoginName()
	sources := m.Sessions.RenewalSources(s, r.Question())
	if len(sources) == 0 {
		return claims, session.ErrNobody
	}
	var typed bool
	err = m.Sessions.Guard(s.Account, user).Send(ctx, sources, func(ctx context.Context, password redact.Secret, from secret.Source) (err error) {
		typed = from.Kind == secret.Typed
		claims, err = issuer.Password(ctx, user, password)
		return err
	})
	var refused *secret.RefusedError
	if errors.As(err, &refused) { // What else failed is kubectl's to show: the flags of a login do not help here.
		err = failure.Password{User: user, Provider: true}.Explain(err)
		if typed {
			err = failure.Quiet(err, m.Command(s))
		}
	}
	return claims, err
}

// saveResumed saves the session after the new login.
func (m *Method) saveResumed(ctx context.Context, s tokens.Session, issuer *oidc.Client, claims oidc.Claims) error {
	if tokens.Fold(claims.Username) != tokens.Fold(s.User) {
		return failure.Hint(fmt.Errorf("you logged in as %s, but this context is for %s", claims.Username, s.User), "Type: %s", m.Command(s))
	}
	store := m.Sessions.Store
	unlock, err := m.Sessions.LockAccount(ctx, s)
	switch {
	case errors.Is(err, filelock.ErrBusy): // Save without the lock: a person's login must not be lost.
		m.Sessions.Env.Warn(err)
	case err != nil:
		return err
	default:
		defer unlock()
	}
	if now, found, err := store.FindSession(tokens.Key{Server: s.Server, User: s.User}); err == nil && found && now.ID == s.ID {
		if s = now; s.Method != Name { // Meanwhile somebody logged in with vCenter Single Sign-On.
			return nil
		}
	}
	if s.Renewal, err = issuer.JSON(); err != nil {
		return err
	}
	now := m.Sessions.Env.Now()
	s.Updated, s.Ends = now, issuer.Ends(s.Ends)
	if _, err := store.UpdateSession(s); err != nil {
		return failure.NotKept(store.Dir(), err)
	}
	return errors.Join(store.EndQuiet(s.Account), store.EndOutage(s.ID))
}
