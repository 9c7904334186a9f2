package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
)

// Unwritable says why no user can make the file at path, which failed with err: its place must be another one. It is "" for any other reason, which a
// user may be able to change, such as a mode.
func Unwritable(path string, err error) string {
	dir := filepath.Dir(path)
	switch {
	case OfKernel(path):
		return "no program can make files in " + dir
	case syserr.ReadOnly.Is(err) && AttributesOf(path).Mounted:
		return "it is mounted read-only"
	case syserr.ReadOnly.Is(err):
		return "the file system of " + dir + " is mounted read-only"
	case errors.Is(err, syscall.ENOTDIR):
		if file := notDirectory(dir); file != "" {
			return file + " is not a directory"
		}
	}
	return ""
}

// notDirectory returns the part of a path to a directory that is something else, or "".
func notDirectory(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil {
			if info.IsDir() {
				return ""
			}
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
