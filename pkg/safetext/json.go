package safetext

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns a JSON text in which every harmful character is an escape of JSON (RFC 8259, section 7). A program that parses it
// gets the same values.
func JSON(text []byte) []byte {
	return Escape(text, func(r rune) (s string) {
		for _, unit := range utf16.Encode([]rune{r}) {
			s += fmt.Sprintf(`\u%04x`, unit)
		}
		return s
	})
}

// Escape changes the harmful characters of a text in JSON or YAML with escape. Those below a space are line ends and indentation of the
// text itself: in strings they are escaped already.
func Escape(text []byte, escape func(rune) string) []byte {
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

// IsText reports whether a Writer would pass a text on as it is.
func IsText(text []byte) bool {
	out, rest := escape(text)
	return len(rest) == 0 && string(out) == string(text)
}
