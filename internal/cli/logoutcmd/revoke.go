package logoutcmd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// revokeTime bounds what is waited for an identity provider.
const revokeTime = 5 * time.Second

// revoke begins to end the sessions where they were made, beside what else a logout does. wait says what came of it: what fails does not
// fail the logout.
func (l *leaving) revoke(ctx context.Context) (wait func()) {
	errs := make([]error, len(l.ended))
	var all sync.WaitGroup
	for i, s := range l.ended {
		all.Go(func() { // One that does not answer keeps nobody from the others.
			ctx, cancel := context.WithTimeout(ctx, revokeTime)
			defer cancel()
			m, err := l.sessions.Method(s)
			if err == nil {
				err = m.Revoke(ctx, s)
			}
			errs[i] = err
		})
	}
	return func() {
		all.Wait()
		for i, s := range l.ended {
			l.sayRevoked(s, errs[i])
		}
	}
}

func (l *leaving) sayRevoked(s tokens.Session, err error) {
	switch {
	case err == nil:
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero() && s.Ends.Before(l.env.Now()): // A copy is worth nothing.
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero():
		l.env.Notef("the identity provider of %s offers no way to revoke a session: a copy of it could be used until %s", s.Server, l.env.Until(s.Ends))
	case errors.Is(err, oidc.ErrNoRevocation):
		l.env.Notef("the identity provider of %s offers no way to revoke a session", s.Server)
	default:
		said := strings.ReplaceAll(err.Error(), "\n", "; ") // Two exchanges may have failed (errors.Join).
		l.env.Tellf("warning: the session of %s could not be revoked at its identity provider: %s", s.User, said)
	}
}
