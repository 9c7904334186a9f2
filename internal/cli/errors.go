package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Exit codes. They are documented in the README and scripts depend on them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3 // the identity was refused: 401, or 403 on /wcp
	exitServer      = 4 // unreachable, not trusted, not a Supervisor, 5xx or garbled
	exitPartial     = 5 // done in part
	exitInterrupted = 130
)

var errInterrupted = errors.New("interrupted")

// usageError is a command line that cannot be meant.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{err: fmt.Errorf(format, args...)} }

// hinted is an error with the next step that a person can type.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// hint attaches a next step to err; nil stays nil.
func hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{error: err, hint: fmt.Sprintf(format, args...)}
}

func exitCode(err error) int {
	var usage *usageError
	var untrusted *trust.UntrustedError
	var failed *tokens.FailedError
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case is(errInterrupted, secret.ErrCancelled, context.Canceled):
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case is(errPartial):
		return exitPartial
	case is(supervisor.ErrNotSupervisor): // Before the next one: it may say 401 or 403 to everybody.
		return exitServer
	case is(wire.ErrRefused, wire.ErrForbidden):
		return exitRefused
	case errors.As(err, &untrusted), errors.As(err, &failed), is(wire.ErrUnreachable, wire.ErrServer, wire.ErrNotFound):
		return exitServer
	}
	return exitFailed
}

// explain prints err on standard error: what happened, then what to do about it.
func (a *App) explain(err error) {
	var silent *silentError
	if errors.As(err, &silent) {
		return
	}
	fmt.Fprintf(a.ErrOut, "error: %s\n", err)
	if step := nextStep(err); step != "" {
		fmt.Fprintln(a.ErrOut, step)
	}
}

// silentError is an error that was told already.
type silentError struct{ error }

func (e *silentError) Unwrap() error { return e.error }

// nextStep is the last line that a person reads: what to type or whom to ask.
func nextStep(err error) string {
	var h *hinted
	var usage *usageError
	var login *tokens.LoginRequiredError
	switch {
	case errors.As(err, &login):
		return ""
	case errors.As(err, &h):
		return h.hint
	}
	if step := advice(err); step != "" {
		return step
	}
	if errors.As(err, &usage) {
		return fmt.Sprintf("Type \"%s --help\" for the flags.", strings.TrimSpace(usage.commandOr("kubectl vsphere")))
	}
	return ""
}

func (e *usageError) commandOr(fallback string) string {
	if e.command == "" {
		return fallback
	}
	return strings.Replace(e.command, "kubectl-vsphere", "kubectl vsphere", 1)
}
