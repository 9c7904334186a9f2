package dockerconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// A config.json that a container engine mounts is written where it is. What cannot be written is found before.
func TestMountedFile(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	put := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	f := File{Path: filepath.Join(dir, "config.json"), Lock: filepath.Join(t.TempDir(), "lock"), Warn: func(err error) { t.Error(err) }}
	outside := filepath.Join(t.TempDir(), "outside.json")
	const before = `{"credHelpers": {"gcr.io": "gcr"}}`
	put(f.Path, "")
	put(outside, before)
	disktest.Mount(t, f.Path, "--bind", outside)
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if changed, err := f.Set(t.Context(), []string{host}, "vsphere", false); !changed || err != nil {
		t.Errorf("%t %v", changed, err)
	}
	text, err := os.ReadFile(outside)
	if err != nil || string(text) != `{"credHelpers": {"gcr.io": "gcr", "harbor.lab:5000": "vsphere"}}` {
		t.Errorf("%v %s", err, text)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left over: %v %v", left, err)
	}

	// A process was killed over it.
	put(outside, `{"credHelpers": {"gcr.io": "gcr", "harb`)
	put(f.Path+".kubectl-vsphere-old", before)
	put(f.Path+".kubectl-vsphere-new", string(text))
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != before {
		t.Errorf("%v %s", err, text)
	}

	disktest.Run(t, "mount", "-o", "remount,bind,ro", f.Path)
	if err := f.Check(t.Context()); err == nil || !strings.Contains(err.Error(), f.Path+" cannot be used: it is mounted read-only") {
		t.Errorf("%v", err)
	}
}
