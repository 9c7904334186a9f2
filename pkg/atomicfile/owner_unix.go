//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
)

func chownLike(f *os.File, like fs.FileInfo) error {
	stat, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return disk.Chown(f, int(stat.Uid), int(stat.Gid))
}

// alive reports whether a process runs, including one of another user.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
