package doctorcmd_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// many is a site with clusters in its namespace, whose user has logged in. The Supervisor has a name, for DNS.
func many(t *testing.T, n int) rig {
	t.Helper()
	keyring.MockInit()
	w := clitest.New(t)
	ns := &consoletest.Namespace{Name: "ns1"}
	for i := range n {
		c := w.Cluster(fmt.Sprintf("c%02d", i), fmt.Sprintf("10.0.1.%d", i+1))
		answers(c.Replies)
		ns.Clusters = append(ns.Clusters, c)
	}
	s := w.Supervisor("sup.example.com", ns)
	answers(s.Replies)
	w.Vars["PATH"] = filepath.Dir(w.Self)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "sup.example.com", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.OK)
	delete(w.Vars, failure.PasswordVariable)
	return rig{w, s}
}

// world is what may hang.
type world struct {
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	lookup   func(ctx context.Context, host string) ([]string, error)
	keychain func(ctx context.Context) (redact.Secret, error)
	getenv   func(string) string
	more     func(ctx context.Context) // in the check of the registries
}

// Whatever does not answer, doctor ends by its own time, with what it found until then. The clock is that of the bubble: no test waits.
func TestNothingIsWaitedForTooLong(t *testing.T) {
	r := many(t, 40)
	change(t, r, func(s *tokens.Session) { s.Keychain = true })
	untilTold := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, tc := range map[string]struct {
		world func(free <-chan struct{}) world
		most  time.Duration
		says  map[string]string // by check
		err   string
	}{
		"packets are dropped": {
			func(<-chan struct{}) world {
				return world{
					dial:     func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, untilTold(ctx) },
					lookup:   func(ctx context.Context, _ string) ([]string, error) { return nil, untilTold(ctx) },
					keychain: func(ctx context.Context) (redact.Secret, error) { return "", untilTold(ctx) },
					more:     func(ctx context.Context) { <-ctx.Done() },
				}
			}, 10 * time.Second,
			map[string]string{
				"supervisors": "no answer within 4s", "contexts": "no answer within 4s", "names": "DNS does not answer within 4s",
				"ports": "port 443: no answer within 4s", "passwords": "the keychain does not answer within 4s",
			}, "",
		},
		"servers accept and never answer": {
			func(<-chan struct{}) world {
				return world{dial: func(context.Context, string, string) (net.Conn, error) { here, _ := net.Pipe(); return here, nil }}
			}, 10 * time.Second,
			map[string]string{"supervisors": "no answer within 4s", "contexts": "no answer within 4s"}, "",
		},
		"nothing obeys": {
			func(free <-chan struct{}) world {
				return world{
					dial:     func(context.Context, string, string) (net.Conn, error) { <-free; return nil, net.ErrClosed },
					lookup:   func(context.Context, string) ([]string, error) { <-free; return nil, net.ErrClosed },
					keychain: func(context.Context) (redact.Secret, error) { <-free; return "", net.ErrClosed },
					more:     func(context.Context) { <-free },
				}
			}, 10500 * time.Millisecond,
			map[string]string{"names": "this check did not end within 10s", "passwords": "this check did not end within 10s", "registries": "this check did not end within 10s"}, "",
		},
		"the kubeconfig cannot be read": {
			func(free <-chan struct{}) world { return world{getenv: func(string) string { <-free; return "" }} },
			10500 * time.Millisecond, nil, "could not be read within 10s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				defer close(free)
				began := time.Now()
				report, err := doctor.Run(t.Context(), r.options(tc.world(free)))
				if took := time.Since(began); took > tc.most {
					t.Errorf("it took %s", took)
				}
				if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
					t.Fatal(err)
				}
				for name, text := range tc.says {
					got := check(t, report, name)
					if got.State != doctor.Problem || !strings.Contains(fmt.Sprint(got.Findings), text) {
						t.Errorf("%s does not say %q: %v", name, text, got)
					}
				}
				if err == nil && check(t, report, "programs").State != doctor.OK {
					t.Errorf("%v", report)
				}
				if all := fmt.Sprint(report); strings.Contains(all, "deadline") || strings.Contains(all, "canceled") {
					t.Errorf("not in words of a person: %s", all)
				}
				checkRemedies(t, report)
			})
		})
	}
}

// Ctrl-C works at once, also where nothing obeys.
func TestInterruptedWhereNothingObeys(t *testing.T) {
	r := many(t, 1)
	for name, of := range map[string]func(free <-chan struct{}) world{
		"a check":        func(free <-chan struct{}) world { return world{more: func(context.Context) { <-free }} },
		"the kubeconfig": func(free <-chan struct{}) world { return world{getenv: func(string) string { <-free; return "" }} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				defer close(free)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				began := time.Now()
				_, err := doctor.Run(ctx, r.options(of(free)))
				if took := time.Since(began); !errors.Is(err, context.Canceled) || took > time.Second {
					t.Errorf("%v after %s", err, took)
				}
			})
		})
	}
}

// options are those of a run in a world that hangs.
func (r rig) options(w world) doctor.Options {
	e := r.Env()
	e.Now = time.Now
	if w.dial != nil {
		e.Dial = w.dial
	}
	if w.lookup != nil {
		e.Lookup = w.lookup
	}
	if w.getenv != nil {
		e.Getenv = w.getenv
	}
	o := doctor.Options{Env: e}
	if w.keychain != nil {
		o.Keychain = func(string) secret.Source { return secret.Source{Get: w.keychain} }
	}
	if w.more != nil {
		o.Registries = func(ctx context.Context, _ *console.Env) ([]doctor.Finding, error) { w.more(ctx); return nil, nil }
	}
	return o
}

// A context that hangs takes no time from others: its server answers only after each of the others was asked all there is.
func TestOneThatHangsKeepsNobody(t *testing.T) {
	const n = 20
	r := many(t, n)
	var others sync.WaitGroup
	others.Add(n - 1)
	for _, c := range r.site.Namespaces[0].Clusters[1:] {
		c.Replies[mayI] = func(w http.ResponseWriter, req *http.Request) {
			consoletest.Reply(`{"status":{"allowed":true}}`)(w, req)
			others.Done()
		}
	}
	r.cluster().Replies["GET /version"] = func(w http.ResponseWriter, req *http.Request) {
		others.Wait()
		consoletest.Reply(`{"gitVersion":"v1.31.1"}`)(w, req)
	}
	got := check(t, r.report(t, failure.OK), "contexts")
	if got.State != doctor.OK || len(got.Findings) != n+1 {
		t.Errorf("%+v", got)
	}
}
