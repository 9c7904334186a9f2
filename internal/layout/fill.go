package layout

import "strings"

const (
	// narrowest is the least number of columns that text is fitted into. Below that, and where nobody knows it (0), a terminal breaks lines.
	narrowest = 20
	// filled is how wide a line of ours is at least, in columns, if it was broken to fit into a source file, and the next one continues it.
	// One that ends as a sentence does is taken for that only if it is at least full wide.
	filled = 60
	full   = 80
	// hang is the indentation of the lines that continue an indented line.
	hang = "  "
)

// Fill returns prose with lines that fit into columns, broken between words. A command to type is never broken: the terminal breaks it, and
// it is pasted as one line. If every line fits, or columns is less than 20, the text stays as it is.
func Fill(text string, columns int) string {
	if columns < narrowest {
		return text
	}
	var b strings.Builder
	lines := strings.SplitAfter(text, "\n")
	for len(lines) > 0 {
		n := paragraph(lines)
		if whole := strings.Join(lines[:n], ""); Fits(whole, columns) || isCode(whole) {
			b.WriteString(whole)
		} else {
			fill(&b, lines[:n], columns)
		}
		lines = lines[n:]
	}
	return b.String()
}

// Fits reports whether each line of a text fits into columns. One is left free: some terminals begin a line after the last column, and the
// line end then begins another.
func Fits(text string, columns int) bool {
	for line := range strings.Lines(text) {
		if Width(strings.TrimRight(line, "\n ")) >= columns {
			return false
		}
	}
	return true
}

// paragraph returns how many of the lines are one text, which was broken to fit into a source file.
func paragraph(lines []string) int {
	for i := range lines[:len(lines)-1] {
		if !continues(lines[0], lines[i], lines[i+1]) {
			return i + 1
		}
	}
	return len(lines)
}

// isCode reports whether a line is code: cobra indents examples with a tab.
func isCode(line string) bool { return strings.HasPrefix(line, "\t") }

// continues reports whether a line continues the one before it, in a text that begins with first.
func continues(first, before, line string) bool {
	text := strings.TrimRight(before, "\n ")
	least := filled
	if text != "" && strings.ContainsAny(text[len(text)-1:], ".:;!?") {
		least = full
	}
	blanks, mark := indent(first)
	at, another := indent(line)
	return strings.TrimSpace(line) != "" && !isCode(line) && !isCode(text) && Width(text) >= least && !endsInCommand(text) &&
		another == "" && at == blanks+mark && (blanks == "" || mark != "")
}

// indent returns the blanks before a line, and as many as its mark takes if it is an item of a list.
func indent(line string) (blanks, mark string) {
	rest := strings.TrimLeft(line, " ")
	if strings.HasPrefix(rest, "- ") {
		mark = hang
	}
	return line[:len(line)-len(rest)], mark
}

// endsInCommand reports whether a line ends with a command.
func endsInCommand(line string) bool {
	all := units(line)
	return len(all) > 0 && all[len(all)-1].command
}

// continuation returns what the further lines of a text begin with. Those of a comment of a shell are comments too.
func continuation(line string) string {
	blanks, mark := indent(line)
	switch {
	case strings.HasPrefix(line[len(blanks):], "# "):
		return blanks + "# "
	case blanks == "":
		return mark
	}
	return blanks + hang
}

// fill writes one text.
func fill(b *strings.Builder, lines []string, columns int) {
	further := continuation(lines[0])
	var text []string
	for i, line := range lines {
		if i > 0 {
			line = strings.TrimLeft(line, " ")
		}
		text = append(text, strings.TrimRight(line, "\n"))
	}
	whole := strings.Join(text, " ")
	flow(b, whole, further, span{0, columns})
	b.WriteString(whole[len(strings.TrimRight(whole, " ")):])
	if strings.HasSuffix(lines[len(lines)-1], "\n") {
		b.WriteString("\n")
	}
}

// span is a part of the screen: the column where a text begins, and the columns that there are.
type span struct{ at, columns int }

// flow writes the words of a text. Its further lines begin with further.
func flow(b *strings.Builder, text, further string, on span) {
	for i, u := range units(text) {
		width := len(u.blanks) + Width(u.text)
		if on.at+width >= on.columns && (i > 0 || on.at > len(further) && len(further)+width < on.columns) {
			u.blanks, on.at, width = "\n"+further, 0, len(further)+Width(u.text)
		}
		b.WriteString(u.blanks + u.text)
		on.at += width
	}
}

// Hang returns a text that begins in a column of the screen, in lines that fit into columns, broken between words as in Fill. The further
// lines begin below the first one, or are indented a little if that begins at the margin or leaves too little room.
func Hang(text string, at, columns int) string {
	if columns < narrowest || at+Width(text) < columns {
		return text
	}
	widest := 0
	for _, u := range units(text) {
		widest = max(widest, Width(u.text))
	}
	indent := strings.Repeat(" ", at)
	if at == 0 || columns-at < narrowest || at+widest >= columns && len(hang)+widest < columns {
		indent = hang
	}
	var b strings.Builder
	flow(&b, strings.TrimRight(text, " "), indent, span{at, columns})
	return b.String()
}

// Beside returns a label and the text beside it (Hang). The label has no blanks behind it if the text begins below.
func Beside(label, text string, columns int) (string, string) {
	text = Hang(text, Width(label), columns)
	if strings.HasPrefix(text, "\n") {
		label = strings.TrimRight(label, " ")
	}
	return label, text
}
