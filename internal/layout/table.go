package layout

import "strings"

// gap is the space between two columns of a table.
const gap = "   "

// Table returns rows of cells as lines, with the cells of a column one below the other. All rows have as many cells as the first one. Rows below
// others begin with the widths of those, and Table returns the widths for the next ones: a wider cell moves what is to the right of it.
func Table(rows [][]string, widths []int) (string, []int) {
	var b strings.Builder
	widths = columnWidths(rows, widths)
	for _, row := range rows {
		for i, cell := range row {
			if i < len(row)-1 {
				cell = Pad(cell, widths[i]) + gap
			}
			b.WriteString(cell)
		}
		b.WriteString("\n")
	}
	return b.String(), widths
}

func columnWidths(rows [][]string, widths []int) []int {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell))
		}
	}
	return widths
}
