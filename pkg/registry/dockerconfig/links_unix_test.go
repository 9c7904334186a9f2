//go:build unix

package dockerconfig

import (
	"os"
	"path/filepath"
	"testing"
)

// A config.json that has two names keeps them.
func TestFileWithTwoNames(t *testing.T) {
	dir := t.TempDir()
	f := File{Path: filepath.Join(dir, "config.json"), Lock: filepath.Join(t.TempDir(), "lock"), Warn: func(err error) { t.Error(err) }}
	if err := os.WriteFile(f.Path, []byte(`{"credHelpers": {"gcr.io": "gcr"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.Link(f.Path, other); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if changed, err := f.Set(t.Context(), []string{host}, "vsphere", false); !changed || err != nil {
		t.Errorf("%t %v", changed, err)
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != `{"credHelpers": {"gcr.io": "gcr", "harbor.lab:5000": "vsphere"}}` {
		t.Errorf("%v %s", err, text)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left over: %v %v", left, err)
	}
}
