package site_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/vcentertest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

var address = supervisor.Address{Host: "10.0.0.1"}

// Which trust a contact has: that of a flag, else that of the last time, else the system's. vouched is whether somebody knew the CA
// before.
func TestTrustOfAContact(t *testing.T) {
	w := consoletest.New(t)
	w.Supervisor("10.0.0.1")
	fingerprint := trust.Trust{CA: w.CA.PEM}.Fingerprints()
	bundle, pinned := trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}, trust.Trust{Mode: trust.Pinned, CA: w.CA.PEM}
	for name, tc := range map[string]struct {
		last    trust.Trust
		flags   site.TrustFlags
		code    int
		mode    trust.Mode
		vouched bool
	}{
		"by nothing":             {code: failure.Server},
		"by a file":              {flags: site.TrustFlags{CAFile: w.CAFile}, mode: trust.Bundle, vouched: true},
		"by a fingerprint":       {flags: site.TrustFlags{CAFingerprints: fingerprint}, mode: trust.Pinned, vouched: true},
		"by another fingerprint": {flags: site.TrustFlags{CAFingerprints: []string{"00"}}, code: failure.Server},
		"not at all":             {flags: site.TrustFlags{Insecure: true}, mode: trust.Insecure},
		"as the last time":       {last: bundle, mode: trust.Bundle, vouched: true},
		"as pinned":              {last: pinned, mode: trust.Pinned},
		"as accepted":            {last: trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", w.CA.PEM), mode: trust.Pinned},
		"a pin goes first":       {last: trust.Trust{Mode: trust.System}.WithPin("10.0.0.1:443", w.CA.PEM), mode: trust.System},
		"a file wins":            {last: pinned, flags: site.TrustFlags{CAFile: w.CAFile}, mode: trust.Bundle, vouched: true},
	} {
		w.Do(func(ctx context.Context, e *console.Env) {
			s, err := site.Contact{Env: e, Server: address, Last: tc.last, Flags: tc.flags}.Open(ctx)
			if failure.Code(err) != tc.code {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				defer s.Wire.HTTP.CloseIdleConnections()
				if got := s.Trust(); got.Mode != tc.mode || s.VouchedCA != tc.vouched {
					t.Errorf("%s: %s, vouched for: %t", name, got.Mode, s.VouchedCA)
				}
			}
		})
	}
}

// Pins of other servers outlive a new CA of the Supervisor.
func TestPinsStay(t *testing.T) {
	w := consoletest.New(t)
	w.Supervisor("10.0.0.1")
	last := trust.Trust{Mode: trust.Pinned, CA: consoletest.NewCA(t, "old").PEM}.WithPin("10.0.1.1:443", w.CA.PEM)
	w.Person(consoletest.Answer{To: "Trust it", Keys: "y"})
	w.Do(func(ctx context.Context, e *console.Env) {
		s, err := site.Contact{Env: e, Server: address, Last: last, Flags: site.TrustFlags{ReplaceCA: true}}.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Wire.HTTP.CloseIdleConnections()
		want := trust.Trust{Mode: trust.Pinned, Pins: map[string]string{"10.0.0.1:443": w.CA.PEM, "10.0.1.1:443": w.CA.PEM}}
		if diff := cmp.Diff(want, s.Trust()); diff != "" { // The old CA verifies nothing any more.
			t.Error(diff)
		}
	}).Says("trusted so far")
}

// Without a Supervisor any answer shows that the server is there, and 5xx that it is down.
func TestAPIServerAlone(t *testing.T) {
	w := consoletest.New(t)
	for status, want := range map[int]error{200: nil, 401: nil, 403: nil, 404: nil, 502: wire.ErrServer} {
		w.Serve("10.0.0.1:443", w.CA, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/version" || r.Header.Get("Authorization") != "" {
				t.Errorf("%s with %q", r.URL, r.Header.Get("Authorization"))
			}
			w.WriteHeader(status)
		}))
		s, err := site.Contact{Env: w.Env(), Server: address, API: true, Flags: site.TrustFlags{CAFile: w.CAFile}}.Open(t.Context())
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%d: %v", status, err)
		}
		if s.Ground().Covers("https://10.0.0.1/") {
			t.Error("it may have a vCenter password")
		}
		s.Wire.HTTP.CloseIdleConnections()
	}
}

// A Supervisor that answered may have secrets, and no other server. If it is not verified, no transport makes up for that.
func TestGroundOfASite(t *testing.T) {
	w := consoletest.New(t)
	w.Serve("10.0.0.1:443", w.CA, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // It has no banner.
	for flags, want := range map[*site.TrustFlags]error{{CAFile: w.CAFile}: nil, {Insecure: true}: disclose.ErrUnverified} {
		s, err := site.Contact{Env: w.Env(), Server: address, Flags: *flags}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held := s.Ground().Hold(disclose.Password, "secret")
		if _, err := held.Permit("https://10.0.0.1/wcp", disclose.Over{Verified: true}); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%+v: %v", flags, err)
		}
		if _, err := held.Permit("https://10.0.0.2/wcp", disclose.Over{Verified: true}); !errors.Is(err, disclose.ErrNoGround) {
			t.Errorf("%+v, another server: %v", flags, err)
		}
		s.Wire.HTTP.CloseIdleConnections()
	}
}

// A vCenter that has answered as one may have the password, and is no Supervisor.
func TestGroundOfAVCenter(t *testing.T) {
	w := consoletest.New(t)
	vcentertest.Serve(t, w, "10.0.0.1")
	for flags, want := range map[*site.TrustFlags]error{{CAFile: w.CAFile}: nil, {Insecure: true}: disclose.ErrUnverified} {
		s, err := site.Contact{Env: w.Env(), Server: address, Flags: *flags, VCenter: &vcenter.Client{}}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for kind, want := range map[disclose.Kind]error{disclose.Password: want, disclose.SupervisorToken: disclose.ErrNoGround} {
			if _, err := s.Ground().Hold(kind, "secret").Permit("https://10.0.0.1/api", disclose.Over{Verified: true}); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%+v, %s: %v", flags, kind, err)
			}
		}
		s.Wire.HTTP.CloseIdleConnections()
	}
}

// What the API server is verified by: a pin, else what the Supervisor tells, as far as the Supervisor is believed.
func TestAPICA(t *testing.T) {
	front, told := consoletest.NewCA(t, "front").PEM, consoletest.NewCA(t, "told").PEM
	const server = "https://10.0.0.1:6443"
	for name, tc := range map[string]struct {
		trust trust.Trust
		told  string
		want  string
	}{
		"pinned":                     {trust.Trust{Mode: trust.Bundle, CA: front}.WithPin("10.0.0.1:6443", "pin"), told, "pin"},
		"nothing is verified":        {trust.Trust{Mode: trust.Insecure}, told, ""},
		"nothing is told":            {trust.Trust{Mode: trust.Bundle, CA: front}, "", front},
		"beside a file":              {trust.Trust{Mode: trust.Bundle, CA: front}, told, front + told},
		"in place of a pin":          {trust.Trust{Mode: trust.Pinned, CA: front}, told, told},
		"a front that is public":     {trust.Trust{Mode: trust.System}, told, told},
		"a public front, told not":   {trust.Trust{Mode: trust.System}, "", ""},
		"told by a front with a pin": {trust.Trust{Mode: trust.Bundle, CA: front}.WithPin("10.0.0.1:443", front), told, told},
	} {
		if got := string(site.APICA(login.Host{Address: address, APICA: []byte(tc.told)}, server, tc.trust)); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, tc := range map[string]struct {
		trust trust.Trust
		want  string
	}{
		"a file":              {trust.Trust{Mode: trust.Bundle, CA: front}, front},
		"a fingerprint":       {trust.Trust{Mode: trust.Pinned, CA: front}, front},
		"a pin":               {trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", front), front},
		"the system's roots":  {trust.Trust{Mode: trust.System}, ""},
		"nothing is verified": {trust.Trust{Mode: trust.Insecure, CA: front}, ""},
	} {
		if got := string(site.APICA(login.Host{Address: address, APICA: []byte(told)}, "https://10.0.0.1:443", tc.trust)); got != tc.want {
			t.Errorf("by the front, %s: %q", name, got)
		}
	}
}

// A Concierge on another host is verified by its pin, else by what the Supervisor tells of its API server, else by what counts for all
// servers. What somebody accepted for the front alone counts for nothing else.
func TestAPICAOfAnotherHost(t *testing.T) {
	front, told := consoletest.NewCA(t, "front").PEM, consoletest.NewCA(t, "told").PEM
	for name, tc := range map[string]struct {
		trust trust.Trust
		told  string
		want  string
	}{
		"a file":                  {trust.Trust{Mode: trust.Bundle, CA: front}, "", front},
		"beside a file":           {trust.Trust{Mode: trust.Bundle, CA: front}, told, front + told},
		"a fingerprint":           {trust.Trust{Mode: trust.Pinned, CA: front}, "", front},
		"accepted for the front":  {trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", front), "", ""},
		"accepted, and told":      {trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", front), told, told},
		"accepted for itself":     {trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", front).WithPin("c.lab:443", "pin"), told, "pin"},
		"accepted on another one": {trust.Trust{Mode: trust.Pinned}.WithPin("c.lab:8443", "pin"), "", ""},
		"the system's roots":      {trust.Trust{Mode: trust.System}, "", ""},
		"nothing is verified":     {trust.Trust{Mode: trust.Insecure, CA: front}, told, ""},
	} {
		for _, server := range []string{"https://c.lab", "https://c.lab:443/path"} {
			if got := string(site.APICA(login.Host{Address: address, APICA: []byte(tc.told), ByAPICA: true}, server, tc.trust)); got != tc.want {
				t.Errorf("%s, %s: %q", name, server, got)
			}
		}
	}
}
