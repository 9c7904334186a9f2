package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DanglingError is a symbolic link to nothing, where a directory is to be.
type DanglingError struct {
	Link   string
	Target string // where the link leads in the end; it can be made
}

// Error names both.
func (e *DanglingError) Error() string {
	return fmt.Sprintf("%s is a symbolic link to %s, which does not exist", e.Link, e.Target)
}

// Dangling returns a *DanglingError if the nearest thing on the way to path is a symbolic link to nothing: no directory can be made there.
// Otherwise it returns nil.
func Dangling(path string) error {
	for {
		info, err := os.Lstat(path)
		if err == nil {
			return dangling(path, info)
		}
		up := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || up == path {
			return nil
		}
		path = up
	}
}

func dangling(path string, info fs.FileInfo) error {
	if _, err := os.Stat(path); info.Mode()&fs.ModeSymlink == 0 || !errors.Is(err, fs.ErrNotExist) { // A loop has another error.
		return nil
	}
	target, err := os.Readlink(path)
	if err != nil {
		return nil //nolint:nilerr // It was exchanged meanwhile.
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	var further *DanglingError
	if errors.As(Dangling(target), &further) { // To make the target as it is named would fail on that.
		if below, err := filepath.Rel(further.Link, target); err == nil {
			target = filepath.Join(further.Target, below)
		}
	}
	return &DanglingError{path, target}
}
