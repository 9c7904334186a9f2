package splice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// layout is a kubeconfig as text, with the positions of what is in it. The YAML library is used for positions only:
// every library that we measured loses bytes when it writes a file.
type layout struct {
	bom    string   // the byte order mark, which no line has
	lines  []string // each with its line end
	eol    string
	root   *yaml.Node     // the top mapping; nil in a file without content
	scalar map[int]*block // the block scalars, by the indexes of their lines
	open   bool           // the last line ends the file within a block scalar that a line end would make longer
}

// bom is the byte order mark of UTF-8.
const bom = "\ufeff"

// parse finds the positions. Its errors repeat no value of the text.
func parse(text []byte) (*layout, error) {
	d := &layout{eol: "\n", scalar: map[int]*block{}}
	if bytes.HasPrefix(text, []byte(bom)) {
		d.bom, text = bom, text[len(bom):]
	}
	d.lines = splitLines(string(text))
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
	if err := onlyEmpty(decoder); err != nil {
		return nil, err
	}
	return d, d.setRoot(&node)
}

// onlyEmpty returns an error if a document with content follows. Files end in --- where somebody joined several.
func onlyEmpty(decoder *yaml.Decoder) error {
	for {
		var next yaml.Node
		switch err := decoder.Decode(&next); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil || !null(next.Content[0]):
			return errors.New("it holds several YAML documents; kubectl reads only one")
		}
	}
}

func null(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

func (d *layout) setRoot(node *yaml.Node) error {
	top := node.Content[0]
	switch {
	case null(top):
		d.dropNull(top)
		return nil // Comments only, or an explicit null.
	case top.Kind != yaml.MappingNode:
		return fmt.Errorf("line %d: it is not a kubeconfig: no mapping at the top", top.Line)
	}
	seen := map[string]bool{}
	for i := 0; i < len(top.Content); i += 2 {
		key := top.Content[i]
		if seen[key.Value] && isEdited(key.Value) {
			return fmt.Errorf("line %d: %q occurs twice, and kubectl uses the second", key.Line, key.Value)
		}
		seen[key.Value] = true
	}
	d.root = top
	d.markScalars(top)
	return nil
}

// isEdited reports whether a key of the top mapping is one that an edit looks for.
func isEdited(key string) bool {
	return key == "current-context" || slices.Contains(sections[:], Section(key))
}

// dropNull takes the word of an explicit null off its line: content cannot stand beside it.
func (d *layout) dropNull(top *yaml.Node) {
	if top.Value == "" {
		return
	}
	line := d.lines[top.Line-1]
	if at := min(top.Column-1, len(line)); strings.HasPrefix(line[at:], top.Value) {
		d.lines[top.Line-1] = line[:at] + line[at+len(top.Value):]
	}
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

// end is the index of the line after the document's last one: the line of the end marker, that of the next document, or the number of
// lines.
func (d *layout) end() int {
	for i := d.start(); i < len(d.lines); i++ {
		if marks(d.lines[i], "...") || marks(d.lines[i], "---") {
			return i
		}
	}
	return len(d.lines)
}

// marks reports whether a line begins with the marker of a document's start or end.
func marks(line, marker string) bool {
	rest, found := strings.CutPrefix(line, marker)
	return found && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n"))
}

// start is the index of the first line of content, or, without any, of the line after the marker of the document's start.
func (d *layout) start() int {
	if d.root != nil {
		return d.root.Line - 1 + d.markers(d.root.Line-1)
	}
	for i, line := range d.lines {
		if marks(line, "---") {
			return i + 1
		}
		if !blank(line) && !strings.HasPrefix(line, "%") {
			break
		}
	}
	return 0
}

// markers is 1 if a line has the marker of a document's start before its content, else 0.
func (d *layout) markers(i int) int {
	if marks(d.lines[i], "---") {
		return 1
	}
	return 0
}

// blank reports whether a line holds nothing but space or a comment.
func blank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// trimBlank moves end back over blank lines and comments: they belong to the next entry. Those of a block scalar are its content.
func (d *layout) trimBlank(start, end int) int {
	for end > start+1 && blank(d.lines[end-1]) && d.scalar[end-1] == nil {
		end--
	}
	return end
}
