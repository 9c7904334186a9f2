package console

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// screen is a stream that shows text and does nothing else that a terminal can do (safetext.Writer). Everything that this program and its
// libraries write goes through one. A pipe has one too: people read logs at terminals.
type screen struct {
	*safetext.Writer
	below io.Writer
}

// Protect puts a screen before standard output and standard error, once. What a program reads (JSON, YAML) has its harmful characters
// escaped before, by its own rules, so that it stays the same.
func (e *Env) Protect() { e.Out, e.ErrOut = protect(e.Out), protect(e.ErrOut) }

func protect(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s
	}
	return &screen{safetext.NewWriter(w), w}
}

// Finish writes what is left for standard output. Its error is the first one of all writes there: a full disk or a closed pipe.
func (e *Env) Finish() error {
	if s, ok := e.Out.(*screen); ok {
		return s.Close()
	}
	return nil
}

// below is the stream under the screen. Only this package draws there: the progress line needs control characters.
func below(w io.Writer) io.Writer {
	if s, ok := w.(*screen); ok {
		return s.below
	}
	return w
}

// Table is a table on standard output. A cell is one line.
type Table struct{ w *tabwriter.Writer }

// NewTable returns a table with a row of headings.
func (e *Env) NewTable(headings ...string) *Table {
	t := &Table{tabwriter.NewWriter(e.Out, 0, 0, 3, ' ', 0)}
	t.Row(headings...)
	return t
}

// Row adds a row.
func (t *Table) Row(cells ...string) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(t.w, "\t")
		}
		fmt.Fprint(t.w, safetext.Cell(cell))
	}
	fmt.Fprintln(t.w)
}

// Print writes the table.
func (t *Table) Print() error { return t.w.Flush() }
