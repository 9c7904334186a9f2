//go:build unix

package console

import (
	"io"

	"golang.org/x/sys/unix"
)

// closed reports whether a stream is a pipe or a terminal that nobody reads any more.
func closed(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return false
	}
	asked := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLOUT}} //nolint:gosec // A descriptor is small.
	n, err := unix.Poll(asked, 0)
	return err == nil && n > 0 && asked[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}
