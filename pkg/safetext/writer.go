package safetext

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Writer passes text on to a terminal, a pipe or a log, and spells every harmful character and every byte that is not UTF-8 as an escape
// such as \x1b. Line ends (also CR LF) and tabs stay. So whatever is written, nothing moves the cursor, changes a colour or a title,
// hides a link, or shows text in another order than it is.
//
// Several goroutines may write.
type Writer struct {
	to io.Writer

	mu   sync.Mutex
	rest []byte // the begin of a character whose end was not written yet, or a CR
	err  error
}

// NewWriter returns a Writer on to.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write passes p on. A character that is cut off at the end of p waits for the next call or for Close.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out, rest := escape(append(w.rest, p...))
	w.rest = append([]byte(nil), rest...)
	if err := w.pass(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close passes on what waits, and returns the first error of all calls. It does not close what is below.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []byte
	for _, b := range w.rest {
		out = fmt.Appendf(out, `\x%02x`, b)
	}
	w.rest = nil
	_ = w.pass(out)
	return w.err
}

func (w *Writer) pass(out []byte) error {
	if len(out) == 0 {
		return nil
	}
	_, err := w.to.Write(out)
	if w.err == nil {
		w.err = err
	}
	return err
}

// Text returns a text as a Writer passes it on: what is measured before it is written.
func Text(text []byte) string {
	var b strings.Builder
	w := NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.String()
}

// escape returns a text without harmful characters, and what of it must wait for more.
func escape(text []byte) (out, rest []byte) {
	out = make([]byte, 0, len(text))
	for len(text) > 0 {
		if !utf8.FullRune(text) || len(text) == 1 && text[0] == '\r' {
			return out, text
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, text[0])
		case r == '\n' || r == '\t' || r == '\r' && text[1] == '\n' || harmless(r):
			out = append(out, text[:size]...)
		default:
			out = fmt.Appendf(out, escapeOf(r), r)
		}
		text = text[size:]
	}
	return out, nil
}
