package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newUser makes an account of this test.
func newUser(t *testing.T, namespaces ...string) user {
	t.Helper()
	u, err := addUser(strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), "", namespaces...)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// ended logs in with tokens that end at once.
func (h *home) ended(t *testing.T, u user, flags ...string) {
	t.Helper()
	id := addFault(t, map[string]any{"user": u.Username, "endpoint": "/wcp/login", "tokenLifetime": "2s"})
	h.login(t, u, flags...)
	removeFault(t, id)
	time.Sleep(1100 * time.Millisecond) // A token is handed out for half of such a life.
	if err := adminCall(http.MethodDelete, "log?user="+u.Username, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func addFault(t *testing.T, fault map[string]any) string {
	t.Helper()
	var out struct{ ID string }
	if err := adminCall(http.MethodPost, "faults", fault, &out); err != nil {
		t.Fatal(err)
	}
	return out.ID
}

func removeFault(t *testing.T, id string) {
	t.Helper()
	if err := adminCall(http.MethodDelete, "faults?id="+id, nil, nil); err != nil {
		t.Fatal(err)
	}
}

// logins are the lines of the request log of a user.
func logins(t *testing.T, u user) []string {
	t.Helper()
	text, err := requests(u.Username)
	if err != nil {
		t.Fatal(err)
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

const question = "Password of "

// kubectl runs a failing plugin five times for one command: the person is asked once, and the server too.
func TestKubectlAsksOnceForAWrongPassword(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.ended(t, u)
	term := h.onTerminal(t, "kubectl", "--context", "ns1", "get", "pods")
	term.expect(question)
	term.enter("sesame\r")
	if code := term.wait(); code == 0 {
		t.Error("kubectl worked with a wrong password")
	}
	if n := strings.Count(term.output(), question); n != 1 {
		t.Errorf("%d prompts:\n%s", n, term.output())
	}
	if got := logins(t, u); len(got) != 1 || got[0] != "POST /wcp/login 401 SERVER1" {
		t.Errorf("requests: %q", got)
	}
	if strings.Contains(term.output(), "sesame") {
		t.Error("the password was shown")
	}
	// The next command within the minute neither asks nor sends: the mark is the account's.
	term = h.onTerminal(t, "kubectl", "--context", "ns1", "get", "pods")
	term.wait()
	if strings.Contains(term.output(), question) || len(logins(t, u)) != 1 {
		t.Errorf("asked again within the minute:\n%s\n%q", term.output(), logins(t, u))
	}
	if !strings.Contains(term.output(), "type: kubectl vsphere login --server") {
		t.Errorf("no command to type:\n%s", term.output())
	}
}

// A right password renews what was asked, and the session's other tokens that are old.
func TestKubectlRenewsWithATypedPassword(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.ended(t, u)
	term := h.onTerminal(t, "kubectl", "--context", "ns1", "get", "configmaps")
	term.expect(question)
	if term.echo() {
		t.Error("the terminal echoes at the password prompt")
	}
	term.enter(u.Password + "\r")
	if code := term.wait(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, term.output())
	}
	want := []string{"POST /wcp/login 200 SERVER1", "POST /wcp/login ns1/tkc1 200 SERVER1"}
	if got := logins(t, u); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("requests: %q, not %q", got, want)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "namespaces"); code != 0 {
		t.Errorf("the other context was not renewed:\n%s", out)
	}
}

// --force-refresh asks though the token is good, and gives another one.
func TestForceRefresh(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.login(t, u)
	args := []string{"kubectl-vsphere", "get-token", "--server", site.Supervisors[0].Server, "--user", u.Username}
	before, _ := h.run(t, args...)
	term := h.onTerminal(t, append(args, "--force-refresh")...)
	term.expect(question)
	term.enter(u.Password + "\r")
	if code := term.wait(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, term.output())
	}
	after, _ := h.run(t, args...)
	if before == after || !strings.Contains(after, `"token"`) {
		t.Errorf("before %s\nafter %s", before, after)
	}
}

// Ctrl-C and an empty line end the questions for that kubectl.
func TestKubectlAsksOnceWhenDeclined(t *testing.T) {
	for name, keys := range map[string]string{"empty": "\r", "end-of-file": "\x04"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, u := newHome(t), newUser(t, "ns1")
			h.ended(t, u)
			term := h.onTerminal(t, "kubectl", "--context", "ns1", "get", "pods")
			term.expect(question)
			term.enter(keys)
			term.wait()
			if n := strings.Count(term.output(), question); n != 1 || len(logins(t, u)) != 0 {
				t.Errorf("%d prompts, requests %q:\n%s", n, logins(t, u), term.output())
			}
		})
	}
}

// The environment can forbid prompts.
func TestInteractiveNever(t *testing.T) {
	t.Parallel()
	h, u := newHome(t, "KUBECTL_VSPHERE_INTERACTIVE=never"), newUser(t, "ns1")
	h.ended(t, u)
	term := h.onTerminal(t, "kubectl", "--context", "ns1", "get", "pods")
	if code := term.wait(); code == 0 || strings.Contains(term.output(), question) {
		t.Errorf("exit code %d:\n%s", code, term.output())
	}
	if !strings.Contains(term.output(), "has ended; type: kubectl vsphere login --server") {
		t.Errorf("no command to type:\n%s", term.output())
	}
}

// Login on a terminal asks for both, in the words of VMware's plugin.
func TestLoginAsks(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	term := h.onTerminal(t, "kubectl", "vsphere", "login", "--server", site.Supervisors[0].Server, "--certificate-authority", site.Supervisors[0].CA)
	term.expect("Username: ")
	term.enter(u.Username + "\r")
	term.expect("KUBECTL_VSPHERE_PASSWORD environment variable is not set. Please enter the password below")
	term.expect("Password: ")
	term.enter(u.Password + "\r")
	if code := term.wait(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, term.output())
	}
	if !strings.Contains(term.output(), "Logged in successfully.") || strings.Contains(term.output(), u.Password) {
		t.Errorf("output:\n%s", term.output())
	}
}

// Ctrl-C works at every step: exit 130 at once, the echo restored, nothing half written.
func TestInterrupt(t *testing.T) {
	const bound = 5 * time.Second // On a quiet machine some milliseconds; a program that ignores Ctrl-C takes 20 s.
	steps := []struct {
		name     string
		endpoint string // which is slow; empty: at the password prompt
		cluster  string
	}{
		{name: "banner", endpoint: "/wcp/loginbanner"},
		{name: "prompt"},
		{name: "workloads", endpoint: "/wcp/workloads"},
		{name: "login", endpoint: "/wcp/login"},
		{name: "list", endpoint: "/apis/cluster.x-k8s.io"},
		{name: "cluster", endpoint: "/wcp/login", cluster: "ns1/tkc1"},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t, "ns1")
			server := newFront(t)
			h := newHome(t)
			if step.endpoint != "" {
				fault := map[string]any{"user": u.Username, "endpoint": step.endpoint, "cluster": step.cluster, "delay": "20s"}
				if step.name == "banner" { // Nobody is named there.
					fault = map[string]any{"server": server, "endpoint": step.endpoint, "delay": "20s"}
				}
				addFault(t, fault)
				h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
			}
			term := h.onTerminal(t, "kubectl-vsphere", "-v", "1", "login", "--server", server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA)
			if step.endpoint == "" {
				term.expect("Password: ")
			} else {
				untilInFlight(t, u, server, step.endpoint, step.cluster)
			}
			code, took := term.interrupt()
			t.Logf("ended after %s", took)
			if code != 130 || took > bound {
				t.Errorf("exit code %d after %s:\n%s", code, took, term.output())
			}
			if !term.echo() {
				t.Error("the terminal does not echo any more")
			}
			for _, path := range []string{".kube/config", ".local/state/kubectl-vsphere/sessions", ".local/state/kubectl-vsphere/credentials"} {
				if _, err := os.Stat(filepath.Join(h.dir, path)); err == nil {
					t.Errorf("%s was written", path)
				}
			}
		})
	}
}

// newFront is an address that this test has to itself.
func newFront(t *testing.T) string {
	t.Helper()
	var out struct{ Server string }
	if err := adminCall(http.MethodPost, "fronts", map[string]int{"supervisor": 0}, &out); err != nil {
		t.Fatal(err)
	}
	return out.Server
}

// untilInFlight waits until a request to the endpoint is under way.
func untilInFlight(t *testing.T, u user, server, endpoint, cluster string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var waiting []request
		if err := adminCall(http.MethodGet, "inflight/requests", nil, &waiting); err != nil {
			t.Fatal(err)
		}
		for _, r := range waiting {
			mine := r.User == u.Username || r.User == "" && r.Server == server
			if mine && strings.HasPrefix(r.Endpoint, endpoint) && r.Cluster == cluster {
				return
			}
		}
	}
	t.Fatalf("%s never asked for %s", u.Username, endpoint)
}

// Ctrl-C at the prompt of a plugin ends kubectl, with the echo restored and without a request.
func TestInterruptKubectl(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.ended(t, u)
	term := h.onTerminal(t, "kubectl", "--context", "ns1", "get", "pods")
	term.expect(question)
	term.enter("\x03")
	term.wait()
	if n := strings.Count(term.output(), question); n != 1 || len(logins(t, u)) != 0 {
		t.Errorf("%d prompts, requests %q:\n%s", n, logins(t, u), term.output())
	}
	// The same Ctrl-C ends kubectl and the plugin, in any order: the plugin may still be at it.
	for deadline := time.Now().Add(patience); !term.echo(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the terminal does not echo any more")
		}
	}
}

// Trust on first use: No by default, and no password before the answer.
func TestFirstUse(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	h := newHome(t)
	server := site.Supervisors[0].Server
	args := []string{"kubectl-vsphere", "login", "--server", server, "-u", u.Username}
	ask := "Trust it for " + server + " alone from now on? [y/N] "
	for _, answer := range []string{"\r", "n\r", "yep\r"} {
		term := h.onTerminal(t, args...)
		term.expect(ask)
		term.enter(answer)
		if code := term.wait(); code != 4 {
			t.Errorf("%q: exit code %d:\n%s", answer, code, term.output())
		}
		if strings.Contains(term.output(), "Password") || !strings.Contains(term.output(), "CA SHA-256:") {
			t.Errorf("%q:\n%s", answer, term.output())
		}
	}
	if got := logins(t, u); len(got) > 0 {
		t.Errorf("sent: %q", got)
	}
	term := h.onTerminal(t, args...)
	term.expect(ask)
	if code, _ := term.interrupt(); code != 130 {
		t.Errorf("Ctrl-C: exit code %d", code)
	}
	for i, question := range []string{ask, ""} { // The second time it is trusted.
		term := h.onTerminal(t, args...)
		if question != "" {
			term.expect(question)
			term.enter("y\r")
		}
		term.expect("Password: ")
		term.enter(u.Password + "\r")
		if code := term.wait(); code != 0 || strings.Count(term.output(), ask) != 1-i {
			t.Errorf("login %d: exit code %d:\n%s", i, code, term.output())
		}
	}
	if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
		t.Errorf("kubectl: %s", out)
	}
}

// A server whose CA is not the one that is known is refused with both; asked for, a person decides.
func TestReplaceCA(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.login(t, u)
	h.otherCA(t)
	if err := adminCall(http.MethodDelete, "log?user="+u.Username, nil, nil); err != nil {
		t.Fatal(err)
	}
	args := []string{"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username}
	term := h.onTerminal(t, args...)
	if code := term.wait(); code != 4 || !strings.Contains(term.output(), "is not the one that was trusted so far") || !strings.Contains(term.output(), "--replace-ca") {
		t.Errorf("exit code %d:\n%s", code, term.output())
	}
	if got := logins(t, u); len(got) > 0 {
		t.Errorf("sent: %q", got)
	}
	term = h.onTerminal(t, append(args, "--replace-ca")...)
	term.expect("trusted so far:")
	term.expect("[y/N] ")
	term.enter("yes\r")
	term.expect("Password: ")
	term.enter(u.Password + "\r")
	if code := term.wait(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, term.output())
	}
	if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
		t.Errorf("kubectl: %s", out)
	}
}

// otherCA makes the store know a CA of the Supervisor that is not its own.
func (h *home) otherCA(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sites/*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(filepath.Dir(site.Supervisors[0].CA), "tkg1", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	var known map[string]any
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	known["trust"] = map[string]string{"mode": "pinned", "ca": string(ca)}
	if text, err = json.Marshal(known); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Ctrl-Z and fg at the prompt of a real shell: the question comes again, and the password does not show.
func TestCtrlZAtThePrompt(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	s := site.Supervisors[0]
	term := h.onTerminal(t, "bash", "--norc", "--noprofile", "-i")
	term.enter("kubectl-vsphere login --server " + s.Server + " -u " + u.Username + " --certificate-authority " + s.CA + "\r")
	term.expect("\nPassword: ")
	term.enter("\x1a")
	term.expect("Stopped")
	term.enter("fg\r")
	term.expect("Password: ")
	term.expectHidden()
	term.enter(u.Password + "\r")
	term.expect("Logged in successfully")
	term.enter("exit\r")
	term.wait()
	if strings.Contains(term.output(), u.Password) {
		t.Errorf("the password was shown:\n%s", term.output())
	}
}
