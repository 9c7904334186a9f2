package tokens

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
)

// durability says what a crash of the machine may cost.
type durability bool

const (
	cache   durability = false // may be lost, never torn
	durable durability = true  // on disk when write returns
)

// write replaces a file of the store.
func (s *Store) write(path string, text []byte, d durability) error {
	if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, text, atomicfile.Options{Mode: 0o600, Durable: bool(d)})
}

// remove removes a file that may be gone already.
func remove(path string) error {
	if err := disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
