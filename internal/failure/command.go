package failure

import (
	"fmt"
	"strings"
)

// Quote returns s as one word of a POSIX shell, so that a printed command can be pasted. User names can hold backslashes and spaces.
func Quote(s string) string {
	if s != "" && strings.IndexFunc(s, unsafeInShell) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func unsafeInShell(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("@%+=:,./-_", r)
}

// LoginCommand returns the command that logs in. user may be empty.
func LoginCommand(server, user string) string {
	if user == "" {
		return "kubectl vsphere login --server " + Quote(server)
	}
	return fmt.Sprintf("kubectl vsphere login --server %s -u %s", Quote(server), Quote(user))
}

// LogoutCommand returns the command that ends a session.
func LogoutCommand(server, user string) string {
	return fmt.Sprintf("kubectl vsphere logout --server %s -u %s", Quote(server), Quote(user))
}
