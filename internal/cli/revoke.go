package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// revoke begins to end the sessions at their identity providers, where those offer a way, beside what else a logout does. wait tells what
// came of it: what fails is no failure of the logout.
func (a *App) revoke(ctx context.Context, e ending) (wait func()) {
	errs := make([]error, len(e.sessions))
	var all sync.WaitGroup
	for i, s := range e.sessions {
		if s.Method != methodOIDC {
			continue
		}
		all.Go(func() { // One that does not answer keeps nobody from the others.
			ctx, cancel := context.WithTimeout(ctx, revokeTime)
			defer cancel()
			errs[i] = a.revokeSession(ctx, s)
		})
	}
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
		said := strings.ReplaceAll(err.Error(), "\n", "; ") // Two exchanges may have failed (errors.Join).
		fmt.Fprintf(a.ErrOut, "warning: the session of %s could not be revoked at its identity provider: %s\n", s.User, said)
	}
}

// revokeTime bounds what is waited for an identity provider.
const revokeTime = 5 * time.Second

// lastTime is what an issuer that is well needs to answer once more, and what nobody feels who pressed Ctrl-C.
const lastTime = time.Second

// discard revokes the token of a login that did not keep it, and leaves the person logged in there. Some issuers end all sessions of a person
// with one (keycloak/keycloak#35486): where one is kept, the new one is left alone.
func (l *federatedLogin) discard(ctx context.Context) {
	if l.inUse() {
		return
	}
	// What was interrupted must not leave a token behind either; Ctrl-C still ends it, lastTime later.
	revoking, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastTime, cancel) })()
	_ = l.issuer.RevokeToken(revoking)
}

// inUse tells whether a session of the same person and client is kept, at whatever server. One that cannot be read may be of them.
func (l *federatedLogin) inUse() bool {
	all, unreadable := l.store.Sessions()
	return len(unreadable) > 0 || slices.ContainsFunc(all, func(s tokens.Session) bool {
		kept, err := oidc.ParseSession(s.Renewal)
		same := kept.Provider.Issuer == l.issuer.Provider.Issuer && kept.Client == l.issuer.Client && kept.Subject == l.issuer.Subject
		return s.Method == methodOIDC && (err != nil || same)
	})
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
