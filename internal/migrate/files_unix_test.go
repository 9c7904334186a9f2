//go:build unix

package migrate

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd/api"
)

// Only regular files are read, also through links: a device has no end, and a FIFO may have no writer.
func TestReadsRegularFiles(t *testing.T) {
	const name = ".config/tanzu/config-ng.yaml"
	make := map[string]func(path string) error{
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a device":    func(path string) error { return os.Symlink("/dev/zero", path) },
		"a FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a loop":      func(path string) error { return os.Symlink(path, path) },
	}
	for what, made := range make {
		t.Run(what, func(t *testing.T) {
			home := homeWith(t, map[string]string{".config/tanzu/config.yaml": "contexts: [{name: a, clusterOpts: {endpoint: 10.0.0.4}}]"})
			if err := made(filepath.Join(home, name)); err != nil {
				t.Fatal(err)
			}
			got, errs := Read(t.Context(), home, api.NewConfig())
			if len(got) != 1 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "config-ng.yaml") {
				t.Errorf("%+v, %v", got, errs)
			}
		})
	}
	home := homeWith(t, map[string]string{"dotfiles/tanzu.yaml": "contexts: [{name: a}]", ".config/tanzu/x": ""})
	if err := os.Symlink(filepath.Join(home, "dotfiles/tanzu.yaml"), filepath.Join(home, name)); err != nil {
		t.Fatal(err)
	}
	if got, errs := Read(t.Context(), home, api.NewConfig()); len(got) != 1 || len(errs) != 0 {
		t.Errorf("%+v, %v", got, errs)
	}
}
