package splice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// layout is a kubeconfig as text, with the positions of what is in it. The YAML library is used for positions only:
// every library that we measured loses bytes when it writes a file.
type layout struct {
	lines []string // each with its line end
	eol   string
	root  *yaml.Node // the top mapping; nil in a file without content
}

// parse finds the positions. Its errors repeat no value of the text.
func parse(text []byte) (*layout, error) {
	d := &layout{lines: splitLines(string(text)), eol: "\n"}
	if len(d.lines) > 0 && strings.HasSuffix(d.lines[0], "\r\n") {
		d.eol = "\r\n"
	}
	if odd := strings.ReplaceAll(string(text), "\r\n", "\n"); strings.ContainsAny(odd, "\r\u0085\u2028\u2029") {
		return nil, errors.New("it has line breaks other than LF and CRLF, so its lines cannot be told apart safely")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var node yaml.Node
	switch err := decoder.Decode(&node); {
	case errors.Is(err, io.EOF):
		return d, nil
	case err != nil:
		return nil, fmt.Errorf("it is not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds several YAML documents; kubectl reads only one")
	}
	return d, d.setRoot(&node)
}

func (d *layout) setRoot(node *yaml.Node) error {
	top := node.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
		return nil // Comments only, or an explicit null.
	case top.Kind != yaml.MappingNode:
		return fmt.Errorf("line %d: it is not a kubeconfig: no mapping at the top", top.Line)
	}
	seen := map[string]bool{}
	for i := 0; i < len(top.Content); i += 2 {
		key := top.Content[i]
		if seen[key.Value] {
			return fmt.Errorf("line %d: %q occurs twice", key.Line, key.Value)
		}
		seen[key.Value] = true
	}
	d.root = top
	return nil
}

// splitLines keeps the line ends.
func splitLines(s string) []string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, line)
	}
	return lines
}

// flow reports whether the whole file is one flow mapping, as JSON is.
func (d *layout) flow() bool { return d.root != nil && d.root.Style&yaml.FlowStyle != 0 }

// field finds a key of the top mapping and its value; nil when it is not there.
func (d *layout) field(name string) (key, value *yaml.Node) {
	if d.root == nil {
		return nil, nil
	}
	for i := 0; i < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == name {
			return d.root.Content[i], d.root.Content[i+1]
		}
	}
	return nil, nil
}

// fieldEnd is the index of the line after the field's last one: the next key's, or the end of the document.
func (d *layout) fieldEnd(key *yaml.Node) int {
	for i := 0; i < len(d.root.Content); i += 2 {
		if d.root.Content[i] == key && i+2 < len(d.root.Content) {
			return d.root.Content[i+2].Line - 1
		}
	}
	return d.end()
}

// end is the index of the line after the document's last one: the line of the end marker, or the number of lines.
func (d *layout) end() int {
	for i := d.start(); i < len(d.lines); i++ {
		if line := strings.TrimRight(d.lines[i], " \t\r\n"); line == "..." {
			return i
		}
	}
	return len(d.lines)
}

// start is the index of the first line of content.
func (d *layout) start() int {
	if d.root == nil {
		return 0
	}
	return d.root.Line - 1
}

// blank reports whether a line holds nothing but space or a comment.
func blank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// trimBlank moves end back over blank lines and comments: they belong to the next entry.
func (d *layout) trimBlank(start, end int) int {
	for end > start+1 && blank(d.lines[end-1]) {
		end--
	}
	return end
}
