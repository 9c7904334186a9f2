package boundedyaml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
)

type document struct {
	Clusters []struct {
		Name    string `json:"name"`
		Cluster struct {
			Server string `json:"server"`
			CA     string `json:"certificate-authority-data"`
		} `json:"cluster"`
	} `json:"clusters"`
}

func TestUnmarshal(t *testing.T) {
	const text = "apiVersion: v1\n# note\nclusters:\n- name: a\n  cluster: {server: 'https://10.0.0.9:6443', certificate-authority-data: QUJD}\n"
	var got, want document
	if err := boundedyaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(text), &want); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	got = document{}
	if err := boundedyaml.Unmarshal([]byte(`{"clusters":[{"name":"a"}]}`), &got); err != nil || got.Clusters[0].Name != "a" {
		t.Errorf("JSON is YAML: %v %+v", err, got)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		bound bool
	}{
		"an alias":             {"a: &a b\nclusters: [*a]", true},
		"an anchor alone":      {"a: &a b", true},
		"a merge":              {"a: &a {b: c}\nd: {<<: *a}", true},
		"an alias as a key":    {"a: &a b\n*a : c", true},
		"too deep":             {strings.Repeat("[", 70) + strings.Repeat("]", 70), true},
		"too many":             {"a: [" + strings.Repeat("b,", boundedyaml.MaxNodes) + "]", true},
		"too large":            {"a: " + strings.Repeat("b", boundedyaml.MaxSize), true},
		"a key twice":          {"a: b\na: c\n", false},
		"two documents":        {"a: b\n---\nc: d\n", false},
		"nothing":              {"", false},
		"not YAML":             {"a: [", false},
		"another shape":        {"clusters: 7", false},
		"a key that is no key": {"? [a]\n: b", false},
	} {
		var got document
		err := boundedyaml.Unmarshal([]byte(c.text), &got)
		var exceeds *bounded.Error
		if err == nil || errors.As(err, &exceeds) != c.bound || len(got.Clusters) > 0 {
			t.Errorf("%s: %v %+v", name, err, got)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	costtest.Seed(f)
	f.Add([]byte("a: !!binary aGk=\nb: 2001-01-01\nc: .inf\n? d\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		costtest.Limit(t, "YAML", func() {
			var d document
			_ = boundedyaml.Unmarshal(text, &d)
		})
	})
}

// A user's own file may share a value by an alias, but not stand for more than a file can be.
func TestAliasesOfAFile(t *testing.T) {
	ca := strings.Repeat("A", 2000)
	for name, c := range map[string]struct {
		text    string
		refused bool
	}{
		"no alias":         {"a: b", false},
		"signs in strings": {"a: 'x*y&z'", false},
		"a shared CA":      {"ca: &ca " + ca + "\nclusters: [" + strings.Repeat("*ca,", 500) + "]", false},
		"a CA too often":   {"ca: &ca " + ca + "\nclusters: [" + strings.Repeat("*ca,", 3000) + "]", true},
		"many values":      {"a: &a [" + strings.Repeat("1,", 1000) + "]\nb: [" + strings.Repeat("*a,", 1000) + "]", true},
		"in itself":        {"a: &a [*a]", true},
		"not YAML":         {"a: &a [*a", true},
	} {
		if err := boundedyaml.CheckFile([]byte(c.text)); (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range costtest.Documents() {
		if strings.Contains(text, "*") {
			costtest.Limit(t, name, func() {
				if boundedyaml.CheckFile([]byte(text)) == nil {
					t.Errorf("%s: accepted", name)
				}
			})
		}
	}
}
