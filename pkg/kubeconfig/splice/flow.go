package splice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// rewriteSection replaces a section in flow style by one in block style. The entries keep their order.
func (s *splicer) rewriteSection(name Section, l list) error {
	seq, err := editSequence(l.value, s.edits[name])
	if err != nil {
		return err
	}
	s.rewritten = true
	start, end := l.key.Line-1, s.trimBlank(l.key.Line-1, s.fieldEnd(l.key))
	if len(seq.Content) == 0 {
		s.patches = append(s.patches, patch{start, end, s.rootIndent() + string(name) + ": []" + s.eol})
		return nil
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(seq); err != nil {
		return fmt.Errorf("line %d: rewrite %s: %w", l.key.Line, name, err)
	}
	var b strings.Builder
	b.WriteString(s.rootIndent() + string(name) + ":" + s.eol)
	for line := range strings.Lines(text.String()) {
		b.WriteString(s.itemIndent() + strings.TrimSuffix(line, "\n") + s.eol)
	}
	s.patches = append(s.patches, patch{start, end, b.String()})
	return nil
}

// editSequence makes the edits in a sequence and returns it in block style.
func editSequence(value *yaml.Node, edits []edit) (*yaml.Node, error) {
	at := map[string]edit{}
	for _, e := range edits {
		at[e.name] = e
	}
	out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	done := map[string]bool{}
	for _, node := range value.Content {
		name, err := nameOf(node)
		if err != nil {
			return nil, err
		}
		e, edited := at[name]
		if !edited {
			out.Content = append(out.Content, blockStyle(node))
			continue
		}
		done[name] = true
		if err := appendEdit(out, e); err != nil {
			return nil, err
		}
	}
	for _, e := range edits {
		if !done[e.name] {
			if err := appendEdit(out, e); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func appendEdit(seq *yaml.Node, e edit) error {
	if e.value == nil {
		return nil
	}
	text, err := sigsyaml.Marshal(e.value)
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return err
	}
	seq.Content = append(seq.Content, node.Content[0])
	return nil
}

// blockStyle takes the flow style off a node and everything in it.
func blockStyle(node *yaml.Node) *yaml.Node {
	node.Style &^= yaml.FlowStyle
	for _, child := range node.Content {
		blockStyle(child)
	}
	return node
}

// rewriteFlow replaces a file that is one flow mapping by indented JSON. Keys keep their order, and unknown ones stay.
func (d *layout) rewriteFlow(c Change) ([]byte, error) {
	edits := map[Section][]edit{}
	for _, e := range c.edits() {
		edits[e.section] = append(edits[e.section], e)
	}
	for _, name := range sections {
		if len(edits[name]) == 0 {
			continue
		}
		_, value := d.field(string(name))
		if value == nil {
			value = &yaml.Node{Kind: yaml.SequenceNode}
		}
		seq, err := editSequence(value, edits[name])
		if err != nil {
			return nil, err
		}
		d.setField(string(name), seq)
	}
	if c.CurrentContext != nil {
		d.setField("current-context", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: *c.CurrentContext})
	}
	compact, err := appendJSON(nil, d.root)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "    "); err != nil {
		return nil, err
	}
	if last := len(d.lines) - 1; strings.HasSuffix(d.lines[last], "\n") {
		out.WriteByte('\n')
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte(d.eol)), nil
}

func (d *layout) setField(name string, value *yaml.Node) {
	for i := 0; i < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == name {
			d.root.Content[i+1] = value
			return
		}
	}
	d.root.Content = append(d.root.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
}

// appendJSON writes a node as JSON with its keys in their order.
func appendJSON(out []byte, node *yaml.Node) ([]byte, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return appendJSON(out, node.Alias)
	case yaml.SequenceNode:
		out = append(out, '[')
		for i, child := range node.Content {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = appendJSON(out, child); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	case yaml.MappingNode:
		out = append(out, '{')
		for i := 0; i < len(node.Content); i += 2 {
			if node.Content[i].Tag == "!!merge" {
				return nil, fmt.Errorf("line %d: merge keys in flow style cannot be rewritten", node.Content[i].Line)
			}
			if i > 0 {
				out = append(out, ',')
			}
			key, err := json.Marshal(node.Content[i].Value)
			if err != nil {
				return nil, err
			}
			out = append(append(out, key...), ':')
			if out, err = appendJSON(out, node.Content[i+1]); err != nil {
				return nil, err
			}
		}
		return append(out, '}'), nil
	}
	text, err := scalarJSON(node)
	return append(out, text...), err
}

// scalarJSON writes a scalar as JSON. A number keeps its spelling.
func scalarJSON(node *yaml.Node) ([]byte, error) {
	if (node.Tag == "!!int" || node.Tag == "!!float") && json.Valid([]byte(node.Value)) {
		return []byte(node.Value), nil
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}
