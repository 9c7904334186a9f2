package cli_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// What a sudo that keeps HOME left in a store is named with the command that helps, before anything is sent.
func TestLoginWithAStoreOfRoot(t *testing.T) {
	const me = 12345
	for _, roots := range []string{"sites", "sites/*.json", "accounts", "accounts/*.json", "sessions", "credentials"} {
		t.Run(strings.ReplaceAll(roots, "/*.json", " files"), func(t *testing.T) {
			w, s := homely(t, me)
			store := filepath.Join(w.Dir, "store")
			w.Vars[credfile.HomeVariable] = store
			w.Run(clitest.SignIn(w)...).Exits(0)
			w.Vars[failure.PasswordVariable] = "wrong" // It leaves a mark.
			w.Run(clitest.SignIn(w)...).Exits(3)
			w.Vars[failure.PasswordVariable] = consoletest.Password
			if err := os.Chmod(filepath.Dir(w.Dir), 0o711); err != nil {
				t.Fatal(err)
			}
			err := filepath.WalkDir(w.Dir, func(path string, _ fs.DirEntry, err error) error { return errors.Join(err, os.Chown(path, me, me)) })
			found, globErr := filepath.Glob(filepath.Join(store, roots))
			if err != nil || globErr != nil || len(found) == 0 {
				t.Fatal(err, globErr, found)
			}
			for _, path := range found {
				if err := os.Chown(path, 0, 0); err != nil {
					t.Fatal(err)
				}
			}
			before := len(s.Requests())
			disktest.As(t, disktest.User{ID: me, Group: me}, func() {
				w.Run(clitest.SignIn(w)...).Exits(1).Says("sudo chown -R 12345 " + found[0])
			})
			if n := len(s.Requests()) - before; n > 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A container may run as a user whose home directory nobody made, or is that of root.
func TestPrintedKubeconfigOfAGuest(t *testing.T) {
	const me = 12345
	for name, mode := range map[string]os.FileMode{"a home that cannot be made": 0o755, "a home of root's": 0o700} {
		t.Run(name, func(t *testing.T) {
			w, _ := homely(t, os.Geteuid())
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			above := filepath.Join(w.Dir, "above")
			err := errors.Join(os.Mkdir(above, 0o700), os.Chmod(above, mode), os.Chmod(temp, 0o1777),
				os.Chmod(w.Dir, 0o711), os.Chmod(filepath.Dir(w.Dir), 0o711), os.Chmod(filepath.Dir(temp), 0o711), os.Chmod(w.CAFile, 0o644))
			if err != nil {
				t.Fatal(err)
			}
			w.Vars["HOME"] = filepath.Join(above, "home")
			disktest.As(t, disktest.User{ID: me, Group: me}, func() {
				printed(t, w, "--workload-clusters", "none") // Others than this thread log in to clusters, and they are root.
			})
		})
	}
}
