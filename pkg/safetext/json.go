package safetext

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns a JSON text in which every harmful character is an escape of JSON (RFC 8259, section 7). A program that parses it
// gets the same values.
func JSON(text []byte) []byte {
	return replace(text, func(r rune) (s string) {
		for _, unit := range utf16.Encode([]rune{r}) {
			s += fmt.Sprintf(`\u%04x`, unit)
		}
		return s
	})
}

// SpelledJSON returns a JSON text in whose strings every harmful character is spelled out: six characters such as \u202e, with the
// backslash escaped in JSON. It is for JSON that becomes YAML, which would write the characters themselves again.
func SpelledJSON(text []byte) []byte {
	return replace(text, func(r rune) string { return fmt.Sprintf(`\\u%04x`, r) })
}

// replace changes the harmful characters of a JSON text. Those below a space are JSON's own line ends and indentation: in strings
// they are escaped already.
func replace(text []byte, escape func(rune) string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r < ' ' || harmless(r) {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, escape(r)...)
		}
	}
	return out
}
