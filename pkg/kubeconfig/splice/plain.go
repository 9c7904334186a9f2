package splice

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Plain reports whether the text is as kubectl writes it: block style, one line for each value, no anchors, tags or second document. Such a
// text can be edited, so that nobody has to try it: to read back what an edit made takes as long as kubectl takes to read the file.
func (d *Document) Plain() bool {
	l := d.layout
	return l != nil && l.bom == "" && l.eol == "\n" && l.root != nil && len(l.scalar) == 0 && !marked(l.lines) && plain(l.lines, l.root) && listed(l)
}

// marked reports whether a line separates documents.
func marked(lines []string) bool {
	for _, line := range lines {
		if marks(line, "---") || marks(line, "...") {
			return true
		}
	}
	return false
}

// listed reports whether the sections are there, with entries.
func listed(d *layout) bool {
	for _, s := range sections {
		if _, value := d.field(string(s)); value == nil || value.Kind != yaml.SequenceNode || len(value.Content) == 0 {
			return false
		}
	}
	return true
}

// plain reports whether a value and all below it are in block style, and on one line if they have no parts.
func plain(lines []string, n *yaml.Node) bool {
	const quotes = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle
	switch {
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		return false
	case n.Kind == yaml.ScalarNode:
		return n.Style&^quotes == 0 && strings.Contains(lines[n.Line-1], n.Value)
	case n.Style != 0:
		return n.Style == yaml.FlowStyle && len(n.Content) == 0 // kubectl writes preferences: {}.
	}
	for _, part := range n.Content {
		if !plain(lines, part) {
			return false
		}
	}
	return true
}
