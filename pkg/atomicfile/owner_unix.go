//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

func chownLike(f *os.File, like fs.FileInfo) error {
	stat, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(stat.Uid), int(stat.Gid))
}
