package logincmd_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/vcentertest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const vc = "vc.example.com"

// managed is a site whose vCenter says where it is. There may be more Supervisors, which are not served.
func managed(t *testing.T, more ...vcentertest.Supervisor) (*consoletest.World, *consoletest.Supervisor, *vcentertest.Server) {
	t.Helper()
	w, s := site(t)
	all := append([]vcentertest.Supervisor{{Name: "sup1", Endpoint: "10.0.0.1", Version: "v1.30.5"}}, more...)
	return w, s, vcentertest.Serve(t, w, vc, all...)
}

func byVCenter(w *consoletest.World, more ...string) []string {
	return append([]string{"login", "--vcenter", vc, "-u", consoletest.User, "--certificate-authority", w.CAFile}, more...)
}

// sent fails the test unless the vCenter got the password so often and has no session left, and the Supervisor so often.
func sent(t *testing.T, v *vcentertest.Server, logins int, s *consoletest.Supervisor, proofs int) {
	t.Helper()
	if v.Logins() != logins || v.Open() > 0 || s.Count(proof) != proofs {
		t.Errorf("the vCenter got it %d times, not %d, and has %d sessions open; the Supervisor got it %d times, not %d", v.Logins(), logins, v.Open(), s.Count(proof), proofs)
	}
}

var another = vcentertest.Supervisor{Name: "sup2", Endpoint: "10.0.0.2", Config: "ERROR", Kubernetes: "ERROR"}

// The vCenter names one Supervisor. The password goes to each of the two once, from every source, without a person.
func TestLoginByAVCenter(t *testing.T) {
	for name, set := range map[string]func(w *consoletest.World) []string{
		"the environment": func(w *consoletest.World) []string { given(w); return nil },
		"standard input": func(w *consoletest.World) []string {
			w.Stdin = consoletest.Password
			return []string{"--password-stdin"}
		},
		"a command": func(w *consoletest.World) []string {
			w.Programs["pass"] = w.WriteFile("pass", "#!/bin/sh\necho x >> "+filepath.Join(w.Dir, "asked")+"\necho "+consoletest.Password+"\n", 0o755)
			return []string{"--password-command", w.Programs["pass"]}
		},
		"a person": func(w *consoletest.World) []string {
			w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password}) // Once.
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, v := managed(t)
			w.Run(byVCenter(w, set(w)...)...).Exits(0).
				Says("Logging in to the Supervisor 10.0.0.1 (sup1), which the vCenter vc.example.com names.", "Logged in successfully.", "tkc1")
			sent(t, v, 1, s, 1)
			if n := s.Count("POST /wcp/login"); n != 1 {
				t.Errorf("%d logins", n)
			}
			if got := w.Session(); got.Server != "10.0.0.1" || got.User != consoletest.User || name == "a command" && len(got.PasswordCommand) != 1 {
				t.Errorf("%+v", got)
			}
			asked, err := os.ReadFile(filepath.Join(w.Dir, "asked"))
			if name == "a command" && string(asked) != "x\n" {
				t.Errorf("the command ran %q, %v", asked, err)
			}
			if at := slices.Index(v.Requests(), "DELETE /api/session"); at != len(v.Requests())-1 {
				t.Errorf("%q", v.Requests())
			}
		})
	}
}

// Of several, a person picks one. Nobody else is guessed for.
func TestChoiceOfAVCenter(t *testing.T) {
	w, s, v := managed(t, another)
	given(w)
	w.Run(byVCenter(w)...).Exits(failure.Usage).Says("the vCenter vc.example.com has 2 Supervisors: say which one with --server",
		"10.0.0.2 (sup2)  zone-1  error", "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local")
	sent(t, v, 1, s, 0)
	w.Person()
	w.Run(byVCenter(w)...).Exits(failure.Usage).Says("say which one") // No picker fits this terminal.
	w.Columns = 100
	w.Person(consoletest.Answer{To: "Which Supervisor?", Keys: "\x1b"})
	w.Run(byVCenter(w)...).Exits(failure.Interrupted)
	sent(t, v, 3, s, 0)
	w.Person(consoletest.Answer{To: "Which Supervisor?", Keys: "sup1"})
	w.Run(byVCenter(w)...).Exits(0).Says("Logging in to the Supervisor 10.0.0.1 (sup1).")
	sent(t, v, 4, s, 1)
}

// A user who may not list Supervisors logs in to those that have their vSphere Namespaces.
func TestLoginByAVCenterWithoutRights(t *testing.T) {
	w, s, v := managed(t)
	given(w)
	v.Administrators, v.Namespaces = nil, map[string]string{"ns1": "10.0.0.1", "ns2": "10.0.0.1"}
	w.Run(byVCenter(w)...).Exits(0).Says("the Supervisor 10.0.0.1 (with ns")
	sent(t, v, 1, s, 1)
	v.Namespaces = nil
	w.Run(byVCenter(w)...).Exits(failure.Failed).Says("the vCenter vc.example.com tells dev@vsphere.local of no Supervisor", "--server ADDRESS")
	v.Administrators, v.Supervisors = []string{consoletest.User}, []vcentertest.Supervisor{{Name: "new"}}
	w.Run(byVCenter(w)...).Exits(failure.Failed).Says("has no Supervisor with an address")
	sent(t, v, 3, s, 1)
}

// The vCenter and the Supervisor ask one account: what one refuses is not sent to the other, in no spelling of the name.
func TestRefusalByAVCenter(t *testing.T) {
	w, s, v := managed(t)
	w.Vars[failure.PasswordVariable] = "wrong-word"
	w.Run(byVCenter(w)...).Exits(failure.Refused).Says("the user name or password of dev@vsphere.local was refused")
	w.Run(byVCenter(w)...).Exits(failure.Refused).Says("is not sent again")
	w.Run(signIn(w)...).Exits(failure.Refused).Says("is not sent again")
	w.Run(signIn(w, "-u", `VSPHERE.LOCAL\DEV`)...).Exits(failure.Refused).Says("is not sent again")
	sent(t, v, 1, s, 0)
	w.Advance(6 * time.Minute)
	given(w)
	w.Run(byVCenter(w)...).Exits(0)
	sent(t, v, 2, s, 1)
	if len(mark(t, w)) > 0 {
		t.Errorf("%v", mark(t, w))
	}
}

// mark are the refusals that count against the user.
func mark(t *testing.T, w *consoletest.World) []time.Time {
	t.Helper()
	m, err := w.Store().Mark(secret.UserName(consoletest.User))
	if err != nil {
		t.Fatal(err)
	}
	var all []time.Time
	for _, r := range m.Refusals {
		all = append(all, r.Time)
	}
	return all
}

// Four refusals, or answers that say nothing, end all sending, whoever gave them.
func TestFourRefusalsOfAVCenter(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refused":      nil,
		"a time-out":   consoletest.Status(http.StatusGatewayTimeout, ""),
		"no answer":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no session":   consoletest.Reply(`""`),
		"another page": consoletest.Status(http.StatusForbidden, "<html>"),
		"too many":     consoletest.Status(http.StatusServiceUnavailable, `{"error_type":"SERVICE_UNAVAILABLE"}`),
	} {
		t.Run(name, func(t *testing.T) {
			w, s, v := managed(t)
			v.Replies["POST /api/session"] = answer
			for i := range 6 {
				w.Vars[failure.PasswordVariable] = fmt.Sprint("wrong-word-", i)
				r := w.Run(byVCenter(w, "--force", "-u", []string{consoletest.User, `VSPHERE.LOCAL\dev`, "DEV"}[i%3])...)
				if i >= 4 {
					r.Exits(failure.Refused*b2i(answer == nil) + failure.Failed*b2i(answer != nil)).Says("4 requests were refused or had no clear answer in the last 5 minutes")
				}
			}
			w.Run(signIn(w)...).Says("4 requests")
			sent(t, v, 4, s, 0)
			if len(mark(t, w)) != 4 {
				t.Errorf("%v", mark(t, w))
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A vCenter that cannot be reached, or is not believed, counts nothing and gets nothing.
func TestUnverifiedVCenter(t *testing.T) {
	w, s, v := managed(t)
	given(w)
	w.Run("login", "--vcenter", vc, "-u", consoletest.User).Exits(failure.Server).Says("its CA is unknown here")
	w.Run("login", "--vcenter", vc, "-u", consoletest.User, "--insecure-skip-tls-verify").Exits(failure.Failed).Says("the vCenter password is not sent to vc.example.com")
	w.Run("login", "--vcenter", vc, "-u", consoletest.User, "--ca-fingerprint", strings.Repeat("0", 64)).Exits(failure.Server)
	w.Down(vc + ":443")
	w.Run(byVCenter(w)...).Exits(failure.Server).Says("connection refused")
	sent(t, v, 0, s, 0)
	if len(mark(t, w)) > 0 {
		t.Errorf("%v", mark(t, w))
	}
}

// Each of the two is trusted for itself: what the vCenter is verified by says nothing about the Supervisor that it names.
func TestTrustByAVCenter(t *testing.T) {
	w, s, v := managed(t)
	own := consoletest.NewCA(t, "vcenter's own")
	w.Serve(vc+":443", own, v)
	given(w)
	login := []string{"login", "--vcenter", vc, "-u", consoletest.User}
	w.Run(append(login, "--certificate-authority", w.WriteFile("own.pem", own.PEM, 0o600))...).Exits(failure.Server).Says("10.0.0.1", "its CA is unknown here")
	sent(t, v, 1, s, 0)
	w.Run("logout", "--forget-server").Exits(0)
	w.Person(consoletest.Answer{To: "Trust it for vc.example.com alone", Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.0.1 alone", Keys: "n"})
	w.Run(login...).Exits(failure.Server)
	sent(t, v, 2, s, 0)
	w.Person(consoletest.Answer{To: "Trust it for 10.0.0.1 alone", Keys: "y"})
	w.Run(login...).Exits(0)
	w.Nobody()
	w.Run(login...).Exits(0)
	sent(t, v, 4, s, 2)
	if got := w.Session().Trust; got.Mode != trust.Pinned || len(got.Pins) == 0 || got.Pins[vc+":443"] != "" {
		t.Errorf("%+v", got)
	}
	both := fingerprintOf(own) + "," + fingerprintOf(w.CA)
	w.Run("logout", "--forget-server").Exits(0)
	w.Run(append(login, "--ca-fingerprint", both)...).Exits(0)
	w.Person()
	w.Run(append(login, "--insecure-skip-tls-verify")...).Exits(0).Says("the certificate of vc.example.com is not verified", "the certificate of 10.0.0.1 is not verified")
}

// A vCenter that shows its own certificate alone: the CA that it offers is compared as that of a Supervisor.
func TestCAOfAVCenter(t *testing.T) {
	w, _, v := managed(t)
	w.CA.Unshown = true
	w.Serve(vc+":443", w.CA, v)
	v.Replies["GET /certs/download.zip"] = consoletest.Reply(string(download(t, w.CA)))
	given(w)
	w.Run("login", "--vcenter", vc, "-u", consoletest.User, fromVCenter, vc, "--ca-fingerprint", fingerprintOf(w.CA)).Exits(0)
	w.ServeAt(vc+":443", "other.example.com", w.CA, v)
	w.Run(byVCenter(w)...).Exits(failure.Server).Says("Use one of them: --vcenter other.example.com")
}

// Where a vCenter leads is contacted as a server that the user typed. A hostile one gets no password sent to somebody else.
func TestHostileVCenterNamesServers(t *testing.T) {
	for name, c := range map[string]struct {
		endpoint, says string
		code           int
	}{
		"no Supervisor":             {"evil.example", "evil.example is not a vSphere Supervisor", failure.Server},
		"not verified":              {"bad.example", "its CA is unknown here", failure.Server},
		"nobody":                    {"10.9.9.9", "connection refused", failure.Server},
		"a user":                    {"dev@evil.example", "has no Supervisor with an address", failure.Failed},
		"a path":                    {"evil.example/x", "has no Supervisor with an address", failure.Failed},
		"this machine":              {"127.0.0.1", "has no Supervisor with an address", failure.Failed},
		"this machine, in IPv6":     {"[::1]", "has no Supervisor with an address", failure.Failed},
		"this machine, by its name": {"localhost", "has no Supervisor with an address", failure.Failed},
		"a neighbour":               {"169.254.1.1", "has no Supervisor with an address", failure.Failed},
		"escapes":                   {"\x1b]0;x\x07", "has no Supervisor with an address", failure.Failed},
		"another port":              {"evil.example:8443", "evil.example is not a vSphere Supervisor", failure.Server}, // Its port does not count.
	} {
		t.Run(name, func(t *testing.T) {
			w, s, v := managed(t)
			given(w)
			v.Supervisors[0].Endpoint = c.endpoint
			strangers := w.Stranger("evil.example:443", "evil.example:8443", "127.0.0.1:443", "localhost:443", "[::1]:443")
			w.Serve("bad.example:443", consoletest.NewCA(t, "bad"), strangers)
			r := w.Run(byVCenter(w)...).Exits(c.code).Says(c.says)
			sent(t, v, 1, s, 0)
			for _, got := range strangers.Got() {
				if strings.Contains(got, "Authorization") || strings.Contains(got, "127.0.0.1") || strings.Contains(got, ":8443") {
					t.Errorf("%s", got)
				}
			}
			if strings.ContainsAny(r.Err, "\x1b\x07") || w.ReadKubeconfig() != "" {
				t.Errorf("%q", r.Err)
			}
		})
	}
}

// A vCenter on this machine, such as a lab, may name Supervisors there.
func TestVCenterOfThisMachine(t *testing.T) {
	w, s := site(t)
	given(w)
	v := vcentertest.Serve(t, w, "127.77.0.2", vcentertest.Supervisor{Endpoint: "127.77.0.11"})
	w.Run("login", "--vcenter", "127.77.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.Server).Says("connect to 127.77.0.11", "connection refused")
	sent(t, v, 1, s, 0)
}

// Ctrl-C while the vCenter is asked: its session ends, and the Supervisor gets nothing. Before the answer to the password, it counts.
func TestInterruptedAtTheVCenter(t *testing.T) {
	for request, marks := range map[string]int{"GET /api/session": 0, "POST /api/session": 1, "GET /api/vcenter/namespace-management/clusters": 0} {
		w, s, v := managed(t)
		given(w)
		v.Replies[request] = func(_ http.ResponseWriter, r *http.Request) {
			w.Interrupt()
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		w.Run(byVCenter(w)...).Exits(failure.Interrupted)
		sent(t, v, min(1, len(v.Requests())-1), s, 0)
		if got := mark(t, w); len(got) != marks {
			t.Errorf("%s: %v", request, got)
		}
	}
}

// A dry run, and a kubeconfig on standard output, keep nothing about the vCenter.
func TestDryRunByAVCenter(t *testing.T) {
	w, s, v := managed(t)
	given(w)
	w.Run(byVCenter(w, "--dry-run")...).Exits(0).Says("+- context:")
	if all := w.Store().VCenters(); len(all) > 0 {
		t.Errorf("%q", all)
	}
	w.Run(byVCenter(w, "--kubeconfig", "-")...).Exits(0).Says("current-context")
	sent(t, v, 2, s, 2)
	w.WriteFile("store/vcenters/vc.example.com.json", "{", 0o600)
	w.Run(byVCenter(w)...).Exits(failure.Failed).Says("how vc.example.com is verified is not known", "kubectl vsphere logout --server vc.example.com --forget-server")
	w.Run("logout", "--server", vc, "--forget-server").Exits(0)
	w.Run(byVCenter(w)...).Exits(0)
}

func TestFlagsOfAVCenter(t *testing.T) {
	w, s, v := managed(t)
	for says, more := range map[string][]string{
		"--vcenter and --server do not go together": {"--server", "10.0.0.1"},
		"it does not go with --auth-method oidc":    {"--auth-method", "oidc"},
		"it does not go with --identity-provider":   {"--identity-provider", "x"},
		"it does not go with --trust-issuer":        {"--trust-issuer", "https://x"},
		"it does not go with --no-browser":          {"--no-browser"},
		"it does not go with an issuer":             {"--oidc-token-file", "x"},
		"--vcenter: ":                               {"--vcenter", "a:b:c"},
	} {
		w.Run(byVCenter(w, more...)...).Exits(failure.Usage).Says(says)
	}
	w.Run(byVCenter(w, "prod")...).Exits(failure.Usage).Says("one word too many: --vcenter finds the Supervisor")
	w.Run("login", "--vcenter", vc, "--password-stdin").Exits(failure.Usage).Says("--password-stdin needs --vsphere-username")
	sent(t, v, 0, s, 0)
	given(w)
	w.Run(byVCenter(w, "--name", "prod")...).Exits(0)
	w.Run("login", "prod").Exits(0)
	sent(t, v, 1, s, 2)
}
