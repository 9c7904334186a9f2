package login

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// A Concierge on another host has a trust of its own. Spellings of the API server are the API server, also if the front takes its place.
func TestSupervisorTarget(t *testing.T) {
	for name, tc := range map[string]struct {
		concierge string
		port      int
		server    string
		elsewhere bool
	}{
		"none named":                     {"", 0, "https://sup.lab:6443", false},
		"the API server":                 {"https://sup.lab:6443", 0, "https://sup.lab:6443", false},
		"in another spelling":            {"https://SUP.lab:6443", 0, "https://sup.lab:6443", false},
		"behind the front":               {"https://sup.lab:6443", 443, "https://sup.lab:443", false},
		"behind it, in another spelling": {"https://SUP.lab:6443", 443, "https://sup.lab:443", false},
		"the front in its place":         {"https://sup.lab", 443, "https://sup.lab:443", false},
		"the front beside it":            {"https://sup.lab", 0, "https://sup.lab", true},
		"another port":                   {"https://sup.lab:7443", 0, "https://sup.lab:7443", true},
		"another host":                   {"https://concierge.lab/x", 443, "https://concierge.lab/x", true},
		"no exact host":                  {"https://sup.lab.:6443", 0, "https://sup.lab.:6443", true},
	} {
		f := &Federated{Issuer: &oidc.Client{}, Front: &supervisor.Client{Address: supervisor.Address{Host: "sup.lab"}}, APIPort: tc.port}
		f.Issuer.Provider.Issuer, f.Issuer.Concierge = "https://sup.lab/issuer", tc.concierge
		got := f.SupervisorTarget(func(server string) []byte { return []byte("CA of " + server) })
		if got.Server != tc.server || got.CA != "CA of "+tc.server || (got.API != nil) != tc.elsewhere || got.Audience != "https://sup.lab/issuer" {
			t.Errorf("%s: %+v", name, got)
		}
		if api := f.Front.Address.API(tc.port); got.API != nil && got.API.CA != "CA of "+api {
			t.Errorf("%s: the API server is verified by the %s", name, got.API.CA)
		}
	}
}
