package command

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// A server's text is data to a program that parses the output, and does nothing to a terminal.
func TestOutputIsHarmless(t *testing.T) {
	const said = "a\u009b31m\u202e \u00e4\U000e0041\x1b]0;x\x07"
	for _, format := range []Format{"json", "yaml"} {
		var b strings.Builder
		if err := format.Write(&b, map[string]string{"name": said}); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if strings.ContainsAny(b.String(), "\u009b\u202e\x1b\x07") {
			t.Errorf("%s: %q", format, b.String())
		}
		var back map[string]string
		parse := map[Format]func([]byte, any) error{"json": json.Unmarshal, "yaml": func(b []byte, v any) error { return yaml.Unmarshal(b, v) }}[format]
		err := parse([]byte(b.String()), &back)
		if err != nil || back["name"] != said {
			t.Errorf("%s: %q %v", format, back["name"], err)
		}
	}
}
