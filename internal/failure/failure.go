// Package failure makes of an error what a person and a script need: an exit code, and the next step to type. Errors are values
// with a kind (wire.ErrRefused, *trust.UntrustedError, ...); only this package and the commands put flags and commands into words.
package failure

import (
	"errors"
	"fmt"
)

var (
	// ErrInterrupted is Ctrl-C, or another signal that ends the program.
	ErrInterrupted = errors.New("interrupted")
	// ErrPartial is a command that did some of what it was asked for.
	ErrPartial = errors.New("not everything worked")
)

// UsageError is an unknown, missing or conflicting flag or argument.
type UsageError struct {
	Command string // as typed, "kubectl-vsphere login"; empty: not known yet
	Err     error
}

// Error is the text of Err.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives Err.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a *UsageError of the command that runs.
func Usagef(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// hinted is an error with the next step that a person can type.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint attaches a next step to err; nil stays nil.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{error: err, hint: fmt.Sprintf(format, args...)}
}

// Hinted reports whether err carries a next step already.
func Hinted(err error) bool {
	var h *hinted
	return errors.As(err, &h)
}

// silent is an error that was told already.
type silent struct{ error }

func (e *silent) Unwrap() error { return e.error }

// Silent marks an error that the command has told already: it only sets the exit code.
func Silent(err error) error { return &silent{err} }
