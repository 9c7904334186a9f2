package secret

import (
	"os"

	"golang.org/x/sys/windows"
)

// echoOff keeps the console's line mode, in which Ctrl-C is a signal, and stops its echo.
func echoOff(fd int) error {
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(fd), &mode); err != nil {
		return err
	}
	mode &^= windows.ENABLE_ECHO_INPUT
	mode |= windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	return windows.SetConsoleMode(windows.Handle(fd), mode)
}

// dropInput throws away what was typed and not read.
func dropInput(fd int) error { return windows.FlushConsoleInputBuffer(windows.Handle(fd)) }

// resumption never resumes: there is no Ctrl-Z that stops a program.
func resumption() (resumed <-chan os.Signal, end func()) { return nil, func() {} }

func inForeground(int) bool { return true }
