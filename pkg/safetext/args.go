package safetext

import (
	"fmt"
	"strings"
)

// Lines is a text of several lines that we made ourselves: Args keeps its line ends.
type Lines string

// Args prepares the arguments of a message. A line end in a name must not begin a line that looks like one of ours: in a string it becomes
// a space, and what follows it in an error is indented. Other harmful characters are left to a Writer.
func Args(args []any) []any {
	out := make([]any, 0, len(args))
	for _, arg := range args {
		switch v := arg.(type) {
		case Lines:
			arg = string(v)
		case string:
			arg = oneLine(v)
		case error:
			arg = Error(v)
		case fmt.Stringer:
			arg = oneLine(fmt.Sprint(v)) // It survives a nil pointer.
		}
		out = append(out, arg)
	}
	return out
}

// Error returns the text of an error, with all lines but the first one indented. Joined errors have a line each (errors.Join).
func Error(err error) string {
	return strings.ReplaceAll(strings.ReplaceAll(fmt.Sprint(err), "\r\n", "\n"), "\n", "\n  ")
}

var lineEnds = strings.NewReplacer("\r\n", " ", "\n", " ")

func oneLine(s string) string { return lineEnds.Replace(s) }

// Cell returns a text for a table: without line ends and tabs, which would begin another row or column.
func Cell(s string) string { return strings.ReplaceAll(oneLine(s), "\t", " ") }
