//go:build !windows

package disk

import (
	"io/fs"
	"os"
)

func mkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }

func createTemp(dir, pattern string) (*os.File, error) { return os.CreateTemp(dir, pattern) }

func chmod(f *os.File, mode fs.FileMode) error { return f.Chmod(mode) }
