package layout

import (
	"slices"
	"strings"
)

const (
	// gap is the space between two columns of a table, and recordGap that between a heading and a value of a record.
	gap, recordGap = "   ", "  "
	// empty stands for a cell without a value.
	empty = "-"
)

// Paint returns a cell of a column as it is shown, with escape sequences of a terminal: it takes as many columns as before. nil changes nothing.
type Paint func(column int, cell string) string

func (p Paint) of(column int, cell string) string {
	if p == nil {
		return cell
	}
	return p(column, cell)
}

// Table returns rows of cells as lines, with the cells of a column one below the other. All rows have as many cells as the first one.
func Table(rows [][]string) string {
	var s Shape
	s.Grow(rows)
	return s.Lines(rows, nil)
}

// Shape is where the columns of a table stand on the screen.
type Shape struct {
	widths []int // of the columns
	begins []int // the columns that begin a further line
}

// Grow makes room for rows. What was written before stays where it is: a wider cell moves the columns to the right of it.
func (s *Shape) Grow(rows [][]string) {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(s.widths) {
				s.widths = append(s.widths, 0)
			}
			s.widths[i] = max(s.widths[i], Width(cell))
		}
	}
}

// Fold has lines that are too long for the screen end between two columns of the table. It returns how many lines each row then takes.
func (s *Shape) Fold(columns int) (lines int) {
	s.begins = nil
	at := 0
	for i, width := range s.widths {
		if at += width; at >= columns && i > 0 {
			s.begins = append(s.begins, i)
			at = len(hang) + width
		}
		at += len(gap)
	}
	return len(s.begins) + 1
}

// Lines returns rows as lines. Cells are painted once they are measured. A further line of a row without a value is left out.
func (s *Shape) Lines(rows [][]string, paint Paint) string {
	var b strings.Builder
	for _, row := range rows {
		line, ends := 0, append(slices.Clone(s.begins), len(row))
		for first := 0; first < len(row); first, line = ends[line], line+1 {
			if line > 0 && !slices.ContainsFunc(row[first:ends[line]], hasValue) {
				continue
			}
			if line > 0 {
				b.WriteString(hang)
			}
			for i := first; i < ends[line]; i++ {
				b.WriteString(paint.of(i, row[i]))
				if i < ends[line]-1 {
					b.WriteString(strings.Repeat(" ", s.widths[i]-Width(row[i])) + gap)
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func hasValue(cell string) bool { return cell != "" && cell != empty }

// Records returns rows of a table that is wider than the screen: a block of lines for each row, with a heading and a value in each line. Long
// values are broken between words (Hang).
func Records(headings []string, rows [][]string, columns int, paint Paint) string {
	var blocks []string
	widest := 0
	for _, heading := range headings {
		widest = max(widest, Width(heading))
	}
	for _, row := range rows {
		block := ""
		for i, cell := range row {
			if hasValue(cell) {
				label, value := Beside(Pad(headings[i], widest)+recordGap, cell, columns)
				block += label + paint.of(i, value) + "\n"
			}
		}
		blocks = append(blocks, block)
	}
	return strings.Join(blocks, "\n")
}
