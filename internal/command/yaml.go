package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// yamlOf returns a JSON text as harmless YAML, with its keys in order. It does not read the JSON as YAML, as sigs.k8s.io/yaml does: YAML
// ends a key in JSON's form after 1,024 characters (YAML 1.2.2, section 7.4.2).
func yamlOf(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return encodeHarmless(nodeOf(v))
}

// nodeOf returns what JSON holds as YAML. A string that is not plain is in double quotes: the encoder's blocks of several lines cannot be
// read again where a line begins with a tab.
func nodeOf(v any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(v)}
	switch v := v.(type) {
	case nil:
		n.Value = "null"
	case string:
		if plain, err := yaml.Marshal(v); err != nil || string(plain) != v+"\n" {
			n.Style = yaml.DoubleQuotedStyle
		}
	case []any:
		n.Kind, n.Value = yaml.SequenceNode, ""
		for _, item := range v {
			n.Content = append(n.Content, nodeOf(item))
		}
	case map[string]any:
		n.Kind, n.Value = yaml.MappingNode, ""
		for _, key := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, nodeOf(key), nodeOf(v[key]))
		}
	}
	return n
}

// HarmlessYAML returns a YAML text of ours, without comments, in which every harmful character is an escape (YAML 1.2.2, section 5.7). A
// program that parses it gets the same values. Without such a character the text stays as it is.
func HarmlessYAML(text []byte) ([]byte, error) {
	if safetext.IsText(text) {
		return text, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	return encodeHarmless(&document)
}

// encodeHarmless writes YAML in the layout of kubectl, with escapes for harmful characters.
func encodeHarmless(document *yaml.Node) ([]byte, error) {
	quoteHarmful(document)
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	e.CompactSeqIndent()
	if err := e.Encode(document); err != nil {
		return nil, err
	}
	// Harmful characters are left in double quotes alone, which is where YAML has escapes.
	return safetext.Escape(out.Bytes(), yamlEscape), nil
}

// yamlEscape returns the escape of a character in double quotes.
func yamlEscape(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// quoteHarmful puts scalars with harmful characters in double quotes.
func quoteHarmful(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && !safetext.IsText([]byte(strings.ReplaceAll(n.Value, "\r", "\x00"))) {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		quoteHarmful(c)
	}
}
