package process

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// Words splits the command line of a program into words, as people of this system write it, without running a shell: variables, pipes and
// patterns have no meaning. On Windows it follows CommandLineToArgvW (a backslash is a backslash, and only " quotes), elsewhere the quotes of
// a POSIX shell.
func Words(line string) ([]string, error) { return words(strings.TrimSpace(line)) }

// BatchError is the error for an argument that a batch file would not get as it is: Windows runs batch files with cmd.exe, which takes such
// an argument for more than itself, even for another command.
type BatchError struct{ Path, Arg string }

// Error names the program and what is wrong.
func (e *BatchError) Error() string {
	return fmt.Sprintf("%s is a batch file, and cmd.exe would read more than an argument in %.80q; name the program that it starts, or leave out %s",
		e.Path, e.Arg, strings.Join(strings.Split(readByCmd, ""), " "))
}

// readByCmd are the characters of an argument that cmd.exe reads itself.
const readByCmd = `&|<>^%"`

// Check returns a *BatchError if the program at path cannot get such arguments. It is nil on other systems than Windows.
func Check(path string, args ...string) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	return check(path, args)
}

func check(path string, args []string) error {
	switch strings.ToLower(filepath.Ext(strings.TrimRight(path, ". "))) { // Windows drops dots and spaces at the end of a name.
	case ".bat", ".cmd":
	default:
		return nil
	}
	for _, arg := range args {
		if strings.ContainsAny(arg, readByCmd+"\r\n") {
			return &BatchError{path, arg}
		}
	}
	return nil
}
