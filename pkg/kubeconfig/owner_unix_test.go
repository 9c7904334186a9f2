//go:build unix

package kubeconfig

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// sudo does not take a kubeconfig away from its user.
func TestRootLeavesTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away; run it as root")
	}
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	if err := os.Chown(f.Paths[0], 12345, 12345); err != nil {
		t.Skip("a file cannot be given away; use a file system with owners for TMPDIR: ", err)
	}
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.Paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 12345 {
		t.Errorf("it is of user %d", stat.Uid)
	}
}

// Where everybody can put files, root does not write tokens into one that somebody put there.
func TestRootWritesNoFileThatAnybodyMayHaveMade(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away; run it as root")
	}
	f := files(t, "config")
	if err := os.Chmod(filepath.Dir(f.Paths[0]), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	write(t, f.Paths[0], small, 0o600)
	if err := os.Chown(f.Paths[0], 12345, 12345); err != nil {
		t.Skip("a file cannot be given away; use a file system with owners for TMPDIR: ", err)
	}
	var failed *FileError
	if _, err := f.Check(t.Context()); !errors.As(err, &failed) {
		t.Errorf("Check: %v", err) // Before a password is asked for.
	}
	if _, err := f.Update(t.Context(), true, login("ns1")); !errors.As(err, &failed) {
		t.Errorf("Update: %v", err)
	}
	if text, err := os.ReadFile(f.Paths[0]); err != nil || string(text) != small {
		t.Errorf("it was written: %v", err)
	}
	if err := os.Chown(f.Paths[0], 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Update(t.Context(), true, login("ns1")); err != nil {
		t.Errorf("root's own file: %v", err)
	}
}
