package command_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

func TestHarmlessYAML(t *testing.T) {
	for in, want := range map[string]string{
		"a: x\nb:\n- c\n":                     "a: x\nb:\n- c\n",
		"a: x\u202ey\n":                       "a: \"x\\u202ey\"\n",
		"users:\n- name: \u200bu\n  x: 'y'\n": "users:\n- name: \"\\u200bu\"\n  x: 'y'\n",
		"\U000e0041: 1\n":                     "\"\\U000E0041\": 1\n",
	} {
		if got, err := command.HarmlessYAML([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := command.HarmlessYAML([]byte("a: [\u202e\n")); err == nil {
		t.Error("no YAML, and no error")
	}
}

// FuzzFormat: in JSON and in YAML nothing harmful is left, and a program reads what it would have read.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"a\u202e", "\x1b[31m\x7f\u009b", "\u2028\u2029\u0085\r\n x", "\ufeff\ufe0f\U000e0041", " \t'\"# : \u200b", "\t\n0", strings.Repeat("k", 1025)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := json.Marshal(map[string]string{s: s, "x": s})
		if err != nil {
			return // It is no such input.
		}
		var want map[string]string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"json", "yaml"} {
			var format command.Format
			if err := format.Of("json", "yaml").Set(name); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := format.Write(&out, want); err != nil {
				t.Fatalf("%s: %q: %v", name, s, err)
			}
			if !safetext.IsText([]byte(out.String())) {
				t.Errorf("%s: %q left %q", name, s, out.String())
			}
			var got map[string]string
			read := func(text []byte) error { return yaml.Unmarshal(text, &got) }
			if name == "json" {
				read = func(text []byte) error { return json.Unmarshal(text, &got) }
			}
			if err := read([]byte(out.String())); err != nil || !maps.Equal(want, got) {
				t.Errorf("%s: %q became %q: %v\n%s", name, s, got, err, out.String())
			}
		}
	})
}
