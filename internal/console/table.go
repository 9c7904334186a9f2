package console

import (
	"io"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// mostLines is how many lines of the screen a row of a table may take. A table with longer rows is shown as records.
const mostLines = 2

// rowsAtOnce bounds the rows that are made into text at once: blanks fill each up to the widest cells.
const rowsAtOnce = 250

// Table is a table on standard output. A cell is one line.
//
// On a terminal, rows that do not fit are folded between columns, or shown as a block of lines each. Nothing is cut off, and no word is broken
// that fits: what is copied is right. A pipe has a line for each row.
type Table struct {
	env      *Env
	headings []string
	rows     [][]string // that are not printed yet
	shape    *layout.Shape
	records  bool
}

// NewTable returns a table with a row of headings.
func (e *Env) NewTable(headings ...string) *Table {
	return &Table{env: e, headings: harmless(headings)}
}

// Row adds a row, with a cell for each heading.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, harmless(cells)) }

// harmless returns cells of one line each, as they are shown. Headings are a server's words, too: one with a line end would be a row.
func harmless(cells []string) (row []string) {
	for _, cell := range cells {
		row = append(row, safetext.Text([]byte(safetext.Cell(cell))))
	}
	return row
}

// Print writes the rows that it has not written before.
func (t *Table) Print() error {
	heading, cell, write := t.shown()
	columns, first, rows := Columns(t.env.Out), t.shape == nil, t.rows
	t.rows = nil
	if first {
		t.shape = new(layout.Shape)
		t.shape.Grow([][]string{t.headings})
	}
	t.shape.Grow(rows)
	if first && columns > 0 {
		t.records = t.shape.Fold(columns) > mostLines
	}
	switch {
	case t.records && !first && len(rows) > 0:
		return write("\n" + layout.Records(t.headings, rows, columns, cell))
	case t.records:
		return write(layout.Records(t.headings, rows, columns, cell))
	}
	above := ""
	if first {
		above = t.shape.Lines([][]string{t.headings}, heading)
	}
	for some := range slices.Chunk(rows, rowsAtOnce) {
		if err := write(above + t.shape.Lines(some, cell)); err != nil {
			return err
		}
		above = ""
	}
	if above == "" {
		return nil
	}
	return write(above)
}

// shown returns how headings and cells are painted, and what writes them.
func (t *Table) shown() (heading, cell layout.Paint, write func(string) error) {
	if !colours(t.env, t.env.Out) {
		return nil, nil, func(text string) error {
			_, err := io.WriteString(t.env.Out, text)
			return err
		}
	}
	return func(_ int, s string) string { return Bold.paint(s) },
		func(column int, s string) string { return styleOf(t.headings[column], s).paint(s) },
		func(text string) error { return draw(t.env.Out, text) }
}
