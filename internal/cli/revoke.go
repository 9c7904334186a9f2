package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// revoke ends the sessions at their identity providers, where those offer a way. They are gone from this machine already: what fails
// here is told, and is no failure of the logout.
func (a *App) revoke(ctx context.Context, e ending) {
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	for _, s := range e.sessions {
		if s.Method != methodOIDC {
			continue
		}
		switch err := a.revokeSession(ctx, s); {
		case err == nil:
		case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero():
			fmt.Fprintf(a.ErrOut, "note: the identity provider of %s offers no way to revoke a session: a copy of it could be renewed until %s\n", s.Server, a.until(s.Ends))
		case errors.Is(err, oidc.ErrNoRevocation):
			fmt.Fprintf(a.ErrOut, "note: the identity provider of %s offers no way to revoke a session\n", s.Server)
		default:
			fmt.Fprintf(a.ErrOut, "warning: the session of %s is gone here, but could not be revoked at its identity provider: %v\n", s.User, err)
		}
	}
}

// revokeTime bounds what logout waits for identity providers.
const revokeTime = 5 * time.Second

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
