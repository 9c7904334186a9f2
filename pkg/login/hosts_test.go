package login_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// strangers are servers (HOST:PORT) whose CA is unknown until it is believed. Nothing gets through to them before.
type strangers struct {
	direct
	mu   sync.Mutex
	left []string
}

func (s *strangers) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	unknown := slices.Contains(s.left, trust.ServerOf(r.URL.Host))
	s.mu.Unlock()
	if unknown {
		return nil, &trust.UntrustedError{Host: r.URL.Host, UnknownCA: true}
	}
	return s.direct.RoundTrip(r)
}

func (s *strangers) login(t *testing.T, f *fake, believe bool) (*login.Result, []string) {
	t.Helper()
	f.t = t
	s.direct = direct{f}
	var asked []string
	res, err := login.Do(t.Context(), login.Request{
		Wire: &wire.Client{HTTP: &http.Client{Transport: s}}, Server: supervisor.Address{Host: front}, User: "ada@vsphere.local", Password: held,
		Untrusted: func(_ context.Context, all []login.UnknownServer) []error {
			s.mu.Lock()
			defer s.mu.Unlock()
			errs := make([]error, len(all))
			var servers []string
			for i, e := range all {
				servers = append(servers, e.Server)
				if !believe {
					errs[i] = e.UntrustedError
				}
			}
			asked = append(asked, strings.Join(servers, " "))
			if believe {
				s.left = slices.DeleteFunc(s.left, func(one string) bool { return slices.Contains(servers, one) })
			}
			return errs
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res, asked
}

// Another control plane host with another CA: asked about once, before the password is sent there.
func TestAStrangerIsAskedAbout(t *testing.T) {
	for _, believe := range []bool{true, false} {
		f := site()
		f.info = caOf(t)
		res, asked := (&strangers{left: []string{"10.0.0.2:443"}}).login(t, f, believe)
		if !slices.Equal(asked, []string{"10.0.0.2:443"}) {
			t.Errorf("asked about %q", asked)
		}
		sent := slices.Contains(f.paths(), "POST 10.0.0.2/wcp/login")
		if sent != believe || len(res.Hosts) != map[bool]int{true: 2, false: 1}[believe] {
			t.Errorf("believed: %t; sent: %t; hosts: %v", believe, sent, res.Hosts)
		}
		var untrusted *trust.UntrustedError
		if !believe && (len(res.Failures) == 0 || !errors.As(res.Failures[0].Err, &untrusted)) {
			t.Errorf("failures: %v", failures(res))
		}
		for _, h := range res.Hosts {
			if string(h.APICA) != f.info {
				t.Errorf("%s: the CA of its API server is %q", h.Address, h.APICA)
			}
		}
	}
}

// A Supervisor that does not tell the CA of its API server: the server's own certificate is asked about.
func TestAnAPIServerIsAskedAboutWhenNobodyTells(t *testing.T) {
	f := site()
	res, asked := (&strangers{left: []string{"10.0.0.1:6443"}}).login(t, f, true)
	if !slices.Equal(asked, []string{"10.0.0.1:6443"}) || len(res.Hosts) != 2 || res.Hosts[0].APICA != nil {
		t.Errorf("asked about %q; %v", asked, res.Hosts)
	}
	both := []string{"10.0.0.1:6443", "10.0.0.2:6443"}
	if _, asked := (&strangers{left: slices.Clone(both)}).login(t, site(), true); len(asked) != 1 || asked[0] != strings.Join(both, " ") {
		t.Errorf("not asked about together: %q", asked)
	}
	for _, path := range f.paths() {
		if strings.Contains(path, ":6443") && path != "GET 10.0.0.1:6443/version" && path != "GET 10.0.0.2:6443/version" {
			t.Errorf("sent: %s", path)
		}
	}
}

// linked is a site whose Supervisor names n other hosts, which may all be one server that does not take the password.
func linked(n, status int) *fake {
	f := site()
	for i := range n {
		ns := fmt.Sprintf("far-%d", i)
		f.order, f.hosts[ns] = append(f.order, ns), fmt.Sprintf("10.1.0.%d", i+1)
	}
	f.answer = func(host, _ string) int {
		if strings.HasPrefix(host, "10.1.0.") {
			return status
		}
		return 0
	}
	return f
}

func TestTooManyHosts(t *testing.T) {
	f := linked(200, 0)
	if _, err := login.Do(t.Context(), f.request(t, "none")); !errors.Is(err, wire.ErrServer) || f.count("POST "+front+"/wcp/login") != 0 {
		t.Errorf("%v; %v", err, f.paths())
	}
}

// That the Supervisor takes the password proves nothing about the hosts that it names. What they count stays within what the caller allows,
// also while requests are under way.
func TestHostsThatRefuseAreFew(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusGatewayTimeout} {
		for _, allowed := range []int{1, 2, 4} {
			f := linked(40, status)
			var far atomic.Int32 // requests
			f.hold = gathers(allowed, func(r *http.Request) bool {
				return r.URL.Path == "/wcp/login" && strings.HasPrefix(r.Host, "10.1.0.") && int(far.Add(1)) <= allowed
			})
			r := f.request(t, "none")
			r.Allow = func(n int) int {
				if n != 42 {
					t.Errorf("asked for %d hosts", n)
				}
				return allowed
			}
			res := do(t, r)
			if got := int(far.Load()); got > allowed || got != res.Refusals() {
				t.Errorf("%d, %d allowed: %d hosts got the password, %d counted", status, allowed, got, res.Refusals())
			}
			if len(res.Hosts) == 0 || len(res.Failures) < 39 {
				t.Errorf("%d hosts, %d failures", len(res.Hosts), len(res.Failures))
			}
		}
	}
}
