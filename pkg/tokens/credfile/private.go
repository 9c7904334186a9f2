package credfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFile bounds what is read of a file of the store. A token has about 1 kB; a session with a bundle of CA
// certificates has less than half of this (trust takes a bundle of some hundred certificates at most).
const maxFile = 4 << 20

// PermissionError is a file or directory of the store that other people could read, change or have made.
type PermissionError struct {
	Path   string
	What   string
	Remedy string // a command to type
}

// Error says what is wrong and what to type.
func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s %s; type: %s", e.Path, e.What, e.Remedy)
}

// ReadPrivate reads a file of the store and refuses one that is not a regular file, that others can read or write, or
// that neither the user nor root owns. A symbolic link is not followed. The checks look at what was opened, so that
// the path cannot come to mean another file in between.
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
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil { // Files of the store are replaced, never written to: the size holds.
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return text, nil
}

// shellQuote makes a path one word of a POSIX shell.
func shellQuote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
