package logoutcmd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// maxMethod bounds the name of a login method on the terminal, in characters.
const maxMethod = 40

// revokeTime bounds how long logout waits for an identity provider.
const revokeTime = 5 * time.Second

// revoke starts to revoke the sessions at their identity providers. The caller goes on meanwhile. wait waits for the end and reports
// failures; they do not fail the logout.
func (l *logoutRun) revoke(ctx context.Context) (wait func()) {
	errs := make([]error, len(l.ended))
	var all sync.WaitGroup
	for i, s := range l.ended {
		all.Go(func() { // In parallel: one provider may not answer.
			ctx, cancel := context.WithTimeout(ctx, revokeTime)
			defer cancel()
			m, err := l.sessions.Method(s)
			if err != nil {
				errs[i] = errUnknownMethod
				return
			}
			errs[i] = m.Revoke(ctx, s)
		})
	}
	return func() {
		all.Wait()
		for i, s := range l.ended {
			l.reportRevoked(s, errs[i])
		}
	}
}

// errUnknownMethod is a session that another version of the program made: only that can revoke it.
var errUnknownMethod = errors.New("unknown login method")

func (l *logoutRun) reportRevoked(s tokens.Session, err error) {
	switch {
	case err == nil:
	case errors.Is(err, errUnknownMethod):
		l.env.Notef("the session of %s at %s was not revoked: this program does not know its login method, %q", s.User, s.Server, safetext.Line(s.Method, maxMethod))
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero() && s.Ends.Before(l.env.Now()): // A copy is of no use any more.
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero() && l.renews(s):
		l.env.Notef("the identity provider of %s offers no way to revoke a session: a copy of it can be used until %s, and longer if it is renewed by then", s.Server, l.env.Until(s.Ends))
	case errors.Is(err, oidc.ErrNoRevocation) && !s.Ends.IsZero():
		l.env.Notef("the identity provider of %s offers no way to revoke a session: a copy of it can be used until %s", s.Server, l.env.Until(s.Ends))
	case errors.Is(err, oidc.ErrNoRevocation):
		l.env.Notef("the identity provider of %s offers no way to revoke a session", s.Server)
	default:
		reason := strings.ReplaceAll(err.Error(), "\n", "; ") // Two requests may have failed (errors.Join).
		l.env.Tellf("warning: the session of %s could not be revoked at its identity provider: %s", s.User, reason)
	}
}

// renews reports whether whoever has a copy of a session can renew it.
func (l *logoutRun) renews(s tokens.Session) bool {
	m, err := l.sessions.Method(s)
	if err != nil {
		return false
	}
	facts, err := m.Facts(s)
	return err == nil && facts.Renews
}
