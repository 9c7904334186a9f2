//go:build unix

package kubeconfig

import (
	"os"
	"syscall"
	"testing"
)

// sudo does not take a kubeconfig away from its user.
func TestRootLeavesTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	if err := os.Chown(f.Paths[0], 12345, 12345); err != nil {
		t.Skip("a file cannot be given away here: ", err)
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
