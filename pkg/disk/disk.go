// Package disk holds every call of this program that changes a file. All of them go through one function, Do, so that a
// test can kill the program before or after each call, or make each call fail: `go build -tags faults`, see faults.go.
// Lint forbids the same calls of package os elsewhere.
package disk

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// MkdirAll is os.MkdirAll. On Windows, a mode without rights for others becomes an access control list for the user alone. If the directory
// exists, Do is not called. The error is a *DanglingError if a symbolic link is in the way.
func MkdirAll(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	err := Do("mkdir", path, func() error { return mkdirAll(path, mode) })
	if errors.Is(err, fs.ErrExist) { // It would read as if the directory were there.
		if dangling := Dangling(path); dangling != nil {
			return dangling
		}
	}
	return err
}

// CreateTemp is os.CreateTemp: mode 0600 (on Windows an access control list for the user alone), open for reading and writing.
func CreateTemp(dir, pattern string) (f *os.File, err error) {
	err = Do("create", dir+"/"+pattern, func() error {
		f, err = createTemp(dir, pattern)
		return err
	})
	return f, err
}

// CreateExclusive creates an empty file (O_EXCL). If it exists, the error is fs.ErrExist.
func CreateExclusive(path string, mode fs.FileMode) error {
	return Do("create", path, func() error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// Write writes all of text to f, or returns an error.
func Write(f *os.File, text []byte) error {
	return Do("write", f.Name(), func() error {
		_, err := f.Write(text)
		return err
	})
}

// OpenForWriting opens a file that exists, and changes nothing in it.
func OpenForWriting(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) }

// Truncate cuts f, or lengthens it with null bytes.
func Truncate(f *os.File, size int64) error {
	return Do("truncate", f.Name(), func() error { return f.Truncate(size) })
}

// Chmod changes the mode of f. On Windows, it sets or takes the read-only attribute.
func Chmod(f *os.File, mode fs.FileMode) error {
	return Do("chmod", f.Name(), func() error { return f.Chmod(mode) })
}

// Chown changes the owner of f.
func Chown(f *os.File, uid, gid int) error {
	return Do("chown", f.Name(), func() error { return f.Chown(uid, gid) })
}

// Sync waits until f is on disk (fsync(2)).
func Sync(f *os.File) error {
	return Do("fsync", f.Name(), f.Sync)
}

// SyncDir waits until the renames in dir are on disk (fsync(2)). Windows has no such call and orders its metadata itself.
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

// Rename is rename(2): it replaces the file at to. On Windows it is tried for about 0.6 s while a reader has that file open.
func Rename(from, to string) error {
	return Do("rename", from+" → "+to, func() error { return persist(func() error { return os.Rename(from, to) }) })
}

// Link is link(2): to becomes another name of the file from. If to exists, the error is fs.ErrExist.
func Link(from, to string) error {
	return Do("link", to, func() error { return os.Link(from, to) })
}

// Symlink is symlink(2): link becomes a symbolic link to target.
func Symlink(target, link string) error {
	return Do("symlink", link, func() error { return os.Symlink(target, link) })
}

// Remove removes a file.
func Remove(path string) error {
	return Do("remove", path, func() error { return os.Remove(path) })
}
