package kubeconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// maxLinks bounds a chain of symbolic links, as the kernel does.
const maxLinks = 40

// resolve follows symbolic links to the file that is to be replaced, which need not exist yet.
func resolve(path string) (string, error) {
	for range maxLinks {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil //nolint:nilerr // Not a link: the file itself, or nothing yet.
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", errors.New("too many symbolic links")
}

// replace writes the new text in one step: a temporary file beside the old one, synced, renamed over it, directory synced.
// Symbolic links stay, the mode too unless private asks for 0600, which a new file always has.
func (d *file) replace(private bool) error {
	path, err := resolve(d.path)
	if err != nil {
		return &FileError{d.path, "cannot be replaced: " + err.Error(), "name another file with KUBECONFIG", err}
	}
	mode := fs.FileMode(0o600)
	info, err := os.Stat(path)
	switch {
	case err == nil:
		if err := replaceable(d.path, info); err != nil {
			return err
		}
		if !private {
			mode = info.Mode().Perm()
		}
	case !errors.Is(err, fs.ErrNotExist):
		return notWritable(d.path, err)
	}
	temp, err := d.temporary(path, mode, info)
	if err != nil {
		return notWritable(d.path, err)
	}
	if err := d.unchanged(); err != nil {
		_ = os.Remove(temp)
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		if errors.Is(err, syscall.EBUSY) {
			return &FileError{d.path, "cannot be replaced: it is a mount point of its own (a bind mount, as in containers)",
				"mount its directory instead, or name another file with KUBECONFIG", err}
		}
		return notWritable(d.path, err)
	}
	return syncDir(filepath.Dir(path))
}

// replaceable refuses a file that its owner has locked, or whose owner a new file would not have.
func replaceable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o200 == 0 {
		return &FileError{path, "is read-only", "type: chmod u+w " + path + " (or name another file with KUBECONFIG)", fs.ErrPermission}
	}
	if me := os.Geteuid(); me > 0 && owner(info) != me {
		return &FileError{path, fmt.Sprintf("belongs to user %d", owner(info)),
			fmt.Sprintf("type: sudo chown %d %s (or name another file with KUBECONFIG)", me, path), fs.ErrPermission}
	}
	return nil
}

// temporary writes the text to a new file beside path and returns its name. root keeps the owner of the old file, so
// that sudo does not take a kubeconfig away from its user.
func (d *file) temporary(path string, mode fs.FileMode, old fs.FileInfo) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".kubeconfig-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(d.text)
	if err == nil && old != nil && os.Geteuid() == 0 {
		err = chownLike(f, old)
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// syncDir makes a rename last. Windows has no such call and orders its metadata itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
