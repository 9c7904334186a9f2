package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// errNobody is a session that has ended where nobody can be asked.
var errNobody = errors.New("nobody can be asked")

// again brings a session of an identity provider back that has ended: by the password from where the session has one, or by a person
// at the browser. However many processes ask, one login takes place; the others wait for it, without the account's lock, so that a
// login by hand can come first. errNobody means that nothing was tried.
func (r *renewal) again(ctx context.Context, key tokens.Key) error {
	s, found, err := r.store.FindSession(key)
	if err != nil || !found || s.Method != methodOIDC {
		return errors.Join(errNobody, err)
	}
	kept, err := oidc.ParseSession(s.Renewal)
	if err != nil || flow(kept.Flow) != flowPassword && !r.mayAsk() {
		return errors.Join(errNobody, err)
	}
	unlock, err := r.loginLock(ctx, s)
	if err != nil {
		return err
	}
	defer unlock()
	if s, found, err = r.store.FindSession(key); err != nil || !found {
		return errors.Join(errNobody, err)
	}
	kept, err = oidc.ParseSession(s.Renewal)
	if err != nil || kept.Refresh.Secret != "" || kept.Fresh(r.Now()) {
		return err // Somebody logged in meanwhile.
	}
	l, err := r.resumeLogin(s, kept)
	if err != nil {
		return err
	}
	claims, err := r.prove(ctx, l, s, kept)
	if err != nil {
		return err
	}
	return l.resumed(ctx, s, claims)
}

// loginLock is held by the one process that has a person log in. A person takes longer than a program.
func (r *renewal) loginLock(ctx context.Context, s tokens.Session) (unlock func(), err error) {
	for began := r.Now(); ; {
		unlock, err = r.store.LockLogin(ctx, s.Account, func() {
			fmt.Fprintf(r.ErrOut, "Waiting for another process that logs %s in to %s …\n", s.User, s.Server)
		}, func(err error) { fmt.Fprintf(r.ErrOut, "warning: %v\n", err) })
		if !errors.Is(err, filelock.ErrBusy) || r.Now().After(began.Add(loginTime)) {
			return unlock, err
		}
	}
}

// resumeLogin is the login of a session with what is remembered of it, so that nothing is asked of the Supervisor.
func (r *renewal) resumeLogin(s tokens.Session, kept oidc.Session) (*federatedLogin, error) {
	address, err := supervisor.ParseAddress(s.Server)
	if err != nil {
		return nil, err
	}
	w, err := r.issuerOf(kept, s)
	if err != nil {
		return nil, err
	}
	return &federatedLogin{
		App: r.App, store: r.store, o: loginOptions{server: address, user: s.User, aliases: s.Aliases},
		issuer: &oidc.Client{Session: kept, Wire: w, Now: r.Now},
	}, nil
}

// prove goes by the flow of the login before. A browser is opened for a person only, and not again for a while when nothing came of it.
func (r *renewal) prove(ctx context.Context, l *federatedLogin, s tokens.Session, kept oidc.Session) (claims oidc.Claims, err error) {
	guard, f := r.guard(r.store, s.Account, s.User), flow(kept.Flow)
	if f == flowPassword {
		sources := r.renewalSources(r.store, s, r.question(s))
		if len(sources) == 0 {
			return claims, errNobody
		}
		err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) (err error) {
			claims, err = l.issuer.Password(ctx, s.User, password)
			return err
		})
		var refused *secret.RefusedError
		if errors.As(err, &refused) {
			err = fmt.Errorf("the password of %s was refused: %w", refused.Source, err)
		}
		return claims, err
	}
	if !r.mayAsk() {
		return claims, errNobody
	}
	err = guard.Ask(func() error {
		if !r.silent() {
			fmt.Fprintf(r.ErrOut, "The session of %s at %s has ended.\n", s.User, s.Server)
		}
		if f == flowDevice {
			claims, err = r.device(ctx, l.issuer)
		} else {
			claims, err = r.browse(ctx, l.issuer, oidcOptions{flow: f, browser: kept.Browser})
		}
		return err
	})
	return claims, err
}

// resumed keeps what the login gave.
func (l *federatedLogin) resumed(ctx context.Context, s tokens.Session, claims oidc.Claims) error {
	defer l.discard(ctx)
	if tokens.Fold(claims.Username) != tokens.Fold(s.User) {
		return hint(fmt.Errorf("you logged in as %s, and this context is of %s", claims.Username, s.User), "Type: %s", loginCommandOf(s))
	}
	unlock, err := l.lock(ctx, s.User)
	if err != nil {
		return err
	}
	defer unlock()
	if now, found, err := l.store.FindSession(tokens.Key{Server: s.Server, User: s.User}); err == nil && found && now.ID == s.ID {
		if s = now; s.Method != methodOIDC { // A login by hand was by vCenter's password.
			return nil
		}
	}
	if s.Renewal, err = l.issuer.JSON(); err != nil {
		return err
	}
	s.Updated, s.Ends = l.Now(), l.issuer.Ends(l.Now())
	if _, err := l.store.UpdateSession(s); err != nil {
		return l.notKept(l.store, err)
	}
	return l.store.EndQuiet(s.Account)
}
