package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// ErrUnverified is the error if a secret of a session must not be sent, since its server is not verified and no person can be asked.
var ErrUnverified = errors.New("the server's certificate is not verified, and nobody can be asked")

// Unattended reports whether nothing of a session may be sent now: its server is not verified, so anybody could answer at its address,
// and no person can be asked.
func (s *Sessions) Unattended(of tokens.Session) bool {
	return of.Trust.Mode == trust.Insecure && !s.Env.MayAsk()
}

// Attend returns nil if a session may be renewed: its server is verified, or a person agrees. Else it returns a *tokens.LoginRequiredError
// if no person can be asked, or the reason why none agreed. Like a password prompt, it does not ask again and again.
func (s *Sessions) Attend(ctx context.Context, r Renewal) error {
	of := r.Session
	_, agreed := s.agreed.Load(of.ID)
	switch {
	case agreed:
		return nil
	case s.Unattended(of):
		return &tokens.LoginRequiredError{
			Server: of.Server, User: of.User, Err: ErrUnverified,
			Reason: fmt.Sprintf("the session of %s at %s is not renewed without a person, since the server's certificate is not verified", of.User, of.Server),
		}
	case of.Trust.Mode != trust.Insecure:
		return nil
	}
	return s.Guard(of.Account, of.User).Ask(func() error {
		s.Env.Tellf("WARNING: the certificate of %s is not verified. Whoever answers at that address gets your tokens.", of.Server)
		yes, err := s.Env.Confirm(ctx, fmt.Sprintf("Renew the session of %s there?", of.User))
		if err == nil && !yes {
			err = fmt.Errorf("the session of %s at %s was not renewed", of.User, of.Server)
		}
		if err == nil {
			s.Agree(of)
		}
		return err
	})
}

// Agree has Attend return nil for a session from now on: a person has agreed, or a login has said that nothing is verified.
func (s *Sessions) Agree(of tokens.Session) { s.agreed.Store(of.ID, true) }
