//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

// Owner returns this user: owners have no numbers here.
func Owner(fs.FileInfo) int { return os.Geteuid() }

// Foreign finds nothing on this system.
func Foreign(string) (place string, owner int) { return "", 0 }

// Ancestor returns this user.
func Ancestor(string) (owner int, err error) { return os.Geteuid(), nil }
