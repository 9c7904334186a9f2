//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package secret

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// echoOff keeps the terminal's line mode, in which Ctrl-C is a signal, and stops its echo.
func echoOff(fd int) error {
	t, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return err
	}
	t.Lflag &^= unix.ECHO
	t.Lflag |= unix.ICANON | unix.ISIG
	t.Iflag |= unix.ICRNL
	return unix.IoctlSetTermios(fd, setTermios, t)
}

// resumption returns a channel that gets a signal when a person has the program go on after Ctrl-Z. end ends that.
func resumption() (resumed <-chan os.Signal, end func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGCONT)
	return c, func() { signal.Stop(c) }
}

// inForeground reports whether the terminal is this program's now. Whoever changes that of others is stopped (SIGTTOU). A terminal that
// controls no program is anybody's.
func inForeground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
