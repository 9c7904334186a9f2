//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
)

// chownLike gives f the owner and group of another file, as far as this process may, and returns the mode that f may have: another
// group than before gets no more rights than everybody has.
func chownLike(f *os.File, like fs.FileInfo, mode fs.FileMode) (fs.FileMode, error) {
	was, ok := like.Sys().(*syscall.Stat_t)
	info, err := f.Stat()
	if err != nil || !ok {
		return mode, err
	}
	now, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return mode, nil
	}
	if os.Geteuid() == 0 {
		return mode, disk.Chown(f, int(was.Uid), int(was.Gid))
	}
	if now.Gid != was.Gid && disk.Chown(f, -1, int(was.Gid)) != nil { // One may give a file to one's own groups.
		mode &^= 0o070 &^ (mode & 0o007 << 3)
	}
	return mode, nil
}

// alive reports whether a process runs, including one of another user.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// noFollow are flags of open(2): a symbolic link is an error, and a named pipe does not block.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// mine reports whether this process's user owns a file.
func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// others are the bits of a mode that let other people write.
const others = 0o022

// names returns how many names (hard links) a file of this user has, in a directory that this user alone can write; 1 for every other file.
func names(path string) uint64 {
	dir, err := os.Stat(filepath.Dir(path))
	info, fileErr := os.Lstat(path)
	if err != nil || fileErr != nil || !info.Mode().IsRegular() || !mine(info) || !mine(dir) || dir.Mode()&others != 0 {
		return 1
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return uint64(stat.Nlink) //nolint:unconvert // Its size differs between systems.
}

// mayWrite returns an error if this process may not create files in a directory (access(2)).
func mayWrite(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "access", Path: dir, Err: err}
	}
	return nil
}
