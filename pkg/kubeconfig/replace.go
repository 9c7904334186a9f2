package kubeconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
)

// maxLinks is the longest chain of symbolic links that we follow; Linux has the same limit (path_resolution(7)).
const maxLinks = 40

// resolve follows symbolic links to the file that will be replaced. It need not exist yet.
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

// replace writes the new text in one step. Symbolic links stay. The mode stays unless private asks for 0600; a new file
// always has 0600. root keeps the owner: sudo must not take a kubeconfig away from its user.
func (d *file) replace(private bool) error {
	path, err := resolve(d.path)
	if err != nil {
		return &FileError{d.path, "cannot be replaced: " + err.Error(), "name another file with KUBECONFIG", err}
	}
	mode := fs.FileMode(0o600)
	info, err := os.Stat(path)
	switch {
	case err == nil:
		if err := replaceable(d.path, path, info); err != nil {
			return err
		}
		if !private {
			mode = info.Mode().Perm()
		}
	case !errors.Is(err, fs.ErrNotExist):
		return notWritable(d.path, path, err)
	}
	err = atomicfile.Replace(path, d.read, d.Text(), atomicfile.Options{Mode: mode, Durable: true, Owner: info, Check: d.unchanged})
	switch {
	case err == nil, errors.Is(err, errChanged):
		return err
	case syserr.Busy.Is(err) && runtime.GOOS == "windows":
		return &FileError{d.path, "cannot be replaced: another program has it open", "close that program, or name another file with KUBECONFIG", err}
	}
	return notWritable(d.path, path, err)
}

// room is what most logins may add to a kubeconfig, in bytes: about 8 contexts.
const room = 8 << 10

// writable returns an error if it is clear beforehand that replace cannot work, or kubectl's lock cannot be made. It leaves nothing.
func (d *file) writable() error {
	path, err := resolve(d.path)
	if err != nil {
		return nil //nolint:nilerr // Reading the file failed with the same error before.
	}
	if info, err := os.Stat(path); err == nil {
		if err := replaceable(d.path, path, info); err != nil {
			return err
		}
	}
	if path != d.path { // The lock is beside the link, whose target's directory is not made.
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return notWritable(d.path, path, err)
		}
		if err := atomicfile.CheckReplace(d.path+".lock", 0); err != nil {
			return notWritable(d.path, d.path, err)
		}
	}
	if err := atomicfile.CheckReplace(path, len(d.read)+room); err != nil {
		return notWritable(d.path, path, err)
	}
	return nil
}

// replaceable refuses a read-only file, and one of another user: the new file would have another owner. root may replace the files of
// others, but not where everybody can put a file for root to find, which would then get root's tokens. The kernel has the same rule for
// writing (proc_sys_fs(5), protected_regular). file is the same path with its symbolic links followed.
func replaceable(path, file string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o200 == 0 {
		return &FileError{path, "is read-only", remedy("chmod u+w", "attrib -r", path) + " (or name another file with KUBECONFIG)", fs.ErrPermission}
	}
	me := os.Geteuid()
	if me < 0 || disk.Owner(info) == me {
		return nil
	}
	if me > 0 {
		return &FileError{path, fmt.Sprintf("belongs to user %d", disk.Owner(info)),
			fmt.Sprintf("type: sudo chown %d %s (or name another file with KUBECONFIG)", me, safetext.Word(path)), fs.ErrPermission}
	}
	if dir, err := os.Stat(filepath.Dir(file)); err != nil || dir.Mode().Perm()&0o002 != 0 {
		return &FileError{path, fmt.Sprintf("belongs to user %d, in a directory where everybody can put files", disk.Owner(info)), "name another file with KUBECONFIG", fs.ErrPermission}
	}
	return nil
}
