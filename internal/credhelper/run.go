package credhelper

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const usage = `Gives your vSphere login to docker, podman, skopeo, buildah, crane, oras, helm and other registry clients.

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

// Run runs the program and returns the exit code. For a command of the protocol, it may end the process itself.
func Run(args []string) int {
	switch {
	case len(args) == 0:
		fmt.Fprintln(os.Stderr, usage)
		return 1
	case slices.Contains(protocol, args[0]):
		if args[0] == credentials.ActionStore { // A person's password may come in.
			process.NoDump()
		}
		return serve()
	case args[0] == "--help" || args[0] == "-h" || args[0] == "help":
		fmt.Println(usage)
		return 0
	case slices.Contains([]string{"login", "logout", "configure", "status"}, args[0]):
		return delegate(args)
	}
	fmt.Fprintf(os.Stderr, "%s: unknown command %q; type: %s --help\n", Name, args[0], Name)
	return 2
}

// serve runs a command of the protocol.
func serve() int {
	dir, err := credfile.Dir(os.Getenv, runtime.GOOS)
	if err != nil {
		credentials.Serve(noStore{err, os.Stderr})
		return 0
	}
	credentials.Serve(New(registry.Store{Dir: dir}, os.Getenv, os.Stderr))
	return 0
}

// New returns the helper of a store.
func New(store registry.Store, getenv func(string) string, errOut io.Writer) *Helper {
	wait, err := timeout(getenv)
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
func delegate(args []string) int {
	path, err := findPlugin()
	if err == nil {
		var code int
		if code, err = replaceProcess(path, append([]string{path, "registry"}, args...)); err == nil {
			return code
		}
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", Name, err)
	return 1
}
