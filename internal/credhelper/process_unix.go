//go:build unix

package credhelper

import (
	"os"
	"syscall"
)

// replaceProcess replaces this process with another program, which then gets signals and the terminal. It returns only after an error.
func replaceProcess(path string, argv []string) (int, error) {
	return 0, syscall.Exec(path, argv, os.Environ()) //nolint:gosec // The program that was installed with this one.
}
