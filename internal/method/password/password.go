// Package password is vCenter Single Sign-On as a session.Method. The Supervisor's front accepts a user name and a password, for itself
// and for every cluster (/wcp/login).
package password

import (
	"context"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Name is the method's name in sessions and in --auth-method.
const Name = "sso"

// Method is vCenter Single Sign-On.
type Method struct{ Sessions *session.Sessions }

var (
	_ session.Method         = (*Method)(nil)
	_ session.PasswordSender = (*Method)(nil)
)

// Name returns "sso".
func (m *Method) Name() string { return Name }

// LocksAccount returns false: the caller locks the account, so that one process at a time sends its password.
func (m *Method) LocksAccount() bool { return false }

// Command returns a login command with the server and the user.
func (m *Method) Command(s tokens.Session) string {
	return failure.LoginCommand(s.Server, s.LoginName())
}

// Facts returns no facts: a session of this method has none.
func (m *Method) Facts(tokens.Session) (session.Facts, error) { return session.Facts{}, nil }

// Resume returns ErrNobody: Renew has asked for the password already.
func (m *Method) Resume(context.Context, session.Renewal) error { return session.ErrNobody }

// Revoke does nothing: vCenter cannot revoke a token.
func (m *Method) Revoke(context.Context, tokens.Session) error { return nil }

// SendPassword implements session.PasswordSender.
func (m *Method) SendPassword(ctx context.Context, s tokens.Session, question string, send secret.Sender) error {
	guard := session.Commanded(m.Sessions.Env, m.Sessions.Guard(s.Account, s.LoginName()), false)
	guard.Requests = 2 // Harbor shows a public project to whoever it does not know, and refuses the next request.
	return guard.Send(ctx, m.Sessions.RenewalSources(s, question), send)
}

// ended returns the error of a session that needs a new login. why is added, unless it is empty.
func ended(r session.Renewal, why string) *tokens.LoginRequiredError {
	return session.Ended(r, "the password", why)
}
