package layout

import (
	"io"

	"golang.org/x/term"
)

// Columns returns how many columns a stream has, if it is a terminal that says so, else 0. A person may change it at any time.
func Columns(w io.Writer) int {
	switch s := w.(type) {
	case interface{ Columns() int }: // In tests.
		return s.Columns()
	case interface{ Fd() uintptr }:
		if columns, _, err := term.GetSize(int(s.Fd())); err == nil {
			return columns
		}
	}
	return 0
}

// Prose returns a writer for whole texts in sentences, which are harmless (safetext.Writer): on a terminal, each Write breaks its lines between
// words (Fill). A pipe, which programs read, gets the text as it is.
func Prose(w io.Writer) io.Writer { return prose{w} }

type prose struct{ to io.Writer }

// Write implements io.Writer.
func (p prose) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.to, Fill(string(text), Columns(p.to))); err != nil {
		return 0, err
	}
	return len(text), nil
}
