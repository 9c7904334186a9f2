package tokens

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/owned"
)

// durability is what a crash of the machine may destroy.
type durability bool

const (
	cache   durability = false // the file may be lost, but is never half written
	durable durability = true  // on disk when write returns
)

// WriteError is the error if the store cannot be written.
type WriteError struct {
	Dir string // of the store
	Err error
}

// Error returns the text of Err, after what it means.
func (e *WriteError) Error() string { return "the store cannot be written: " + e.Err.Error() }

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }

// write replaces a file of the store. The error is a *WriteError, or a *credfile.PermissionError of the store's directory. What could not
// be read back is not written: servers decide about the size of a session, and one that cannot be read keeps others from being renewed.
func (s *Store) write(path string, text []byte, d durability) error {
	if len(text) > credfile.MaxFile {
		return &WriteError{s.dir, fmt.Errorf("%s would be larger than %d MiB", path, credfile.MaxFile>>20)}
	}
	err := disk.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		if err := private(s.dir); err != nil {
			return err
		}
		err = atomicfile.Write(path, text, atomicfile.Options{Mode: 0o600, Durable: bool(d)})
	}
	if err != nil {
		return s.unwritten(err)
	}
	return nil
}

// unwritten returns a *WriteError, or a *credfile.PermissionError for what belongs to somebody else.
func (s *Store) unwritten(err error) error {
	place := s.dir
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		place = pathErr.Path
	}
	var permission *credfile.PermissionError
	if foreign := foreign(place, err); errors.As(foreign, &permission) {
		return foreign
	}
	return &WriteError{s.dir, err}
}

func readable(dir string) error {
	_, err := os.ReadDir(dir)
	return err
}

// readOwn is credfile.ReadPrivate whose error names the command for what belongs to somebody else (see foreign).
func readOwn(path string) ([]byte, error) {
	text, err := credfile.ReadPrivate(path)
	return text, foreign(path, err)
}

// foreign returns a *credfile.PermissionError that names the command, if err is for want of permission and something on the way to path
// belongs to somebody else, as root's after a sudo that keeps HOME; else err.
func foreign(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	place, owner := disk.Foreign(path)
	if place == "" {
		return err
	}
	return &credfile.PermissionError{
		Path: place, What: fmt.Sprintf("belongs to user %d and you are user %d", owner, os.Geteuid()),
		Remedy: fmt.Sprintf("sudo chown -R %d %s", os.Geteuid(), safetext.Word(place)),
	}
}

// private returns a *credfile.PermissionError if others can use a directory of the store. It may not have been there when the store was
// opened: then somebody else may have made it since, or its file system has no modes.
func private(dir string) error {
	err := owned.Check(dir)
	var permission *credfile.PermissionError
	if errors.As(err, &permission) {
		return err
	}
	return nil
}

// Check returns the error that a write would have. login calls it before a person types a password. It creates the store's directory if
// needed, and leaves no file in it.
func (s *Store) Check() error {
	err := disk.MkdirAll(s.dir, 0o700)
	if err == nil {
		if err := private(s.dir); err != nil {
			return err
		}
	}
	for _, sub := range []string{"", sessionsDir, credfile.Credentials, sitesDir, accountsDir} {
		dir := filepath.Join(s.dir, sub)
		if _, missing := os.Stat(dir); err == nil && missing == nil {
			err = atomicfile.Probe(dir)
		}
	}
	if err == nil {
		err = s.marks()
	}
	if err != nil {
		return s.unwritten(err)
	}
	return nil
}

// marks returns an error for a mark that this user has no right to read: it would keep a password from being sent.
func (s *Store) marks() error {
	for _, path := range s.list(accountsDir) {
		if _, err := credfile.ReadPrivate(path); errors.Is(err, fs.ErrPermission) { // Who needs the mark reports other errors.
			return err
		}
	}
	return nil
}

// remove removes a file that may be gone already.
func remove(path string) error {
	if err := disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
