package session

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// ErrUnverified is the error if a secret of a session must not be sent, since its server is not verified and no person can be asked.
var ErrUnverified = disclose.ErrUnverified

// Attended returns the context of what a command does with a session. The error is ErrUnverified if nothing of the session may be sent now:
// its server is not verified, so anybody could answer at its address, and no person is there.
func (s *Sessions) Attended(ctx context.Context, of tokens.Session) (context.Context, error) {
	switch {
	case s.Env.MayAsk():
		return disclose.Attended(ctx), nil
	case of.Trust.Mode == trust.Insecure:
		return ctx, ErrUnverified
	}
	return ctx, nil
}

// agreedFor is how long a person's yes holds for other runs of the same parent. A kubectl that needs several credentials asks once; an
// IDE is one parent for days, and nobody has agreed to what it does an hour later.
const agreedFor = time.Minute

// Attend is Attended for a renewal, which nobody may have asked for: if the server is not verified, a person must agree. The error is a
// *tokens.LoginRequiredError if no person can be asked, or the reason why none agreed. Like a password prompt, it does not ask again and
// again: one process asks at a time, and its answer is that of the others with the same parent.
func (s *Sessions) Attend(ctx context.Context, r Renewal) (context.Context, error) {
	of := r.Session
	if _, agreed := s.agreed.Load(of.ID); agreed {
		return disclose.Attended(ctx), nil
	}
	attended, err := s.Attended(ctx, of)
	switch {
	case err != nil:
		return ctx, &tokens.LoginRequiredError{
			Server: of.Server, User: of.User, Err: err,
			Reason: fmt.Sprintf("the session of %s at %s is not renewed without a person, since the server's certificate is not verified", of.User, of.Server),
		}
	case of.Trust.Mode != trust.Insecure:
		return attended, nil
	}
	unlock, err := s.Store.LockLogin(ctx, of.Account, func() { SayWaiting(s.Env, of.User, of.Server) }, s.Env.Warn)
	if err != nil {
		return ctx, err
	}
	defer unlock()
	parent := secret.ParentProcess()
	if agreedBefore(s, of, parent) {
		s.Agree(of)
		return attended, nil
	}
	return attended, s.Guard(of.Account, of.User).Ask(func() error {
		s.Env.Tellf("WARNING: the certificate of %s is not verified. Whoever answers at that address gets your tokens.", of.Server)
		yes, err := s.Env.Confirm(ctx, fmt.Sprintf("Renew the session of %s there?", of.User))
		if err == nil && !yes {
			err = fmt.Errorf("the session of %s at %s was not renewed", of.User, of.Server)
		}
		if err == nil {
			s.Agree(of)
			if failed := s.Store.SetMark(agreement(of), tokens.Mark{Time: s.Env.Now(), ParentPID: parent.PID, ParentStart: parent.Start}); failed != nil {
				s.Env.Warn(failed)
			}
		}
		return err
	})
}

// agreement is the name of the mark of a person's yes.
func agreement(of tokens.Session) string { return of.Account + " agreed at " + of.Server }

// agreedBefore reports whether a person agreed a moment ago, when another process with the same parent asked.
func agreedBefore(s *Sessions, of tokens.Session, parent secret.Parent) bool {
	m, err := s.Store.Mark(agreement(of))
	age := s.Env.Now().Sub(m.Time)
	return err == nil && parent.Start != "" && m.ParentPID == parent.PID && m.ParentStart == parent.Start && age >= 0 && age < agreedFor
}

// Agree has Attend ask nobody about a session from now on: a person has agreed, or a login has said that nothing is verified.
func (s *Sessions) Agree(of tokens.Session) { s.agreed.Store(of.ID, true) }
