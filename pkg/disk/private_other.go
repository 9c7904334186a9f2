//go:build !windows

package disk

import (
	"io/fs"
	"os"
)

func mkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }

func createTemp(dir, pattern string) (*os.File, error) { return os.CreateTemp(dir, pattern) }

// Inherit does nothing on this system: the mode says everything.
func Inherit(*os.File) error { return nil }
