//go:build !unix

package credhelper

import (
	"errors"
	"os"
	"os/exec"
)

// replaceProcess runs another program at the same terminal and returns its exit code.
func replaceProcess(path string, argv []string) (int, error) {
	c := exec.Command(path, argv[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
