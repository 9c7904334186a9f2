//go:build !unix

package credhelper

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
)

// replaceProcess runs another program at the same terminal and returns its exit code.
func replaceProcess(path string, argv []string) (int, error) {
	c := process.Own(context.Background(), path, argv[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
