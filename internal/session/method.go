// Package session is what holds an account's login together: how it is proven (Method), where its password comes from, how its
// credentials are renewed, and a client of an API server that goes by them.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Method is one way to prove an account.
type Method interface {
	// Name is how a stored session spells the method.
	Name() string
	// Login proves an account at a Supervisor, finds what it may use and keeps both, unless it is a dry run.
	Login(ctx context.Context, s site.Site, r Request) (Outcome, error)
	// Renew gets a fresh credential. It runs under the account's lock, or that of the credential alone (LocksAccount). The error
	// is a *tokens.LoginRequiredError when only Resume can help.
	Renew(ctx context.Context, r Renewal) (tokens.Credential, error)
	// Resume brings a session back that has ended, with a person where one is needed. It is ErrNobody where nobody can be asked.
	Resume(ctx context.Context, r Renewal) error
	// Revoke ends the session where it was made, as far as that can be done.
	Revoke(ctx context.Context, s tokens.Session) error
	// Command is what a person types to bring the session back.
	Command(s tokens.Session) string
	// Facts are what the method knows of a session.
	Facts(s tokens.Session) (Facts, error)
	// LocksAccount reports whether the method takes the account's lock itself, only for as long as it needs it.
	LocksAccount() bool
}

// ErrNobody is a session that has ended where nobody can be asked.
var ErrNobody = errors.New("nobody can be asked")

// Renewal is a credential that is to be renewed.
type Renewal struct {
	Session tokens.Session
	Key     tokens.Key
	Force   bool // the stored credential may still be good
}

// Question asks for the password of the session. Without trust the person is warned first.
func (r Renewal) Question() string {
	s := r.Session
	text := fmt.Sprintf("The session at %s has ended. Password of %s: ", s.Server, s.User)
	if r.Force {
		text = fmt.Sprintf("A new token from %s. Password of %s: ", s.Server, s.User)
	}
	if s.Trust.Mode == trust.Insecure {
		text = site.InsecureWarning(s.Server) + "\n" + text
	}
	return text
}

// Facts are what a method knows of a session.
type Facts struct {
	// Renews reports whether it renews itself until it ends.
	Renews bool
	// Claims (JSON) are what the identity provider said of the person; nil where there is none.
	Claims []byte
}

// Request is a login as the command line asks for it.
type Request struct {
	User       string // empty: to be asked, or told by the identity provider
	Passwords  PasswordOptions
	Clusters   login.Selection
	Namespaces []string // vSphere Namespaces to look at beside those that can be listed
	// NamespacesSet reports whether Namespaces are what was asked for, also when empty; else those of the last login are taken.
	NamespacesSet bool
	StaticTokens  bool   // remembered for the next login
	ContextPrefix string // remembered for the next login
	DryRun        bool   // nothing is kept
	// KnownNamespaces are those that the kubeconfig has contexts of the session for.
	KnownNamespaces func(tokens.Session) []string
}

// Outcome is a login that succeeded.
type Outcome struct {
	Session tokens.Session
	Result  *login.Result
	// Await waits for clusters that are being created, says for what, and keeps the credentials that come of it. Result changes.
	Await func(ctx context.Context, wait time.Duration) error
	// Note is what a person should know at the end; empty: nothing.
	Note string
}

// Exchanger is a Method whose identity provider makes tokens for other clients of it, as a registry is.
type Exchanger interface {
	// TokenFor gets a token of the session for a client (audience).
	TokenFor(ctx context.Context, s tokens.Session, audience string) (redact.Secret, error)
}

// PasswordSender is a Method whose password is vCenter's, so that servers of the site that ask vCenter take it too.
type PasswordSender interface {
	// SendPassword has send try the session's password, from where it has one or a person types it (question), under the account's
	// guard. For a command that a person types.
	SendPassword(ctx context.Context, s tokens.Session, question string, send secret.Sender) error
}
