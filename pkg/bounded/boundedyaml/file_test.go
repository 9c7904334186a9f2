package boundedyaml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
)

// What is beyond a bound is refused before it is parsed. What is at a bound is not.
func TestCheckFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"as large as allowed":    {"a: " + strings.Repeat("b", boundedyaml.MaxFile-3), ""},
		"larger":                 {"a: " + strings.Repeat("b", boundedyaml.MaxFile-2), "is larger than 20 MiB"},
		"as many lines":          {strings.Repeat("\n", 1_000_000), ""},
		"as many lines of CRLF":  {strings.Repeat("#\r\n", 1_000_000), ""},
		"more lines":             {strings.Repeat("\n", 1_000_001), "has more than 1000000 lines"},
		"more lines of CR":       {strings.Repeat("\r", 1_000_001), "has more than 1000000 lines"},
		"as many values":         {"[" + strings.Repeat("a,", 399_999), ""},
		"more values":            {"[" + strings.Repeat("a,", 400_000), "has more than 400000 YAML values"},
		"more items":             {strings.Repeat("-\n", 400_001), "has more than 400000 YAML values"},
		"items that end in CRLF": {strings.Repeat("-\r\n", 400_001), "has more than 400000 YAML values"},
		"more items in a line":   {strings.Repeat("- ", 400_001), "has more than 400000 YAML values"},
		"more keys":              {strings.Repeat("a:\n", 400_001), "has more than 400000 YAML values"},
		"more odd keys":          {strings.Repeat("?\n", 400_001), "has more than 400000 YAML values"},
		"more objects":           {strings.Repeat("{", 400_001), "has more than 400000 YAML values"},
		"more tags":              {strings.Repeat("!", 400_001), "has more than 400000 YAML values"},
		"dashes within names":    {strings.Repeat("team-a-1--b\n", 400_000), ""},
		"more directives":        {strings.Repeat("%A\n", 102), "has more than 100 YAML directives"},
	} {
		costtest.Limit(t, name, func() {
			err := boundedyaml.CheckFile([]byte(c.text))
			var exceeds *bounded.Error
			if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &exceeds) || err.Error() != c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		})
	}
}

// A kubeconfig with 8,000 contexts, as kubectl writes them, is within the bounds.
func TestCheckFileOfALargeSite(t *testing.T) {
	const n = 8_000
	var b strings.Builder
	ca := strings.Repeat("QUJD", 360)
	b.WriteString("apiVersion: v1\nkind: Config\npreferences: {}\ncurrent-context: team-1\nclusters:\n")
	for i := range n {
		fmt.Fprintf(&b, "- cluster:\n    certificate-authority-data: %s\n    server: https://10.1.2.3:6443\n  name: team-a-%d\n", ca, i)
	}
	b.WriteString("contexts:\n")
	for i := range n {
		fmt.Fprintf(&b, "- context:\n    cluster: team-a-%d\n    namespace: x\n    user: team-a-%d\n  name: team-a-%d\n", i, i, i)
	}
	b.WriteString("users:\n")
	for i := range n {
		fmt.Fprintf(&b, "- name: team-a-%d\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      args:\n      - get-token\n      - --server\n"+
			"      - supervisor.example.com\n      - --user\n      - dev@vsphere.local\n      - --cluster\n      - production/team-a-%d\n      command: kubectl-vsphere\n"+
			"      env: null\n      installHint: |-\n        kubectl-vsphere gets the token for this context.\n        Install it from https://github.com/kubectl-vsphere/kubectl-vsphere\n"+
			"      interactiveMode: IfAvailable\n      provideClusterInfo: false\n", i, i)
	}
	if err := boundedyaml.CheckFile([]byte(b.String())); err != nil {
		t.Errorf("%d bytes: %v", b.Len(), err)
	}
}
