package credhelper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const (
	// plugin is the program that does all that needs the network.
	plugin = "kubectl-vsphere"
	// timeoutVariable bounds what get waits when the store has nothing: no registry client has a bound of its own.
	timeoutVariable = "DOCKER_CREDENTIAL_VSPHERE_TIMEOUT"
	defaultTimeout  = 10 * time.Second
	// grace is what a child gets to clean up when its time is over.
	grace = time.Second
)

// silent is what client-go says to a plugin that must not ask anybody.
const silent = credfile.ExecInfoVariable + `={"kind":"ExecCredential","apiVersion":"` + credfile.V1 + `","spec":{"interactive":false}}`

// timeout is DefaultTimeout, or what the user set: a number of seconds or a duration.
func timeout(getenv func(string) string) (time.Duration, error) {
	text := getenv(timeoutVariable)
	if text == "" {
		return defaultTimeout, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d <= 0 {
		return defaultTimeout, fmt.Errorf("%s is not a duration such as 10s: %.40q", timeoutVariable, text)
	}
	return d, nil
}

// What the exit code of kubectl-vsphere says, as the README documents it.
const (
	exitUsage       = 2
	exitRefused     = 3
	exitServer      = 4
	exitInterrupted = 130
)

// exitError is a kubectl-vsphere that brought no credential. Its code says why: its words are for a person at a terminal, and change.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("%s ends with exit code %d", plugin, e.code) }

// timeoutError is a kubectl-vsphere that took longer than it may.
type timeoutError struct{ wait time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("%s takes longer than %s (%s)", plugin, e.wait, timeoutVariable)
}

// renew has kubectl-vsphere bring the credential of key into the store, by the locks and guards that kubectl's own calls go by. Nobody is
// asked for anything. The error is an *exitError, a *timeoutError, or says why that program cannot be run.
func renew(key credfile.Key, wait time.Duration) error {
	path, err := findPlugin()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	c := exec.CommandContext(ctx, path, key.Args()...) //nolint:gosec // Our own program.
	c.Env = append(os.Environ(), silent)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = grace
	err = c.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return &timeoutError{wait}
	case errors.As(err, &exit):
		return &exitError{exit.ExitCode()}
	}
	return err
}

// findPlugin is kubectl-vsphere beside this program, where both were installed, else on PATH.
func findPlugin() (string, error) {
	name := plugin
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(plugin)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside %s nor on PATH", plugin, Name)
	}
	return path, nil
}
