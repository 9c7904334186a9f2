package client

import (
	"errors"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// The kinds of an Error.
var (
	// ErrLoginRequired means that the session has ended, and that only a person can log in again.
	ErrLoginRequired = errors.New("a person must log in")
	// ErrRefused means that the password, the client's secret or the token was refused, now or a moment ago. It is not sent
	// again for a while, since vCenter locks accounts.
	ErrRefused = errors.New("the identity was refused")
	// ErrUnavailable means that a server did not answer as it should. A later call may succeed.
	ErrUnavailable = errors.New("a server is not available")
	// ErrUntrusted means that the certificate of a server is not trusted. Nothing secret was sent to it.
	ErrUntrusted = errors.New("the certificate of a server is not trusted")
)

// Error is an error of this package, except for wrong arguments. Its text holds no secret.
type Error struct {
	// Kind is one of the kinds above, or nil. errors.Is finds it.
	Kind error
	// Next is what a person can do or type, or "".
	Next string

	err error
}

// Error returns what happened. For ErrLoginRequired, that includes the command to type.
func (e *Error) Error() string { return safetext.Error(e.err) }

// Unwrap returns the kind and the cause. The cause can be the error of a context.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.err}
	}
	return []error{e.Kind, e.err}
}

// explained returns an error as an *Error. step is what gives the next step; nil: nobody types commands.
func explained(err error, step func(error) string) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &Error{Kind: kindOf(err), err: err}
	if step != nil {
		e.Next = step(err)
	}
	return e
}

// typed returns the next step after an error of a stored session.
func typed(err error) string { return failure.NextStep(err) }

func kindOf(err error) error {
	var ended *tokens.LoginRequiredError
	var untrusted *trust.UntrustedError
	var failed *tokens.FailedError
	var none *secret.NoPasswordError
	switch {
	case errors.As(err, &ended), errors.Is(err, login.ErrEnded):
		return ErrLoginRequired
	case errors.As(err, &untrusted):
		return ErrUntrusted
	case errors.Is(err, wire.ErrRefused), errors.Is(err, wire.ErrForbidden), errors.Is(err, oidc.ErrClient), errors.As(err, &none):
		return ErrRefused
	case errors.As(err, &failed), errors.Is(err, wire.ErrUnreachable), errors.Is(err, wire.ErrServer), errors.Is(err, wire.ErrNotFound):
		return ErrUnavailable
	}
	return nil
}
