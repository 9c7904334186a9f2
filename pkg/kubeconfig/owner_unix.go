//go:build unix

package kubeconfig

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// owner is the number of the user that a file belongs to.
func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

// mayWrite tells whether files can be made in a directory (access(2)).
func mayWrite(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }
