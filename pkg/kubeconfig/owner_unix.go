//go:build unix

package kubeconfig

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// owner is the ID of the user who owns a file.
func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

// mayWrite returns an error if this process may not create files in a directory (access(2)).
func mayWrite(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }
