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
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
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
			r, g := f.request(t, "none"), &guard{allowed: allowed}
			r.Guard = g
			res := do(t, r)
			if g.hosts != 41 || g.settled != 1 {
				t.Errorf("asked for %d hosts; settled %d times", g.hosts, g.settled)
			}
			if got := int(far.Load()); got > allowed || got != g.counted {
				t.Errorf("%d, %d allowed: %d hosts got the password, %d counted", status, allowed, got, g.counted)
			}
			if len(res.Hosts) == 0 || len(res.Failures) < 39 {
				t.Errorf("%d hosts, %d failures", len(res.Hosts), len(res.Failures))
			}
		}
	}
}

// guard is a login.Guard that notes what it is told.
type guard struct {
	allowed int
	out     map[string]error

	mu                                  sync.Mutex
	settled, hosts, counted, yes, again int
	held                                bool // between Further and Done
}

func (g *guard) Settle() { g.settled++ }

func (g *guard) Further(_ context.Context, hosts []string) secret.Further {
	g.hosts, g.held = len(hosts), true
	left := slices.DeleteFunc(slices.Clone(hosts), func(host string) bool { return g.out[host] != nil })
	return secret.Further{Allowed: g.allowed, Servers: left, Withheld: g.out, Done: func(answers map[string]bool) {
		g.held = false
		for _, yes := range answers {
			if yes {
				g.yes++
			} else {
				g.counted++
			}
		}
	}}
}

func (g *guard) Repeat(ctx context.Context, send func(context.Context) error) error {
	g.mu.Lock()
	g.again++
	g.mu.Unlock()
	return send(ctx)
}

// The guard learns of a yes before anything else is sent, holds nothing while a person is asked or clusters are listed, and has a say in
// each login to a cluster.
func TestTheGuardIsAskedForEachStep(t *testing.T) {
	f, g := site(), &guard{allowed: 3}
	f.t = t
	asked, s := false, &strangers{left: []string{"10.0.0.2:443"}}
	s.direct = direct{f}
	f.hold = func(r *http.Request) {
		if r.URL.Path == "/version" {
			return // The question to an API server is beside the others, and has no password.
		}
		first := r.URL.Path == "/wcp/workloads" || r.Host == front
		if far := r.URL.Path == "/wcp/login" && r.ContentLength == 0 && r.Host != front; far != g.held || !first && g.settled == 0 {
			t.Errorf("%s %s%s: held %t, settled %d", r.Method, r.Host, r.URL.Path, g.held, g.settled)
		}
	}
	res, err := login.Do(t.Context(), login.Request{
		Wire: &wire.Client{HTTP: &http.Client{Transport: s}}, Server: supervisor.Address{Host: front}, User: "ada@vsphere.local", Password: held, Guard: g,
		Untrusted: func(_ context.Context, all []login.UnknownServer) []error {
			if asked = true; g.held || g.settled != 1 {
				t.Errorf("a person is asked: held %t, settled %d", g.held, g.settled)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.left = nil
			return make([]error, len(all))
		},
	})
	if err != nil || !asked || len(res.Hosts) != 2 || g.yes != 1 || g.again != len(res.Clusters) || g.again == 0 {
		t.Errorf("%v, asked %t: %+v, %+v", err, asked, res, g)
	}
}

// A Supervisor that does not accept the password itself has no say in where else it goes.
func TestNoFurtherHostsWithoutAYesOfTheSupervisor(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusGatewayTimeout} {
		f, g := linked(3, 0), &guard{allowed: 3}
		f.answer = func(host, _ string) int { return map[bool]int{true: status}[host == front] }
		r := f.request(t, "none")
		r.Guard = g
		if _, err := login.Do(t.Context(), r); err == nil || g.settled+g.hosts > 0 {
			t.Errorf("%d: %v, %+v", status, err, g)
		}
	}
}

// A host that the guard leaves out gets no password, and is named.
func TestAHostThatIsLeftOut(t *testing.T) {
	f := site()
	r := f.request(t, "none")
	r.Guard = &guard{allowed: 3, out: map[string]error{"10.0.0.2": &secret.PausedError{}}}
	res := do(t, r)
	if f.count("POST 10.0.0.2/wcp/login") > 0 || len(res.Hosts) != 1 || len(res.Failures) != 1 {
		t.Errorf("%v; %v", f.paths(), failures(res))
	}
}
