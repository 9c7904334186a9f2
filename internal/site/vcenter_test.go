package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// A vCenter is asked by the proxy of the environment, as the Supervisor is, and only if the Supervisor's CA is unknown.
func TestVCenterGoesByTheProxy(t *testing.T) {
	w := consoletest.New(t)
	w.Supervisor("10.0.0.1")
	w.Serve("vc.example.com:443", w.CA, http.NotFoundHandler())
	for flags, want := range map[*site.TrustFlags][]string{
		{}:                      {"10.0.0.1", "vc.example.com"},
		{CAFile: w.CAFile}:      {"10.0.0.1"},
		{ReplaceCA: true}:       {"10.0.0.1", "vc.example.com"},
		{CAFile: "/dev/absent"}: nil,
	} {
		flags.VCenter = supervisor.Address{Host: "vc.example.com"}
		var asked []string
		e := w.Env()
		e.Proxy = func(r *http.Request) (*url.URL, error) {
			asked = append(asked, r.URL.Host)
			return nil, nil
		}
		s, err := site.Contact{Env: e, Server: address, Flags: *flags}.Open(t.Context())
		if err == nil {
			s.Wire.HTTP.CloseIdleConnections()
		}
		if (err == nil) != (flags.CAFile == w.CAFile) || flags.CAFile == "" && failure.Code(err) != failure.Server {
			t.Errorf("%+v: %v", *flags, err)
		}
		if slices.Sort(asked); !slices.Equal(slices.Compact(asked), want) {
			t.Errorf("%+v: the proxy was asked about %q", *flags, asked)
		}
	}
}
