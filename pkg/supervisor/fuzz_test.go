package supervisor

import (
	"strings"
	"testing"
	"unicode"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
)

// FuzzWorkloads: whatever a server answers, what comes out can stand in file and context names.
func FuzzWorkloads(f *testing.F) {
	for _, s := range []string{
		`[]`, `null`, `{}`, `[null]`, `[{"namespace":"a","master_host":"10.0.0.1","control_plane_api_server_port":6443}]`,
		`[{"namespace":"a","master_host":"https://[fd00::1]:443/","conrol_plane_api_server_port":"6443"},{"namespace":"../x","master_host":"y"}]`,
		"[{\"namespace\":\"a\\n\",\"master_host\":\"\\u001b\"}]", `[{"namespace":1}]`, "<html>", `[[[[[[`,
	} {
		f.Add([]byte(s))
	}
	costtest.Seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var all []Workload
		var invalid []error
		var err error
		costtest.Limit(t, "workloads", func() { all, invalid, err = parseWorkloads("https://10.0.0.1/wcp/workloads", body) })
		if err != nil {
			invalid = append(invalid, err)
		}
		for _, err := range invalid {
			if text := err.Error(); strings.ContainsFunc(text, unicode.IsControl) || len(text) > 1000 {
				t.Errorf("not harmless: %q", text)
			}
		}
		for _, w := range all {
			a, err := ParseAddress(w.Host)
			if err != nil || a.Host != w.Host || !IsName(w.Namespace) || w.APIPort < 0 || w.APIPort > 65535 {
				t.Errorf("%+v: %v", w, err)
			}
		}
	})
}
