package splice

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// block is a scalar of the | or > style, and where its lines are. The parser says only where it begins.
type block struct {
	indent      int  // of its content, at least 1
	keep, strip bool // the line ends after its content: + and -
	first, end  int  // indexes of the lines below its header; end exclusive
}

// markScalars notes the lines of block scalars at and below a node: there, # begins no comment, and a blank line may count.
func (d *layout) markScalars(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		b := findBlock(d.lines, node)
		for i := b.first; i < b.end; i++ {
			d.scalar[i] = b
		}
		if b.end == len(d.lines) && b.end > b.first && !b.strip {
			d.open = !strings.HasSuffix(d.lines[b.end-1], "\n")
		}
	}
	for _, child := range node.Content {
		d.markScalars(child)
	}
}

// findBlock finds the lines of a block scalar.
func findBlock(lines []string, node *yaml.Node) *block {
	first, indicators := header(lines, node)
	b := &block{indent: 1, first: first, end: first, keep: strings.Contains(indicators, "+"), strip: strings.Contains(indicators, "-")}
	i := first
	for i < len(lines) && empty(lines[i]) {
		i++
	}
	switch {
	case strings.Trim(node.Value, " \n") == "":
		if node.Value != "" {
			b.end = i
		}
		return b
	case i < len(lines):
		b.indent = max(1, spaces(lines[i])-leadingSpaces(node.Value))
	}
	for ; i < len(lines); i++ {
		if b.takes(lines[i]) {
			b.end = i + 1
		} else if !empty(lines[i]) {
			break
		}
	}
	return b
}

// takes reports whether a line right below the scalar would be content. A nil block takes none.
func (b *block) takes(line string) bool {
	switch {
	case b == nil:
		return false
	case empty(line):
		return b.keep || spaces(line) > b.indent
	}
	return spaces(line) >= b.indent
}

// empty reports whether a line has only spaces.
func empty(line string) bool { return strings.Trim(line, " \r\n") == "" }

// spaces counts the spaces that a line begins with.
func spaces(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// leadingSpaces counts the spaces before the first character of a value that is neither a space nor a line break.
func leadingSpaces(value string) int {
	before := value[:len(value)-len(strings.TrimLeft(value, " \n"))]
	return len(before) - 1 - strings.LastIndexByte(before, '\n')
}

// property is an anchor or a tag, which may stand before a scalar on a line of its own.
var property = regexp.MustCompile(`^[&!]\S*`)

// header finds the indicators of a block scalar, as in |2-, and the index of the line below them.
func header(lines []string, node *yaml.Node) (first int, indicators string) {
	skip := node.Column - 1 // in characters
	for i := node.Line - 1; i < len(lines); i++ {
		chars := []rune(lines[i])
		rest := string(chars[min(skip, len(chars)):])
		skip = 0
		for rest = strings.TrimLeft(rest, " \t"); property.MatchString(rest); {
			rest = strings.TrimLeft(property.ReplaceAllString(rest, ""), " \t")
		}
		if rest != "" && (rest[0] == '|' || rest[0] == '>') {
			indicators, _, _ = strings.Cut(strings.TrimSpace(rest), "#")
			return i + 1, indicators
		}
	}
	return len(lines), ""
}
