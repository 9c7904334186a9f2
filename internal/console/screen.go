package console

import (
	"cmp"
	"fmt"
	"io"
	"syscall"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// screen is a stream that shows text and does nothing else that a terminal can do (safetext.Writer). Everything that this program and its
// libraries write goes through one. A pipe has one too: people read logs at terminals.
type screen struct {
	*safetext.Writer
	below io.Writer
	drawn error // the first error of draw
}

// Protect puts a screen before standard output and standard error, once. What a program reads (JSON, YAML) has its harmful characters
// escaped before, by its own rules, so that it stays the same.
func (e *Env) Protect() { e.Out, e.ErrOut = protect(e.Out), protect(e.ErrOut) }

func protect(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s
	}
	return &screen{Writer: safetext.NewWriter(w), below: w}
}

// Finish writes what is left for standard output. Its error is the first one of all writes there: a full disk or a closed pipe.
func (e *Env) Finish() error {
	if s, ok := e.Out.(*screen); ok {
		return cmp.Or(s.drawn, s.Close())
	}
	return nil
}

// Open returns the error of a write if nobody reads standard output any more. On Windows only a write tells.
func Open(e *Env) error {
	if closed(below(e.Out)) {
		return fmt.Errorf("write to standard output: %w", syscall.EPIPE)
	}
	return nil
}

// draw writes text with escape sequences of this package around text that is harmless already.
func draw(w io.Writer, text string) error {
	_, err := io.WriteString(below(w), text)
	if s, ok := w.(*screen); ok {
		s.drawn = cmp.Or(s.drawn, err)
	}
	return err
}

// below is the stream under the screen. Only this package draws there: the progress line and colours need control characters.
func below(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s.below
	}
	return w
}

// Columns returns how many columns a stream has, if it is a terminal that says so, else 0.
func Columns(w io.Writer) int { return layout.Columns(below(w)) }

// Prose returns a writer for whole texts in sentences: on a terminal, each Write breaks its lines between words (layout.Fill). A pipe, which
// programs read, gets the text as it is.
func Prose(w io.Writer) io.Writer { return prose{w} }

type prose struct{ to io.Writer }

// Write implements io.Writer.
func (p prose) Write(text []byte) (int, error) {
	columns := Columns(p.to)
	if columns == 0 {
		return p.to.Write(text)
	}
	if _, err := io.WriteString(p.to, layout.Fill(safetext.Text(text), columns)); err != nil {
		return 0, err
	}
	return len(text), nil
}
