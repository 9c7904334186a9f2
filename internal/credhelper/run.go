package credhelper

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const usage = `Hands your vSphere login to docker, podman, skopeo, buildah, crane, oras, helm and every other registry client.

Usage, by people:
  docker-credential-vsphere login [REGISTRY] [-u USER] [--server SUPERVISOR] [--service STORE] [--tlscacert FILE]
  docker-credential-vsphere logout [REGISTRY]
  docker-credential-vsphere configure [REGISTRY...] [--check|--remove] [--force] [--service STORE]
  docker-credential-vsphere status

Usage, by registry clients (https://github.com/docker/docker-credential-helpers):
  docker-credential-vsphere get|store|erase|list|version

login, logout, configure and status are "kubectl vsphere registry" under other names; "... login --help" tells their flags.
When a login has ended, get renews it if that needs nobody; it waits 10s at most, or what DOCKER_CREDENTIAL_VSPHERE_TIMEOUT says.`

// protocol are the words of registry clients.
var protocol = []string{credentials.ActionGet, credentials.ActionStore, credentials.ActionErase, credentials.ActionList, credentials.ActionVersion, "--version", "-v"}

// Run is the program. It returns the exit code; for the words of the protocol it may not return.
func Run(args []string) int {
	switch {
	case len(args) == 0:
		fmt.Fprintln(os.Stderr, usage)
		return 1
	case slices.Contains(protocol, args[0]):
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

// serve speaks the protocol.
func serve() int {
	dir, err := credfile.Dir(os.Getenv, runtime.GOOS)
	if err != nil {
		credentials.Serve(homeless{err, os.Stderr})
		return 0
	}
	credentials.Serve(New(registry.Store{Dir: dir}, os.Getenv, os.Stderr))
	return 0
}

// New is the helper of a store.
func New(store registry.Store, getenv func(string) string, errOut io.Writer) *Helper {
	wait, err := timeout(getenv)
	if err != nil {
		fmt.Fprintf(errOut, "%s: %v\n", Name, err)
	}
	return &Helper{
		Store: store, Now: time.Now, ErrOut: errOut,
		Renew:   func(key credfile.Key) error { return renew(key, wait) },
		Backing: func(name string) Backing { return program{name, wait} },
	}
}

// homeless is a helper without a place for anything: it has nothing, and keeps nothing.
type homeless struct {
	err    error
	errOut io.Writer
}

// Add implements credentials.Helper.
func (h homeless) Add(*credentials.Credentials) error { return h.err }

// Delete implements credentials.Helper.
func (h homeless) Delete(string) error { return nil }

// Get implements credentials.Helper.
func (h homeless) Get(string) (username, secret string, err error) {
	fmt.Fprintf(h.errOut, "%s: %v\n", Name, h.err)
	return "", "", credentials.NewErrCredentialsNotFound()
}

// List implements credentials.Helper.
func (h homeless) List() (map[string]string, error) { return map[string]string{}, nil }

// delegate runs the command of kubectl-vsphere that a person's word stands for.
func delegate(args []string) int {
	path, err := findPlugin()
	if err == nil {
		var code int
		if code, err = become(path, append([]string{path, "registry"}, args...)); err == nil {
			return code
		}
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", Name, err)
	return 1
}
