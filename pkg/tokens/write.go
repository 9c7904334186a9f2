package tokens

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// durability says what a crash of the machine may cost.
type durability bool

const (
	cache   durability = false // may be lost, never torn
	durable durability = true  // on disk when write returns
)

// write replaces a file in one step: a temporary file beside it, then a rename. A reader and a crash see the old file
// or the new one.
func (s *Store) write(path string, text []byte, d durability) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// MkdirAll leaves the mode of what exists; what it made obeys the umask, which can only take rights away.
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	if err := fill(f, text, d); err != nil {
		return errors.Join(err, remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, remove(temp))
	}
	if d == durable {
		return syncDir(dir)
	}
	return nil
}

func fill(f *os.File, text []byte, d durability) error {
	_, err := f.Write(text)
	if err == nil && d == durable {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
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

// remove removes a file that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
