package splice

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// item writes an entry as a list item, in the layout that kubectl uses.
func (d *layout) item(indent string, e edit) string {
	text, err := yaml.Marshal(e.value)
	if err != nil {
		// The values are plain structs of strings, which always marshal.
		panic(fmt.Sprintf("marshal a kubeconfig entry: %v", err))
	}
	var b strings.Builder
	prefix := indent + "- "
	for line := range strings.Lines(string(text)) {
		b.WriteString(prefix + strings.TrimSuffix(line, "\n") + d.eol)
		prefix = indent + "  "
	}
	return b.String()
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
