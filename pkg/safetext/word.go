package safetext

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"
)

// Word returns s as one word of a shell of this system, so that a printed command can be pasted and does what it says.
func Word(s string) string { return WordFor(runtime.GOOS, s) }

// WordFor is Word for a system, as in runtime.GOOS: for "windows" a word of cmd.exe and of PowerShell, else of a POSIX shell. Names can hold
// spaces and backslashes; such a word is in quotes. A word with harmful characters is in $'…' (POSIX.1-2024, section 2.2.4; bash, zsh, ksh),
// which spells them in octal. On Windows such characters, and those that the two shells read differently, are question marks: a command with
// one does no harm, but does not work.
func WordFor(goos, s string) string {
	if goos == "windows" {
		return windowsWord(s)
	}
	switch {
	case s != "" && strings.IndexFunc(s, special) < 0:
		return s
	case !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return !harmless(r) }) >= 0:
		return "$'" + octal(s) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// windowsWord returns s as a word that cmd.exe, PowerShell and the parser of the program (CommandLineToArgvW) read alike. In PowerShell a
// comma makes a list, @ at the start is a variable, and a word such as -a.b is two.
func windowsWord(s string) string {
	bare := s != "" && !strings.HasPrefix(s, "@") && (!strings.HasPrefix(s, "-") || !strings.ContainsAny(s, ".:"))
	if bare && strings.IndexFunc(s, func(r rune) bool { return r == ',' || r == '%' || r != '\\' && special(r) }) < 0 {
		return s
	}
	quoted := strings.Map(func(r rune) rune {
		if !harmless(r) || r == utf8.RuneError || strings.ContainsRune(differ, r) {
			return '?'
		}
		return r
	}, s)
	end := len(quoted) - len(strings.TrimRight(quoted, `\`)) // Before the quotation mark, two backslashes are one.
	return `"` + quoted + strings.Repeat(`\`, end) + `"`
}

// differ are the characters that cmd.exe or PowerShell does not take as they are between quotation marks. To PowerShell, the typographic ones
// are quotation marks too.
const differ = "\"%$`\u201c\u201d\u201e"

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
