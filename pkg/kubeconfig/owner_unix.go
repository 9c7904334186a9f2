//go:build unix

package kubeconfig

import (
	"io/fs"
	"os"
	"syscall"
)

// owner is the number of the user that a file belongs to.
func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}
