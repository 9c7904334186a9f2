package splice

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// list is one of the sections of a document with the lines of its items.
type list struct {
	key, value *yaml.Node // nil when the section is missing
	items      []item
	indent     string // before the dash
}

// item is an entry: its lines from the dash to the last line of content.
type item struct {
	name       string
	start, end int // indexes of lines, end exclusive
}

// list finds the items of a section in block style. A section in flow style has no items here.
func (d *layout) list(s Section) (list, error) {
	l := list{indent: d.rootIndent()}
	l.key, l.value = d.field(string(s))
	if l.key == nil || !l.block() {
		return l, l.check(s)
	}
	column, err := d.dashColumn(l.value)
	if err != nil {
		return l, err
	}
	l.indent = strings.Repeat(" ", column)
	end := d.fieldEnd(l.key)
	for i, node := range l.value.Content {
		name, err := nameOf(node)
		if err != nil {
			return l, err
		}
		start, err := d.dash(l.value.Line-1, column, node)
		if err != nil {
			return l, err
		}
		if i > 0 {
			l.items[i-1].end = d.trimBlank(l.items[i-1].start, start)
		}
		l.items = append(l.items, item{name: name, start: start, end: d.trimBlank(start, end)})
	}
	return l, nil
}

// nameOf returns the name of an entry. Of two, the last one counts, as for kubectl.
func nameOf(entry *yaml.Node) (string, error) {
	node := entry
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind == yaml.MappingNode {
		for i := len(node.Content) - 2; i >= 0; i -= 2 {
			if node.Content[i].Value == "name" && node.Content[i+1].Kind == yaml.ScalarNode && !null(node.Content[i+1]) {
				return node.Content[i+1].Value, nil
			}
		}
	}
	var named struct { // Of a merge key, perhaps.
		Name string `yaml:"name"`
	}
	if err := entry.Decode(&named); err != nil {
		return "", fmt.Errorf("line %d: the entry is not a mapping with a name", entry.Line)
	}
	return named.Name, nil
}

// check refuses a section that is not a list.
func (l list) check(s Section) error {
	if l.key == nil || l.null() || l.value.Kind == yaml.SequenceNode {
		return nil
	}
	if l.value.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: %s is an alias (*%s), which cannot be edited safely", l.value.Line, s, l.value.Value)
	}
	return fmt.Errorf("line %d: %s is not a list", l.value.Line, s)
}

func (l list) null() bool { return null(l.value) }

// block reports whether the items can be edited as lines.
func (l list) block() bool {
	return l.value.Kind == yaml.SequenceNode && l.value.Style&yaml.FlowStyle == 0 && len(l.value.Content) > 0
}

// flow reports whether there are items in flow style.
func (l list) flow() bool {
	return l.key != nil && l.value.Kind == yaml.SequenceNode && l.value.Style&yaml.FlowStyle != 0 && len(l.value.Content) > 0
}

// dashColumn is the number of spaces before the dashes of a list. A list with an anchor or a tag begins on the line of its
// key, so there the first item's dash is looked for.
func (d *layout) dashColumn(seq *yaml.Node) (int, error) {
	if seq.Anchor == "" && seq.Style&yaml.TaggedStyle == 0 {
		return seq.Column - 1, nil
	}
	first := seq.Content[0]
	for i := first.Line - 1; i >= seq.Line; i-- {
		if rest := strings.TrimLeft(d.lines[i], " "); strings.HasPrefix(rest, "-") {
			return len(d.lines[i]) - len(rest), nil
		}
	}
	return 0, fmt.Errorf("line %d: the list begins in a way that cannot be edited safely", seq.Line)
}

// dash finds the line of an item's dash: the item's first line, or an earlier one if the dash is alone on its line.
func (d *layout) dash(from, column int, node *yaml.Node) (int, error) {
	for i := node.Line - 1; i >= from; i-- {
		line := d.lines[i]
		if len(line) > column && line[column] == '-' && strings.TrimSpace(line[:column]) == "" {
			return i, nil
		}
	}
	return 0, fmt.Errorf("line %d: the entry begins in a way that cannot be edited safely", node.Line)
}

// rootIndent is the indentation of the top mapping.
func (d *layout) rootIndent() string {
	if d.root == nil {
		return ""
	}
	return strings.Repeat(" ", max(0, d.root.Column-1))
}

// itemIndent is the indentation for the items of a new section: that of another section, else kubectl's.
func (d *layout) itemIndent() string {
	for _, s := range sections {
		if key, value := d.field(string(s)); key != nil {
			if l := (list{key: key, value: value}); l.block() {
				if column, err := d.dashColumn(value); err == nil {
					return strings.Repeat(" ", column)
				}
			}
		}
	}
	return d.rootIndent()
}
