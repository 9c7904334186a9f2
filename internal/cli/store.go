package cli

import (
	"fmt"
	"runtime"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// openStore opens the store at its place.
func (a *App) openStore() (*tokens.Store, error) {
	dir, err := hit.Dir(a.Getenv, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	return tokens.Open(dir)
}

// loginCommandFor is what a person types to log in again.
func loginCommandFor(server, user string) string {
	return fmt.Sprintf("kubectl vsphere login --server %s -u %s", quote(server), quote(user))
}
