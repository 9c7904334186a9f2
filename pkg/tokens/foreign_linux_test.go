package tokens

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// A sudo that keeps HOME may have left root's directories in a home. The error names the first of them, and the command that helps.
func TestStoreOfRoot(t *testing.T) {
	const me = 12345
	for name, c := range map[string]struct {
		roots string // what belongs to root below the home
		want  string // where the command begins
	}{
		"all from .local on": {".local", ".local"},
		"the store":          {".local/state/kubectl-vsphere", ".local/state/kubectl-vsphere"},
		"its accounts":       {".local/state/kubectl-vsphere/accounts", ".local/state/kubectl-vsphere/accounts"},
		"a mark":             {".local/state/kubectl-vsphere/accounts/a.json", ".local/state/kubectl-vsphere/accounts/a.json"},
		"its sessions":       {".local/state/kubectl-vsphere/sessions", ".local/state/kubectl-vsphere/sessions"},
	} {
		home := t.TempDir()
		dir := filepath.Join(home, ".local", "state", "kubectl-vsphere")
		if err := os.MkdirAll(filepath.Join(dir, "sessions"), 0o700); err != nil {
			t.Fatal(err)
		}
		mark := filepath.Join(dir, "accounts", "a.json")
		if err := errors.Join(os.Mkdir(filepath.Dir(mark), 0o700), os.WriteFile(mark, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
			if below, relErr := filepath.Rel(filepath.Join(home, c.roots), path); relErr == nil && filepath.IsLocal(below) {
				return err
			}
			return errors.Join(err, os.Chown(path, me, me))
		})
		if err != nil {
			t.Skip("a directory cannot be given away; use a file system with owners for TMPDIR: ", err)
		}
		if err := os.Chmod(filepath.Dir(home), 0o711); err != nil {
			t.Fatal(err)
		}
		disktest.As(t, disktest.User{ID: me, Group: me}, func() {
			store, err := Open(dir)
			if err == nil {
				err = store.Check()
			}
			var permission *credfile.PermissionError
			if want := "sudo chown -R 12345 " + safetext.Word(filepath.Join(home, c.want)); !errors.As(err, &permission) || permission.Remedy != want {
				t.Errorf("%s: %v, not %s", name, err, want)
			}
		})
	}
}
