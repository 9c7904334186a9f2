//go:build unix

package disk

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Owner returns the ID of the user who owns a file.
func Owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

// Foreign looks for why this user cannot use a path below a directory of their own: the first file or directory on the way that belongs
// to somebody else, as root's after a sudo that keeps HOME. It is empty if there is none, and for root.
func Foreign(path string) (place string, owner int) {
	me := os.Geteuid()
	mine := false
	for _, place := range ancestors(path) {
		info, err := os.Lstat(place)
		if err != nil || me == 0 {
			return "", 0
		}
		if owner := Owner(info); owner != me && mine {
			return place, owner
		}
		mine = Owner(info) == me
	}
	return "", 0
}

// ancestors are a path and the directories above it, the highest first.
func ancestors(path string) []string {
	if up := filepath.Dir(path); up != path {
		return append(ancestors(up), path)
	}
	return []string{path}
}

// Ancestor returns the owner of a path, or of the nearest directory above it that exists.
func Ancestor(path string) (owner int, err error) {
	for {
		info, err := os.Stat(path)
		if err == nil {
			return Owner(info), nil
		}
		if up := filepath.Dir(path); up != path {
			path = up
			continue
		}
		return 0, err
	}
}
