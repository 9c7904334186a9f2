// Package bounded reads what others wrote: replies of servers, files that a user names. The size, the nesting and the number of items
// of a document are checked on its bytes, before a parser allocates anything for it. It imports the standard library only; YAML is
// in package boundedyaml.
package bounded

import (
	"encoding/json"
	"fmt"
)

// The bounds of a document. The largest one that is known is a page of 500 clusters with the fields of their managers: about 2 MB and
// 80,000 values, 12 levels deep.
const (
	MaxSize   = 4 << 20 // in bytes
	MaxDepth  = 64      // of objects and lists within each other
	MaxItems  = 20_000  // of one list, members of one object
	MaxValues = 200_000 // in the whole document
)

// Error means that a document exceeds a bound. Its text continues a sentence whose subject is the document.
type Error struct{ Reason string }

// Error gives the reason.
func (e *Error) Error() string { return e.Reason }

func exceeds(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// JSON is json.Unmarshal for a text within the bounds. The error is an *Error or one of encoding/json.
func JSON(text []byte, into any) error {
	if err := CheckJSON(text); err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// CheckJSON returns an *Error if a JSON text exceeds a bound. It does not say whether the text is JSON: of another one it counts the
// same characters.
func CheckJSON(text []byte) error {
	if len(text) > MaxSize {
		return exceeds("is larger than %d MiB", MaxSize>>20)
	}
	var items [MaxDepth + 1]int // of the lists and objects that are open
	depth, values := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			depth++
			if depth > MaxDepth {
				return exceeds("is nested deeper than %d levels", MaxDepth)
			}
			items[depth] = 1
			values++
		case '}', ']':
			depth = max(0, depth-1)
		case ',':
			items[depth]++
			values++
			if items[depth] > MaxItems {
				return exceeds("has a list of more than %d items", MaxItems)
			}
		}
		if values > MaxValues {
			return exceeds("has more than %d values", MaxValues)
		}
	}
	return nil
}

// stringEnd returns the index of the quote that ends the string at text[start].
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}
