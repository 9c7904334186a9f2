//go:build unix

package kubeconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A kubeconfig that has two names keeps them, as after an edit by kubectl, which writes it in place.
func TestKubeconfigWithTwoNames(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], "# mine\n"+small, 0o600)
	other := filepath.Join(t.TempDir(), "other")
	if err := os.Link(f.Paths[0], other); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := f.Update(t.Context(), true, login("ns1")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(other)
	if err != nil || !strings.HasPrefix(string(text), "# mine\n") || !strings.Contains(string(text), "name: ns1") {
		t.Errorf("%v\n%s", err, text)
	}
	if left, err := os.ReadDir(filepath.Dir(f.Paths[0])); err != nil || len(left) != 2 { // And our lock.
		t.Errorf("left over: %v %v", left, err)
	}
}
