//go:build unix

package credfile

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// noFollow are flags of open(2): a symbolic link is an error, and a named pipe does not block.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// Private returns a *PermissionError for a file or directory that others can use, or that neither the user nor root owns.
func Private(info os.FileInfo, path string) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		want := "600"
		if info.IsDir() {
			want = "700"
		}
		return &PermissionError{
			Path: path, What: fmt.Sprintf("can be used by other people (mode %o)", mode),
			Remedy: "chmod " + want + " " + shellQuote(path),
		}
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return ofOther(path, int(stat.Uid), os.Geteuid())
	}
	return nil
}

// ofOther returns a *PermissionError for the file of an owner that is neither me nor root.
func ofOther(path string, owner, me int) error {
	switch {
	case owner == 0 || owner == me:
		return nil
	case me == 0: // To take it over would end that user's login, and believe whatever they have put there.
		return &PermissionError{Path: path, What: fmt.Sprintf("belongs to user %d and you are root; run this as that user, without sudo", owner)}
	}
	return &PermissionError{
		Path: path, What: fmt.Sprintf("belongs to user %d and you are user %d", owner, me),
		Remedy: fmt.Sprintf("sudo chown -R %d %s", me, shellQuote(path)),
	}
}

// shellQuote returns a path as one word of a POSIX shell.
func shellQuote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
