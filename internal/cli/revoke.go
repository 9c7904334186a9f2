package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// revoke begins to end the sessions at their identity providers, where those offer a way, beside what else a logout does. wait tells what
// came of it: what fails is no failure of the logout.
func (a *App) revoke(ctx context.Context, e ending) (wait func()) {
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	errs := make([]error, len(e.sessions))
	var all sync.WaitGroup
	all.Go(func() {
		defer cancel()
		for i, s := range e.sessions {
			if s.Method == methodOIDC {
				errs[i] = a.revokeSession(ctx, s)
			}
		}
	})
	return func() {
		all.Wait()
		for i, s := range e.sessions {
			a.sayRevoked(s, errs[i])
		}
	}
}

func (a *App) sayRevoked(s tokens.Session, err error) {
	switch {
	case err == nil:
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero() && s.Ends.Before(a.Now()): // A copy is worth nothing.
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero():
		fmt.Fprintf(a.ErrOut, "note: the identity provider of %s offers no way to revoke a session: a copy of it could be used until %s\n", s.Server, a.until(s.Ends))
	case errors.Is(err, oidc.ErrNoRevocation):
		fmt.Fprintf(a.ErrOut, "note: the identity provider of %s offers no way to revoke a session\n", s.Server)
	default:
		fmt.Fprintf(a.ErrOut, "warning: the session of %s could not be revoked at its identity provider: %v\n", s.User, err)
	}
}

// revokeTime bounds what is waited for identity providers.
const revokeTime = 5 * time.Second

// discard revokes what nobody will use.
func discard(ctx context.Context, revoke func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	_ = revoke(ctx)
}

func (a *App) revokeSession(ctx context.Context, s tokens.Session) error {
	kept, err := oidc.ParseSession(s.Renewal)
	if err != nil || kept.Refresh.Secret == "" && kept.Access.Secret == "" {
		return err // Nothing of it is left.
	}
	w, err := a.issuerOf(kept, s)
	if err != nil {
		return err
	}
	return (&oidc.Client{Session: kept, Wire: w, Now: a.Now}).Revoke(ctx)
}
