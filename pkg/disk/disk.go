// Package disk holds every call of this program that changes a file. One seam lets a test end the program before and after
// each of them, or let each fail: `go build -tags faults`, see faults.go. Other packages may not call os for it; lint sees to that.
package disk

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// Full tells whether err is that there is no room: a full disk, a quota, a limit (RLIMIT_FSIZE).
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// MkdirAll is os.MkdirAll.
func MkdirAll(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	return Do("mkdir", path, func() error { return os.MkdirAll(path, mode) })
}

// CreateTemp is os.CreateTemp.
func CreateTemp(dir, pattern string) (f *os.File, err error) {
	err = Do("create", dir+"/"+pattern, func() error {
		f, err = os.CreateTemp(dir, pattern)
		return err
	})
	return f, err
}

// CreateExclusive makes an empty file that must not exist yet (O_EXCL).
func CreateExclusive(path string, mode fs.FileMode) error {
	return Do("create", path, func() error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// Write writes text to f.
func Write(f *os.File, text []byte) error {
	return Do("write", f.Name(), func() error {
		_, err := f.Write(text)
		return err
	})
}

// Chmod changes the mode of f.
func Chmod(f *os.File, mode fs.FileMode) error {
	return Do("chmod", f.Name(), func() error { return f.Chmod(mode) })
}

// Chown changes the owner of f.
func Chown(f *os.File, uid, gid int) error {
	return Do("chown", f.Name(), func() error { return f.Chown(uid, gid) })
}

// Sync makes f last (fsync(2)).
func Sync(f *os.File) error {
	return Do("fsync", f.Name(), f.Sync)
}

// SyncDir makes what was renamed in dir last. Windows has no such call and orders its metadata itself.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return Do("fsyncdir", dir, func() error {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// Rename is rename(2): it replaces the file at to. On Windows it is tried again while a reader has that file open.
func Rename(from, to string) error {
	return Do("rename", from+" → "+to, func() error { return persist(func() error { return os.Rename(from, to) }) })
}

// Link is link(2).
func Link(from, to string) error {
	return Do("link", to, func() error { return os.Link(from, to) })
}

// Symlink is symlink(2).
func Symlink(target, link string) error {
	return Do("symlink", link, func() error { return os.Symlink(target, link) })
}

// Remove removes a file.
func Remove(path string) error {
	return Do("remove", path, func() error { return os.Remove(path) })
}
