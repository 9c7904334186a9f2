// Package syserr says what the system's errors mean. On Windows the same event has other numbers, often two: that of the socket and that of
// the system. Package syscall has the names of Unix there too (syscall.ECONNREFUSED), but the system never returns those.
package syserr

import (
	"errors"
	"syscall"
)

// Kind is what an error of the system means.
type Kind int

// The kinds of errors.
const (
	Refused   Kind = iota // nobody listens at a port
	NoRoute               // a network or host cannot be reached
	Broken                // a connection was closed
	TimedOut              // a host does not answer
	NoAddress             // an address is none of this machine
	Full                  // no room: a full disk, a quota or a size limit (RLIMIT_FSIZE)
	Faulty                // a disk or network drive fails
	ReadOnly              // a file system cannot be written to
	Busy                  // a file is in use, or is a mount point
)

// Is reports whether err, or an error that it wraps, is of this kind.
func (k Kind) Is(err error) bool {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return false
	}
	for _, c := range codes(k) {
		if c == code {
			return true
		}
	}
	return false
}
