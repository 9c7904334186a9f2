//go:build unix

package hit

import (
	"fmt"
	"os"
	"syscall"
)

// noFollow keeps a symbolic link from being followed and a named pipe from blocking.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// Private refuses a file that others can read or write, or that neither the user nor root owns.
func Private(info os.FileInfo, path string) error {
	if info.Mode().Perm()&0o077 != 0 {
		mode := "600"
		if info.IsDir() {
			mode = "700"
		}
		return &PermissionError{Path: path, What: "can be used by other people", Remedy: fmt.Sprintf("chmod %s '%s'", mode, path)}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return &PermissionError{Path: path, What: "belongs to somebody else", Remedy: fmt.Sprintf("ls -ld '%s'", path)}
	}
	return nil
}
