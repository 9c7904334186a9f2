package credhelper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Usage is the help of the program: a sentence, and after an empty line the rest.
const Usage = `Gives your vSphere login to docker, podman, skopeo, buildah, crane, oras, helm and other registry clients.

Usage, by people:
  docker-credential-vsphere login [REGISTRY] [-u USER] [--server SUPERVISOR] [--service STORE] [--tlscacert FILE]
  docker-credential-vsphere logout [REGISTRY]
  docker-credential-vsphere configure [REGISTRY...] [--check|--remove] [--force] [--service STORE]
  docker-credential-vsphere status

Usage, by registry clients (https://github.com/docker/docker-credential-helpers):
  docker-credential-vsphere get|store|erase|list|version

login, logout, configure and status are commands of "kubectl vsphere registry". Type "... login --help" to see the flags.
When a login has ended, get renews it if no person is needed. It waits at most 10s, or DOCKER_CREDENTIAL_VSPHERE_TIMEOUT.`

// protocol are the commands that registry clients use.
var protocol = []string{credentials.ActionGet, credentials.ActionStore, credentials.ActionErase, credentials.ActionList, credentials.ActionVersion, "--version", "-v"}

// Run runs the program and returns the exit code.
func Run(args []string) int {
	stderr := safetext.NewWriter(layout.Prose(os.Stderr))
	switch {
	case len(args) == 0:
		fmt.Fprintln(stderr, Usage)
		return 1
	case slices.Contains(protocol, args[0]):
		if args[0] == credentials.ActionStore { // A person's password may come in.
			process.NoDump()
		}
		return serve(args, stderr)
	case args[0] == "--help" || args[0] == "-h" || args[0] == "help":
		fmt.Fprintln(layout.Prose(os.Stdout), Usage)
		return 0
	case slices.Contains([]string{"login", "logout", "configure", "status"}, args[0]):
		return delegate(args, stderr)
	}
	fmt.Fprintf(stderr, "%s: unknown command %q; type: %s --help\n", Name, args[0], Name)
	return 2
}

// serve runs a command of the protocol.
func serve(args []string, stderr io.Writer) int {
	dir, err := credfile.Dir(os.Getenv, runtime.GOOS)
	if err != nil {
		dir, err = credfile.Dir(process.WithHome(os.Getenv), runtime.GOOS)
	}
	if err != nil {
		return answer(noStore{err, stderr}, args, os.Stdin, os.Stdout)
	}
	return answer(New(registry.Store{Dir: dir}, os.Getenv, stderr), args, os.Stdin, os.Stdout)
}

// answer is credentials.Serve with a bound of the input. Errors go to out, as the protocol wants it.
func answer(h credentials.Helper, args []string, in io.Reader, out io.Writer) int {
	var err error
	switch {
	case len(args) != 1:
		err = fmt.Errorf("Usage: %s <store|get|erase|list|version>", Name) //nolint:staticcheck // A text of the protocol.
	case args[0] == "--version" || args[0] == "-v":
		err = credentials.PrintVersion(out)
	default:
		err = credentials.HandleCommand(oneLine{h}, args[0], &bounded{in, maxInput}, out)
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	return 0
}

// oneLine is a helper whose errors are one harmless line each: Serve prints them on standard output, and clients pass that on. They may
// hold what another helper printed.
type oneLine struct{ credentials.Helper }

// Add implements credentials.Helper.
func (h oneLine) Add(c *credentials.Credentials) error { return harmless(h.Helper.Add(c)) }

// Delete implements credentials.Helper.
func (h oneLine) Delete(url string) error { return harmless(h.Helper.Delete(url)) }

// Get implements credentials.Helper.
func (h oneLine) Get(url string) (username, secret string, err error) {
	username, secret, err = h.Helper.Get(url)
	return username, secret, harmless(err)
}

// List implements credentials.Helper.
func (h oneLine) List() (map[string]string, error) {
	all, err := h.Helper.List()
	return all, harmless(err)
}

// maxMessage bounds a message, in characters.
const maxMessage = 4096

func harmless(err error) error {
	if err == nil || safetext.IsLine(err.Error(), maxMessage) {
		return err
	}
	return errors.New(safetext.Line(err.Error(), maxMessage))
}

// New returns the helper of a store.
func New(store registry.Store, getenv func(string) string, errOut io.Writer) *Helper {
	wait, err := timeout(getenv)
	errOut = safetext.NewWriter(errOut)
	if err != nil {
		fmt.Fprintf(errOut, "%s: %v\n", Name, err)
	}
	return &Helper{
		Store: store, Now: time.Now, ErrOut: errOut,
		Renew:   func(key credfile.Key) error { return renew(key, wait) },
		Backing: func(name string) Backing { return program{name, wait, store} },
	}
}

// noStore is a helper without a directory for its store: it has no login, and stores none.
type noStore struct {
	err    error
	errOut io.Writer
}

// Add implements credentials.Helper.
func (h noStore) Add(*credentials.Credentials) error { return h.err }

// Delete implements credentials.Helper.
func (h noStore) Delete(string) error { return nil }

// Get implements credentials.Helper.
func (h noStore) Get(string) (username, secret string, err error) {
	fmt.Fprintf(h.errOut, "%s: %v\n", Name, h.err)
	return "", "", credentials.NewErrCredentialsNotFound()
}

// List implements credentials.Helper.
func (h noStore) List() (map[string]string, error) { return map[string]string{}, nil }

// delegate runs the kubectl-vsphere registry command with the same arguments.
func delegate(args []string, stderr io.Writer) int {
	path, err := findPlugin()
	if err == nil {
		var code int
		if code, err = replaceProcess(path, append([]string{path, "registry"}, args...)); err == nil {
			return code
		}
	}
	fmt.Fprintf(stderr, "%s: %v\n", Name, err)
	return 1
}
