// Package session gives commands the user's sessions: the login methods (Method), the sources of a password, the renewal of
// credentials, and a client of an API server that uses them.
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

// Method is one way to log in: vCenter Single Sign-On, or an identity provider.
type Method interface {
	// Name returns the method's name in a stored session.
	Name() string
	// Login authenticates an account at a Supervisor and finds what it may use. It saves the session and the credentials, unless it is a
	// dry run.
	Login(ctx context.Context, s site.Site, r Request) (Outcome, error)
	// Renew returns a fresh credential. The caller holds the account's lock, or only that of the credential (see LocksAccount). The error
	// is a *tokens.LoginRequiredError if only Resume can help.
	Renew(ctx context.Context, r Renewal) (tokens.Credential, error)
	// Resume logs in again after a session has ended, with a person if one is needed. The error is ErrNobody if no person can be asked.
	Resume(ctx context.Context, r Renewal) error
	// Revoke revokes the session at its identity service. The error is oidc.ErrNoRevocation if that does not support it.
	Revoke(ctx context.Context, s tokens.Session) error
	// Command returns the command that logs in again.
	Command(s tokens.Session) string
	// Facts returns what the method knows about a session.
	Facts(s tokens.Session) (Facts, error)
	// LocksAccount reports whether Renew takes the account's lock itself, and only as long as it needs the lock.
	LocksAccount() bool
}

// ErrNobody is the error of Resume if the session has ended and no person can be asked.
var ErrNobody = errors.New("nobody can be asked")

// Renewal is a credential to renew.
type Renewal struct {
	Session tokens.Session
	Key     tokens.Key
	Force   bool // renew although the stored credential may be valid
	// Unknown means that the session has not ended: its logins found no such cluster, or its token was removed.
	Unknown bool
}

// of returns what is asked of the session, as a clause.
func (r Renewal) of() string {
	if r.Unknown {
		return fmt.Sprintf("the session of %s at %s knows no cluster %s", r.Session.User, r.Session.Server, r.Key.Cluster)
	}
	return fmt.Sprintf("the session of %s at %s has ended", r.Session.User, r.Session.Server)
}

// Question returns the prompt for the session's password. If the server is not verified, it starts with a warning.
func (r Renewal) Question() string {
	s := r.Session
	text := fmt.Sprintf("The session at %s has ended. Password of %s: ", s.Server, s.LoginName())
	switch {
	case r.Unknown:
		text = fmt.Sprintf("The session at %s knows no cluster %s. Password of %s: ", s.Server, r.Key.Cluster, s.LoginName())
	case r.Force:
		text = fmt.Sprintf("A new token from %s. Password of %s: ", s.Server, s.LoginName())
	}
	if s.Trust.Mode == trust.Insecure {
		text = site.InsecureWarning(s.Server) + "\n" + text
	}
	return text
}

// Facts are what a method knows about a session.
type Facts struct {
	// Renews reports whether the session renews itself until it ends.
	Renews bool
	// Claims (JSON) are what the identity provider said of the person: nil where the method has none, empty where none were kept.
	Claims []byte
	// Issuer is that of the Supervisor's identity provider; empty where the method has none, or one without a Supervisor.
	Issuer string
	// IssuerCA (PEM) verifies the issuer; empty if the issuer is verified as the Supervisor is.
	IssuerCA string
}

// Request is a login, as the command line asks for it.
type Request struct {
	User       string // empty: the method asks, or the identity provider says who it is
	Passwords  PasswordOptions
	Clusters   login.Selection
	Namespaces []string // vSphere Namespaces that the user may not list
	APIPort    int      // of the API servers, as the user says; 0: where they answer
	// NamespacesSet reports whether Namespaces come from the command line, even if empty. Else those of the last login are used.
	NamespacesSet bool
	StaticTokens  bool   // remembered for the next login
	ContextPrefix string // remembered for the next login
	DryRun        bool   // save nothing
	// KnownNamespaces returns the vSphere Namespaces that have a context of the session in the kubeconfig.
	KnownNamespaces func(tokens.Session) []string
}

// Outcome is a successful login.
type Outcome struct {
	Session tokens.Session
	Result  *login.Result
	// Await waits for clusters that are being created, prints which, and saves their credentials. It changes Result.
	Await func(ctx context.Context, wait time.Duration) error
	// Note returns a note for the user at the end, or "". It may be nil.
	Note func() string
}

// Exchanger is a Method whose identity provider makes tokens for its other clients, such as a registry.
type Exchanger interface {
	// TokenFor returns a token of the session for a client of the identity provider (its audience).
	TokenFor(ctx context.Context, s tokens.Session, audience string) (redact.Secret, error)
}

// PasswordSender is a Method with a vCenter password. Servers of the site that ask vCenter accept that password too.
type PasswordSender interface {
	// SendPassword calls send with the session's password, from its sources or from the prompt question, under the account's guard. It is
	// only for a command that a person types.
	SendPassword(ctx context.Context, s tokens.Session, question string, send secret.Sender) error
}
