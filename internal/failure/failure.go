// Package failure turns an error into what scripts and people need: an exit code, and the next step to type. Errors of pkg are
// typed values (wire.ErrRefused, *trust.UntrustedError, ...). Only this package and the commands name flags and commands in a text.
package failure

import (
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

var (
	// ErrInterrupted is the error after Ctrl-C, or another signal that ends the program.
	ErrInterrupted = errors.New("interrupted")
	// ErrPartial is the error of a command that was done in part.
	ErrPartial = errors.New("not everything worked")
)

// StatusError is the exit code of another program that did the work and has said itself what is wrong. It becomes that of the command.
type StatusError struct {
	Program string
	Status  int
}

// Error returns the program with its exit code.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s ended with exit code %d", e.Program, e.Status)
}

// UsageError is an unknown, missing or conflicting flag or argument.
type UsageError struct {
	Command string // cobra's command path, such as "kubectl-vsphere login"; empty: cli.Run fills it in
	Group   bool   // Command is a group, and has no command of the name that was typed
	Err     error
}

// Error returns the text of Err.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef returns a *UsageError of the running command.
func Usagef(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// hinted is an error with a next step.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint adds a next step to err. It keeps line ends only in the format and in safetext.Lines. For nil it returns nil.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{error: err, hint: fmt.Sprintf(format, safetext.Args(args)...)}
}

// either is an error whose text has a command, where another one may be right.
type either struct {
	error
	other string
}

func (e *either) Unwrap() error { return e.error }

// Either adds a second next step to an error whose text has the first one.
func Either(err error, format string, args ...any) error {
	return &either{err, fmt.Sprintf(format, safetext.Args(args)...)}
}

// Hinted reports whether err has a next step already.
func Hinted(err error) bool {
	var h *hinted
	return errors.As(err, &h)
}

// silent is an error that was printed already.
type silent struct{ error }

func (e *silent) Unwrap() error { return e.error }

// Silent marks an error that the command has printed already: it only sets the exit code.
func Silent(err error) error { return &silent{err} }

// Printed reports whether the command has printed err already.
func Printed(err error) bool {
	var printed *silent
	return errors.As(err, &printed)
}
