// Package password is vCenter Single Sign-On as a session.Method: a user name and a password, which the Supervisor's front takes
// for itself and for every cluster (/wcp/login).
package password

import (
	"context"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Name is how sessions and --auth-method spell the method.
const Name = "sso"

// Method is vCenter Single Sign-On.
type Method struct{ Sessions *session.Sessions }

var (
	_ session.Method         = (*Method)(nil)
	_ session.PasswordSender = (*Method)(nil)
)

// Name is sso.
func (m *Method) Name() string { return Name }

// LocksAccount is false: a password is the account's, and one process sends it at a time.
func (m *Method) LocksAccount() bool { return false }

// Command names the server and the user.
func (m *Method) Command(s tokens.Session) string { return failure.LoginCommand(s.Server, s.User) }

// Facts are none: the session holds no more than its fields.
func (m *Method) Facts(tokens.Session) (session.Facts, error) { return session.Facts{}, nil }

// Resume is ErrNobody: Renew has asked for the password already.
func (m *Method) Resume(context.Context, session.Renewal) error { return session.ErrNobody }

// Revoke does nothing: vCenter offers no way to make a token invalid.
func (m *Method) Revoke(context.Context, tokens.Session) error { return nil }

// SendPassword implements session.PasswordSender.
func (m *Method) SendPassword(ctx context.Context, s tokens.Session, question string, send secret.Sender) error {
	guard := m.Sessions.Guard(s.Account, s.User)
	guard.Explicit = true // A person types the command.
	return guard.Send(ctx, m.Sessions.RenewalSources(s, question), send)
}

// ended is a session that only a login brings back.
func ended(r session.Renewal, why string) *tokens.LoginRequiredError {
	return session.Ended(r, "the password", why)
}
