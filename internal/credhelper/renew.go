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

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const (
	// plugin is the program that does everything that needs the network.
	plugin = "kubectl-vsphere"
	// timeoutVariable bounds how long get waits for a renewal. Registry clients have no time limit of their own.
	timeoutVariable = "DOCKER_CREDENTIAL_VSPHERE_TIMEOUT"
	defaultTimeout  = 10 * time.Second
	// grace is the time that a child process has to clean up after its time limit.
	grace = time.Second
)

// nonInteractive is the variable with which client-go tells a plugin that it must not ask.
const nonInteractive = credfile.ExecInfoVariable + `={"kind":"ExecCredential","apiVersion":"` + credfile.V1 + `","spec":{"interactive":false}}`

// timeout returns the user's time limit, a number of seconds or a duration, else defaultTimeout. The error is about a value that is
// neither; defaultTimeout comes with it.
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

// The exit codes of kubectl-vsphere, as in docs/reference.md.
const (
	exitUsage       = 2
	exitRefused     = 3
	exitServer      = 4
	exitInterrupted = 130
)

// exitError is the error if kubectl-vsphere got no credential. Its exit code says why. Its messages are for people, and may change.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("%s ends with exit code %d", plugin, e.code) }

// timeoutError is the error if kubectl-vsphere ran into the time limit.
type timeoutError struct{ wait time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("%s takes longer than %s (%s)", plugin, duration.Text(e.wait), timeoutVariable)
}

// renew runs kubectl-vsphere get-token to renew the credential of key in the store, with the same locks and guards as for kubectl. It asks
// nobody. The error is an *exitError, a *timeoutError, or says why that program cannot run.
func renew(key credfile.Key, wait time.Duration) error {
	process.NoDump() // The environment may hold the password, and this waits.
	path, err := findPlugin()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	c := process.Own(ctx, path, key.Args()...)
	c.Env = append(c.Env, nonInteractive)
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

// findPlugin returns the path of kubectl-vsphere, from this program's directory or from PATH.
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
