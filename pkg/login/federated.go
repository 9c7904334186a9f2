package login

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Federated mints credentials from a session of an identity provider: refresh, exchange for the audience of the API
// server, and a certificate of its Concierge. Refresh and exchange hold the account's lock, since a refresh ends the
// earlier tokens. The request to the API server does not, so that a slow one keeps nobody waiting.
type Federated struct {
	Issuer *oidc.Client
	// Front asks the Supervisor for what needs no login.
	Front *supervisor.Client
	// APIPort is the port of the Supervisor's API server as it is used (Host.Settle); 0: 6443.
	APIPort int
	// API makes a client for API servers that are verified by ca (PEM, or SystemRoots; empty: as the Supervisor is),
	// with a client certificate if it is not nil.
	API func(ca string, certificate *tls.Certificate) (*wire.Client, error)
	// Lock takes the account's lock.
	Lock func(context.Context) (unlock func(), err error)
	// Reload reads the session again, once it is locked, or when the issuer does not know its refresh token. It
	// reports whether the session is another one.
	Reload func() (changed bool, err error)
	// Save stores the session. It is called before each refresh, to see that it can be stored, and after it, before
	// the new tokens are used.
	Save func() error
	// End notes that only a login brings the session back.
	End func()
	// Paused returns the error of an issuer that failed a moment ago and must not be asked again yet; nil: it may be asked. Outage notes such
	// a failure and returns the error for it. Well notes that the issuer has answered as it should. All may be nil.
	Paused func() error
	Outage func(error) error
	Well   func()
	// Getenv reads the variable in which a runner provides a token. SendSecret guards the secret of a client.
	Getenv     func(string) string
	SendSecret oidc.SendSecret
	// Force refreshes tokens that are still good.
	Force bool

	renewed bool
}

// SystemRoots is the ca of Federated.API for a server that the system's roots verify.
const SystemRoots = "system"

// ErrEnded means that the issuer does not renew the session any more.
var ErrEnded = errors.New("the identity provider does not renew the session")

// EndedError is ErrEnded with the words of the issuer.
type EndedError struct{ Err error }

// Error returns the words of the issuer.
func (e *EndedError) Error() string { return e.Err.Error() }

// Unwrap returns ErrEnded and the cause.
func (e *EndedError) Unwrap() []error { return []error{ErrEnded, e.Err} }

// OutageError means that the issuer gives no new tokens now, and may later with the same refresh token.
type OutageError struct {
	tokens.Outage
	Asked bool // it was asked now; else Outage holds
}

// Error returns the words of the issuer.
func (e *OutageError) Error() string { return e.Reason }

// Unwrap returns wire.ErrServer.
func (e *OutageError) Unwrap() error { return wire.ErrServer }

// ConciergeError is an error of a Concierge that the Supervisor names on another host.
type ConciergeError struct {
	Server string // URL
	Err    error
}

// Error names the Concierge.
func (e *ConciergeError) Error() string {
	return fmt.Sprintf("the Concierge that the Supervisor names, %s: %v", safetext.Line(e.Server, 300), e.Err)
}

// Unwrap returns the cause.
func (e *ConciergeError) Unwrap() error { return e.Err }

// Mint returns the credential of key, minted at target t with at most three requests: refresh, exchange and
// certificate. Its Target knows more than t did. The error is ErrCAUnknown when no server may be asked yet, ErrEnded,
// or one of packages oidc, concierge and wire.
func (f *Federated) Mint(ctx context.Context, key tokens.Key, t tokens.Target) (tokens.Credential, error) {
	if f.Issuer.Plain {
		return f.mintID(ctx, key)
	}
	if t.CAUnknown {
		return tokens.Credential{}, ErrCAUnknown
	}
	token, err := f.exchange(ctx, t.Audience)
	if err != nil {
		return tokens.Credential{}, err
	}
	ca := t.CA
	if ca == "" && key.Cluster != "" {
		ca = SystemRoots // The Supervisor's own trust is for the Supervisor alone.
	}
	w, err := f.API(ca, nil)
	if err != nil {
		return tokens.Credential{}, err
	}
	now := f.Issuer.Now()
	c := tokens.Credential{Key: key, Issued: now, Target: &t}
	got, form, err := concierge.Client{Wire: w, Server: t.Server, Form: concierge.Form(t.Concierge)}.Exchange(ctx, f.hold(key, t.Server, token.Token))
	if form != concierge.None { // Remember no "none": a new cluster gets its Concierge later.
		t.Concierge = string(form)
	}
	switch {
	case errors.Is(err, concierge.ErrNone): // The API server knows the issuer itself.
		c.Token, c.Expires = token.Token, token.Expires
	case err != nil && t.API != nil:
		return tokens.Credential{}, &ConciergeError{t.Server, err}
	case err != nil:
		return tokens.Credential{}, err
	default:
		c.Token, c.Certificate, c.PrivateKey = got.Token, got.Certificate, got.PrivateKey
		c.Expires = got.Expires.Add(-skew(got.Date, now))
	}
	if !c.Expires.After(now) {
		return tokens.Credential{}, fmt.Errorf("%s: the credential of the reply ended at %s: is the clock of this machine right?", t.Server, c.Expires.UTC().Format(time.RFC3339))
	}
	return c, nil
}
