package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
)

// The copies that are beside a file while it is written in place. OldCopy is there from before the first change to after the last.
const (
	oldCopy = ".kubectl-vsphere-old"
	newCopy = ".kubectl-vsphere-new"
)

// maxText bounds a file that is written in place, in bytes: kubeconfigs have 20 MiB at most.
const maxText = 32 << 20

// OldCopy returns the path of the copy with the old text of a file that is written in place.
func OldCopy(path string) string { return path + oldCopy }

// Replace is Write for a file of the user's, whose text is old. If it is a mount point or has other names, it is written in place. If
// that fails, its old text is put back; if that fails too, the error names the copy that has it.
func Replace(path string, old, text []byte, o Options) error {
	if !keepsPlace(path) || closes(path, o.Mode) && !disk.AttributesOf(path).Mounted {
		err := Write(path, text, o)
		if runtime.GOOS == "windows" || !syserr.Busy.Is(err) { // Not all kernels tell what is a mount point.
			return err
		}
	}
	return inPlace(path, old, text, o)
}

// keepsPlace reports whether a rename would fail, or part a file from its other names (hard links): they would keep the old text. Only a
// file of this user in a directory that this user alone can write counts as one with other names: elsewhere, somebody could make a name
// for a file that is not meant, and have root write to that.
func keepsPlace(path string) bool {
	return disk.AttributesOf(path).Mounted || names(path) > 1
}

// closes reports whether a mode keeps people out who can read or write a file now: one who has it open would see what is written in place.
func closes(path string, mode fs.FileMode) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&^mode != 0
}

func inPlace(path string, old, text []byte, o Options) error {
	private := Options{Mode: 0o600, Durable: true}
	err := Write(path+newCopy, text, private)
	if err == nil {
		err = Write(path+oldCopy, old, private)
	}
	if err == nil && o.Check != nil {
		err = o.Check()
	}
	if err == nil {
		var begun bool
		if begun, err = overwrite(path, text, o.Mode); begun && err != nil {
			if _, back := overwrite(path, old, 0); back != nil {
				return fmt.Errorf("%w; its text from before is in %s", err, path+oldCopy)
			}
		}
	}
	return errors.Join(err, dropCopies(path))
}

// overwrite writes a file from its beginning. begun reports whether it may have changed the text: for lack of room it fails before, where
// the file system can tell. A mode of 0 stays as it is.
func overwrite(path string, text []byte, mode fs.FileMode) (begun bool, err error) {
	f, err := disk.OpenForWriting(path)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err == nil {
		err = disk.Reserve(f, int64(len(text)))
	}
	if err == nil && mode != 0 && info.Mode().Perm() != mode { // Before a secret is in it.
		err = disk.Chmod(f, mode)
	}
	begun = err == nil
	if err == nil {
		err = disk.Write(f, text)
	}
	if err == nil {
		err = disk.Truncate(f, int64(len(text)))
	}
	if err == nil {
		err = disk.Sync(f)
	}
	return begun, errors.Join(err, f.Close())
}

// dropCopies removes the copies. The old one goes first: alone, the new one means nothing.
func dropCopies(path string) error {
	var errs []error
	for _, suffix := range []string{oldCopy, newCopy} {
		if err := disk.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, disk.SyncDir(filepath.Dir(path)))...)
}

// Unfinished reports whether a process was killed while it wrote the file in place, or is writing it.
func Unfinished(path string) bool {
	_, err := os.Lstat(path + oldCopy)
	return err == nil
}

// ErrOthers is a file that another program changed after a process was killed while it wrote it in place.
var ErrOthers = errors.New("a login or logout that was killed left it half written, and another program has changed it since")

// Recover puts the old text of a file back if a process was killed while it wrote it in place: restored is then true. A file that
// has its old or new text stays. So does one with another text, which another program wrote: the error is ErrOthers, and the copies
// stay. The caller makes sure that no other process writes the file.
func Recover(path string) (restored bool, err error) {
	if !Unfinished(path) {
		if _, err := os.Lstat(path + newCopy); err == nil {
			return false, dropCopies(path)
		}
		return false, nil
	}
	old, err := readCopy(path + oldCopy)
	if err != nil {
		return false, err
	}
	text, err := readCopy(path + newCopy)
	if err != nil {
		return false, err
	}
	now, _, err := readRegular(path)
	if err != nil {
		return false, err
	}
	switch {
	case bytes.Equal(now, old), bytes.Equal(now, text):
	case !mixed(now, old, text):
		return false, fmt.Errorf("%s: %w; its text from before is in %s", path, ErrOthers, path+oldCopy)
	default:
		if _, err := overwrite(path, old, 0); err != nil {
			return false, err
		}
		restored = true
	}
	return restored, dropCopies(path)
}

// readCopy reads a copy that this user made: in a directory of many, somebody else could have put one there.
func readCopy(path string) ([]byte, error) {
	text, info, err := readRegular(path)
	if err == nil && (!mine(info) || info.Mode().Perm()&0o077 != 0) {
		return nil, fmt.Errorf("%s was not made by a login or logout; remove it", path)
	}
	return text, err
}

// readRegular reads a regular file of at most maxText. Package bounded does more, and links what the credential helper has no use for.
func readRegular(path string) ([]byte, os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is no regular file", path)
	case info.Size() > maxText:
		return nil, nil, fmt.Errorf("%s is larger than %d MiB", path, maxText>>20)
	}
	text := make([]byte, info.Size())
	_, err = io.ReadFull(f, text)
	return text, info, err
}

// mixed reports whether a text is what a crash leaves of a change from old to text: each byte is of one of them, or was not written.
func mixed(now, old, text []byte) bool {
	if len(now) > max(len(old), len(text)) || len(now) < min(len(old), len(text)) {
		return false
	}
	for i, b := range now {
		if b != 0 && (i >= len(old) || b != old[i]) && (i >= len(text) || b != text[i]) {
			return false
		}
	}
	return true
}

// ErrSealed is a file or directory that is immutable or can only be appended to.
var ErrSealed = errors.New("is immutable (chattr +i or +a)")

// CheckReplace returns an error if it is clear beforehand that Replace cannot write size bytes to a file, which need not exist. It
// writes a temporary file of that size beside it and removes it. A symbolic link to nothing in place of its directory is a
// *disk.DanglingError.
func CheckReplace(path string, size int) error {
	dir := filepath.Dir(path)
	if err := disk.Dangling(dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	for errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) { // Write's callers make it.
		dir = filepath.Dir(dir)
		info, err = os.Stat(dir)
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	for _, p := range []string{dir, path} {
		if disk.AttributesOf(p).Sealed {
			return &fs.PathError{Op: "write", Path: p, Err: ErrSealed}
		}
	}
	if dir != filepath.Dir(path) {
		return mayWrite(dir)
	}
	if err := probe(dir, max(size, block)); err != nil {
		return err
	}
	if keepsPlace(path) {
		f, err := disk.OpenForWriting(path)
		if err != nil {
			return err
		}
		return errors.Join(disk.Reserve(f, int64(size)), f.Close())
	}
	return nil
}
