package command

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

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
	quoteHarmful(&document)
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&document); err != nil {
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
