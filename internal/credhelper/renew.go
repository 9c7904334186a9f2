package credhelper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
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
	// maxLine bounds what is repeated of a child's words, in characters.
	maxLine = 600
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

// renew has kubectl-vsphere bring the credential of key into the store, by the locks and guards that kubectl's own calls go by. Nobody is
// asked for anything. The error is what that program said.
func renew(key credfile.Key, wait time.Duration) error {
	path, err := findPlugin()
	if err != nil {
		return fmt.Errorf("the login of %s at %s has ended, and it cannot be renewed: %w", key.User, key.Server, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	var said bytes.Buffer
	c := exec.CommandContext(ctx, path, key.Args()...) //nolint:gosec // Our own program.
	c.Env = append(os.Environ(), silent)
	c.Stderr = &said
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = grace
	err = c.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("renewing the login of %s at %s takes longer than %s (%s)", key.User, key.Server, wait, timeoutVariable)
	case err != nil:
		return errors.New(lastWords(said.String(), err))
	}
	return nil
}

// lastWords are the error of the child and its next step, in one line.
func lastWords(said string, err error) string {
	_, text, found := strings.Cut("\n"+said, "\nerror: ")
	if !found {
		return plugin + ": " + err.Error()
	}
	return safetext.Line(strings.Join(strings.Split(strings.TrimSpace(text), "\n"), "; "), maxLine)
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
