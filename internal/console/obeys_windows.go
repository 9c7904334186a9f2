package console

import (
	"io"

	"golang.org/x/sys/windows"
)

// obeys has the console obey escape sequences, and reports whether it does. Consoles before Windows 10 do not. Terminals that are no
// consoles, such as that of Cygwin, always do. The shell sets the mode of its console again.
// https://learn.microsoft.com/windows/console/setconsolemode
func obeys(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return true
	}
	var mode uint32
	console := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return true
	}
	const wanted = windows.ENABLE_PROCESSED_OUTPUT | windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return mode&wanted == wanted || windows.SetConsoleMode(console, mode|wanted) == nil
}
