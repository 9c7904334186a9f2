package layout

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// tab is the most that a tab takes.
const tab = 8

// Width returns how many columns of a terminal a text takes: two for a wide character (Hangul, Han, Kana, most emoji), none for one that
// is drawn over the character before it. Characters of ambiguous width count as one, as terminals have it outside of old East Asian ones.
func Width(s string) (n int) {
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

// Cut returns as much of the begin of s as fits into columns.
func Cut(s string, columns int) string {
	for i, r := range s {
		if columns -= columnsOf(r); columns < 0 {
			return s[:i]
		}
	}
	return s
}

func columnsOf(r rune) int {
	switch {
	case r == '\t':
		return tab
	case r < unicode.MaxASCII:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me) || r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff:
		return 0 // The ranges are vowels and final consonants of Hangul, which join the consonant before.
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Pad returns s with blanks behind it, so that it takes at least columns.
func Pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-Width(s)))
}
