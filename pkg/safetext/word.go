package safetext

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Word returns s as one word of a shell, so that a printed command can be pasted and does what it says. Names can hold spaces and
// backslashes; such a word is in single quotes. A word with harmful characters is in $'…' (POSIX.1-2024, section 2.2.4; bash, zsh, ksh),
// which spells them in octal.
func Word(s string) string {
	switch {
	case s != "" && strings.IndexFunc(s, special) < 0:
		return s
	case !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return !harmless(r) }) >= 0:
		return "$'" + octal(s) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// special reports whether a shell may take r for more than itself.
func special(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("@%+=:,./-_", r)
}

// octal spells the bytes of s that cannot stand in $'…' as they are.
func octal(s string) string {
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + s[:size])
		case harmless(r) && (r != utf8.RuneError || size > 1):
			b.WriteString(s[:size])
		default:
			for i := range size {
				fmt.Fprintf(&b, `\%03o`, s[i])
			}
		}
		s = s[size:]
	}
	return b.String()
}
