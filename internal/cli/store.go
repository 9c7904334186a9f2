package cli

import (
	"fmt"
	"path/filepath"
	"runtime"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// openStore opens the store at its place.
func (a *App) openStore() (*tokens.Store, error) {
	dir, err := credfile.Dir(a.Getenv, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	return tokens.Open(dir)
}

// open opens the store and finds the user's kubeconfig files. A path given by a flag stands for all of them, as with kubectl.
func (a *App) open(kubeconfigs ...string) (*tokens.Store, kubeconfig.Files, error) {
	store, err := a.openStore()
	if err != nil {
		return nil, kubeconfig.Files{}, err
	}
	paths := kubeconfigs
	if len(paths) == 0 {
		paths, err = kubeconfig.Locate(a.Getenv, a.Home)
	}
	return store, kubeconfig.Files{
		Paths: paths, Lock: filepath.Join(store.Dir(), "kubeconfig.lock"),
		Warn: func(message string) { fmt.Fprintln(a.ErrOut, message) },
	}, err
}

// loadKubeconfig reads the files merged.
func (a *App) loadKubeconfig() (*api.Config, error) {
	_, files, err := a.open()
	if err != nil {
		return nil, err
	}
	return files.Load()
}

// loginCommandFor is what a person types to log in again.
func loginCommandFor(server, user string) string {
	if user == "" {
		return "kubectl vsphere login --server " + quote(server)
	}
	return fmt.Sprintf("kubectl vsphere login --server %s -u %s", quote(server), quote(user))
}

// loginCommandOf is what a person types to bring a session back. By an identity provider no user is named.
func loginCommandOf(s tokens.Session) string {
	if s.Method == methodOIDC {
		return loginCommandFor(s.Server, "") + " --auth-method oidc"
	}
	return loginCommandFor(s.Server, s.User)
}

// logoutCommandFor is what a person types to end a session.
func logoutCommandFor(server, user string) string {
	return fmt.Sprintf("kubectl vsphere logout --server %s -u %s", quote(server), quote(user))
}
