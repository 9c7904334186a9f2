package splice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// items writes entries as list items, in the layout that kubectl uses.
func (d *layout) items(indent string, edits ...edit) string {
	if len(edits) == 0 {
		return ""
	}
	var values []any
	for _, e := range edits {
		values = append(values, e.value)
	}
	text, err := marshal(values)
	if err != nil {
		// The values are plain structs of strings, which always marshal.
		panic(fmt.Sprintf("marshal kubeconfig entries: %v", err))
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		b.WriteString(indent + strings.TrimSuffix(line, "\n") + d.eol)
	}
	return b.String()
}

// marshal is yaml.Marshal of sigs.k8s.io, which has a YAML parser read the JSON of the value: for a thousand clusters with their CAs, that
// takes longer than all else here.
func marshal(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // Whole ones stay whole, up to 64 bits with a sign.
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, err
	}
	return goyaml.Marshal(plain)
}

// scalar writes a string as YAML on one line, quoted if it must be.
func scalar(s string) (string, error) {
	text, err := yaml.Marshal(s)
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(string(text), "\n")
	if strings.Contains(line, "\n") {
		return "", fmt.Errorf("the name %q does not fit on a line", s)
	}
	return line, nil
}
