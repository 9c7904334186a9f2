// Package safetext makes text from outside harmless before a terminal sees it: no control characters (escape sequences could
// rewrite what the user read before), no bidirectional controls (they show a text in another order than it is), a bounded length.
// What is taken away stays visible as an escape such as \x1b. It is the one rule for that: everything that servers, files and
// arguments say goes through it, or through %q of package fmt, which lets through no more.
package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one line of at most limit characters; a cut is marked with an ellipsis.
func Line(s string, limit int) string {
	return clean(strings.TrimSpace(s), limit, false)
}

// IsLine reports whether s can be shown as it is: Line would change nothing.
func IsLine(s string, limit int) bool { return Line(s, limit) == s }

// Quote returns s as Line does, in quotation marks: a name within a sentence. Marks inside of it are escaped.
func Quote(s string, limit int) string {
	return `"` + strings.ReplaceAll(Line(s, limit), `"`, `\"`) + `"`
}

// Block returns s as lines of text, at most limit characters in all, without blank space around it.
func Block(s string, limit int) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.TrimSpace(clean(s, limit, true))
}

func clean(s string, limit int, lines bool) string {
	var b strings.Builder
	n := 0
	for i, r := range s {
		if n == limit {
			b.WriteString("…")
			break
		}
		n++
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\n' || r == '\t' || r == '\r' && !lines:
			b.WriteByte(' ')
		case !harmless(r):
			fmt.Fprintf(&b, escapeOf(r), r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escapeOf(r rune) string {
	if r < 0x100 {
		return `\x%02x`
	}
	return `\u%04x`
}

// harmless reports whether a terminal shows r and does nothing else. Format characters (category Cf) hold the bidi controls and most of the
// invisible ones; the others are ignorable characters of other categories. Line and paragraph separators (Zl, Zp) break a line.
func harmless(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	return unicode.IsGraphic(r) &&
		!unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
