package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const interactiveVariable = "KUBECTL_VSPHERE_INTERACTIVE"

// renewal renews a credential with a password from where the session has one, or that somebody types.
type renewal struct {
	*App
	store *tokens.Store
	force bool // the stored token may still be good
}

// provider hands out credentials and renews them. A password is the account's, and sent by one process at a time; a session of an identity
// provider takes the account's lock itself, for as long as it needs it.
func (r *renewal) provider() *tokens.Provider {
	return &tokens.Provider{
		Store: r.store, Renew: r.renew, Now: r.Now,
		OwnLock: func(s tokens.Session) bool { return s.Method == methodOIDC },
		Outage:  func(err error) bool { return errors.Is(err, wire.ErrUnreachable) || errors.Is(err, wire.ErrServer) },
		Waiting: func(s tokens.Session) { r.sayWaiting(s.User, s.Server) },
		Warn:    func(err error) { fmt.Fprintf(r.ErrOut, "warning: %v\n", err) },
	}
}

// renew is a tokens.Renew.
func (r *renewal) renew(ctx context.Context, s tokens.Session, key tokens.Key) (tokens.Credential, error) {
	if s.Method == methodOIDC {
		return r.renewOIDC(ctx, s, key)
	}
	w, _, err := r.wireClient(s.Trust, supervisor.Aliases(s.Aliases).Reach)
	if err != nil {
		return tokens.Credential{}, err
	}
	var fresh tokens.Credential
	err = r.guard(r.store, s.Account, s.User).Send(ctx, r.renewalSources(r.store, s, r.question(s)),
		func(ctx context.Context, password redact.Secret, from secret.Source) error {
			var err error
			if fresh, _, err = login.Mint(ctx, w, key, password); err == nil && from.Kind == secret.Typed {
				r.renewOthers(ctx, w, s, key, password)
			}
			return err
		})
	var none *secret.NoPasswordError
	var refused *secret.RefusedError
	switch {
	case errors.As(err, &none) && len(none.Reasons) == 0, errors.Is(err, secret.ErrNoTerminal):
		return fresh, r.ended(s, "")
	case errors.As(err, &none):
		ended := r.ended(s, none.Error())
		ended.Err = none
		return fresh, ended
	case errors.Is(err, secret.ErrEmpty):
		return fresh, r.ended(s, "no password was typed")
	case errors.As(err, &refused):
		return fresh, loginError(err, s.User)
	}
	return fresh, err
}

// question asks for the password. Without trust the person is warned first.
func (r *renewal) question(s tokens.Session) string {
	text := fmt.Sprintf("The session at %s has ended. Password of %s: ", s.Server, s.User)
	if r.force {
		text = fmt.Sprintf("A new token from %s. Password of %s: ", s.Server, s.User)
	}
	if s.Trust.Mode == trust.Insecure {
		text = insecureWarning(s.Server) + "\n" + text
	}
	return text
}

// ended is a session that only a login brings back.
func (r *renewal) ended(s tokens.Session, why string) *tokens.LoginRequiredError {
	reason := fmt.Sprintf("the session of %s at %s has ended", s.User, s.Server)
	if r.force {
		needs := "the password"
		if s.Method == methodOIDC {
			needs = "a login"
		}
		reason = fmt.Sprintf("a new token for %s at %s needs %s", s.User, s.Server, needs)
	}
	if why != "" {
		reason += ", and " + why
	}
	return &tokens.LoginRequiredError{Server: s.Server, User: s.User, Reason: reason}
}

// othersTime bounds what a typed password renews beyond what was asked: kubectl is waiting.
const othersTime = 3 * time.Second

// renewOthers uses the password while it is at hand for the session's other credentials that are due, so that the
// next context does not ask again. What fails is simply due later.
func (r *renewal) renewOthers(ctx context.Context, w *wire.Client, s tokens.Session, asked tokens.Key, password redact.Secret) {
	ctx, cancel := context.WithTimeout(ctx, othersTime)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(login.MaxInFlight)
	var stop sync.Once
	for _, key := range r.store.Due(s, r.Now()) {
		if key.Same(asked) {
			continue
		}
		group.Go(func() error {
			c, _, err := login.Mint(ctx, w, key, password)
			if errors.Is(err, wire.ErrRefused) {
				stop.Do(cancel)
			}
			if err == nil {
				c.Session = s.ID
				err = r.store.SaveCredential(c)
			}
			return err
		})
	}
	_ = group.Wait()
}
