package kubeconfig

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// A directory of root's in a home, as after a sudo that keeps HOME, is named with the command that helps.
func TestKubeconfigInADirectoryOfRoot(t *testing.T) {
	const me = 12345
	f := files(t, ".kube/config")
	kube := filepath.Dir(f.Paths[0])
	home := filepath.Dir(kube)
	err := os.Mkdir(kube, 0o700)
	for _, do := range []func() error{
		func() error { return os.Chown(home, me, me) },
		func() error { return os.Chmod(filepath.Dir(home), 0o711) },
	} {
		if err == nil {
			err = do()
		}
	}
	if err != nil {
		t.Skip("a directory cannot be given away here; run it as root, on a file system with owners: ", err)
	}
	for _, mode := range []os.FileMode{0o700, 0o755} {
		if err := os.Chmod(kube, mode); err != nil {
			t.Fatal(err)
		}
		disktest.As(t, disktest.User{ID: me, Group: me}, func() {
			var failed *FileError
			if _, err := f.Check(t.Context()); !errors.As(err, &failed) || !strings.Contains(err.Error(), kube+" belongs to user 0; type: sudo chown -R 12345 "+kube) {
				t.Errorf("mode %o: %v", mode, err)
			}
		})
	}
}
