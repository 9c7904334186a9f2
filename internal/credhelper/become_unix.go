//go:build unix

package credhelper

import (
	"os"
	"syscall"
)

// become replaces this process with another program, so that signals and the terminal are that one's. It returns only an error.
func become(path string, argv []string) (int, error) {
	return 0, syscall.Exec(path, argv, os.Environ()) //nolint:gosec // The program that was installed with this one.
}
