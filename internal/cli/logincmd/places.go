package logincmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// places are where a login reads and writes.
type places struct {
	store   *tokens.Store
	passing bool // the store keeps nothing but refusals
	files   kubeconfig.Files
}

// open opens the store and the kubeconfig.
func open(e *console.Env, o Options) (at places, err error) {
	if o.Printed() {
		at, err = openPrinted(e)
	} else {
		at.store, err = e.OpenStore()
	}
	if err != nil {
		return places{}, err
	}
	at.files, err = command.Kubeconfig(e, at.store, o.files()...)
	if o.Printed() {
		return at, nil
	}
	if len(o.files()) == 0 && e.Getenv("KUBECONFIG") == "" && err == nil {
		if _, missing := os.Lstat(at.files.Paths[0]); missing != nil {
			err = console.CheckGuest(e.Getenv, at.files.Paths[0])
		}
	}
	return at, err
}

// openPrinted opens the store for a kubeconfig on standard output, which needs no home directory. Where there is no store and none can be
// made, one below the system's directory for temporary files remembers refusals, and nothing else. A store that is there and is refused
// stays refused.
func openPrinted(e *console.Env) (at places, err error) {
	at.store, err = e.OpenStore()
	if err == nil {
		err = disk.MkdirAll(at.store.Dir(), 0o700)
	}
	var permission *credfile.PermissionError
	if err == nil || errors.As(err, &permission) || !storeless(e) {
		return at, err
	}
	at.passing = true
	at.store, err = tokens.Open(filepath.Join(os.TempDir(), fmt.Sprintf("kubectl-vsphere-%d", os.Getuid())))
	return at, err
}

// storeless reports whether there is no store that this user could reach, or no place for one. A relative place is a person's mistake, and
// no such case.
func storeless(e *console.Env) bool {
	dir, err := credfile.Dir(e.Getenv, e.GOOS)
	if err != nil {
		var homeless *credfile.HomelessError
		return errors.As(err, &homeless)
	}
	_, err = os.Stat(dir)
	return err != nil
}
