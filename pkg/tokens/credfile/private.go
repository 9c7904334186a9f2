package credfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// MaxFile bounds the size of a file of the store, in bytes. A larger one is neither read nor written. A token has about 1 kB. A session with
// a bundle of CA certificates has less than half of that, since package trust bounds a bundle.
const MaxFile = 4 << 20

// PermissionError is the error for a file or directory of the store that other people can use or own.
type PermissionError struct {
	Path   string
	What   string
	Remedy string // a command to type; may be empty
}

// Error returns what is wrong and what to type.
func (e *PermissionError) Error() string {
	if e.Remedy == "" {
		return e.Path + " " + e.What
	}
	return fmt.Sprintf("%s %s; type: %s", e.Path, e.What, e.Remedy)
}

// ReadPrivate reads a file of the store. It returns an error for a symbolic link or another file that is not regular, for a file that
// others can read or write, and for one that neither the user nor root owns (*PermissionError). It checks the opened file, so that
// nobody can exchange the file between the check and the read.
func ReadPrivate(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(path + " is not a regular file")
	}
	if err := Private(info, path); err != nil {
		return nil, err
	}
	if info.Size() > MaxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, MaxFile>>20)
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil { // Files of the store are replaced, never written to: the size holds.
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return text, nil
}
