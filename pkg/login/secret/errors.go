package secret

import (
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrTooMany means that an accepted secret is not sent again: refusals of others fill what may count.
var ErrTooMany = errors.New("four passwords of this user were refused or had no clear answer: one more refusal could lock the account")

// ErrTooLate is the error of Guard.Later if there is no time to wait that long.
var ErrTooLate = errors.New("there is no time to wait")

// NoPasswordError means that the sources gave nothing that may be sent.
type NoPasswordError struct {
	Reasons []string // in words, one for each source that might have had one
	Known   bool     // there was one, and the server had refused it a moment ago
	TooMany bool     // one more refusal might lock the account
}

// Error gives the last reason, which is the one nearest to the user.
func (e *NoPasswordError) Error() string {
	if len(e.Reasons) == 0 {
		return "there is no password to send"
	}
	return e.Reasons[len(e.Reasons)-1]
}

// Is makes a refused secret that was not sent again a wire.ErrRefused.
func (e *NoPasswordError) Is(target error) bool { return e.Known && target == wire.ErrRefused }

// RefusedError is a secret that the server refused just now. It wraps the server's answer, a wire.ErrRefused.
type RefusedError struct {
	Source string
	Err    error
}

// Error gives the server's answer.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives the server's answer.
func (e *RefusedError) Unwrap() error { return e.Err }

// BusyError means that the server asked to get no request before a time, and that renewals wait for it.
type BusyError struct{ Until time.Time }

// Error says until when.
func (e *BusyError) Error() string {
	return "the server is busy and asked to wait: nothing is sent to it before " + e.Until.Local().Format(time.TimeOnly)
}

// Unwrap returns wire.ErrServer.
func (e *BusyError) Unwrap() error { return wire.ErrServer }
