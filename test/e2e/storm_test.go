package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// passwordFile keeps a password where a password command finds it.
func (h *home) passwordFile(t *testing.T, password string) string {
	t.Helper()
	path := filepath.Join(h.dir, "password")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// storm runs kubectl n times at once and counts the exit codes.
func (h *home) storm(t *testing.T, n int, args ...string) (codes map[int]int, output string) {
	t.Helper()
	codes = map[int]int{}
	var mu sync.Mutex
	var all strings.Builder
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			out, code := h.run(t, append([]string{"kubectl"}, args...)...)
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
			all.WriteString(out)
		})
	}
	group.Wait()
	return codes, all.String()
}

// However many kubectl ask for a credential that has ended, one of them gets a new one and all have it.
func TestFiftyKubectlRenewOnce(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.ended(t, u, "--password-command", "cat "+h.passwordFile(t, u.Password))
	codes, out := h.storm(t, 50, "--context", "ns1", "get", "configmaps")
	if codes[0] != 50 {
		t.Errorf("exit codes %v:\n%.2000s", codes, out)
	}
	var sent []string
	for _, line := range logins(t, u) {
		if strings.Contains(line, "/wcp/") {
			sent = append(sent, line)
		}
	}
	if len(sent) != 1 || sent[0] != "POST /wcp/login 200 SERVER1" {
		t.Errorf("requests: %q", sent)
	}
}

// With a wrong password, too, one request reaches the server: vCenter would lock the account at five.
func TestManyKubectlWithAWrongPasswordSendItOnce(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	h.ended(t, u, "--password-command", "cat "+h.passwordFile(t, u.Password))
	h.passwordFile(t, "wrong")
	codes, out := h.storm(t, 6, "--context", "ns1", "get", "configmaps")
	if codes[1] != 6 {
		t.Errorf("exit codes %v:\n%.2000s", codes, out)
	}
	if got := logins(t, u); len(got) != 1 || got[0] != "POST /wcp/login 401 SERVER1" {
		t.Errorf("requests: %q", got)
	}
}

// Some network file systems have no locks. That is a warning, and the work is done.
func TestWithoutLocks(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; .ci/run installs it")
	}
	if err := exec.Command(strace, "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("strace may not trace here; run in a container with CAP_SYS_PTRACE: %v", err)
	}
	h, u := newHome(t), newUser(t, "ns1")
	h.ended(t, u, "--password-command", "cat "+h.passwordFile(t, u.Password))
	for _, command := range [][]string{
		{"get-token", "--server", site.Supervisors[0].Server, "--user", u.Username},
		{"login", "--server", site.Supervisors[0].Server, "-u", u.Username},
		{"logout"},
	} {
		out, code := h.run(t, append([]string{strace, "-f", "-o", os.DevNull, "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK", bin + "/kubectl-vsphere"}, command...)...)
		if code != 0 || !strings.Contains(out, "no locks available") {
			t.Errorf("%s: exit code %d:\n%s", command[0], code, out)
		}
	}
}

// Many logins to different Supervisors at once, into one kubeconfig: the entries of all are there.
func TestManyLoginsIntoOneKubeconfig(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	const n = 20
	var group sync.WaitGroup
	servers := make([]string, n)
	for i := range servers {
		servers[i] = newFront(t)
	}
	for _, server := range servers {
		group.Go(func() {
			if out, code := h.run(t, "kubectl-vsphere", "login", "--server", server, "-u", u.Username,
				"--certificate-authority", site.Supervisors[0].CA, "--workload-clusters", "none"); code != 0 {
				t.Errorf("%s: exit code %d:\n%s", server, code, out)
			}
		})
	}
	group.Wait()
	out, _ := h.run(t, "kubectl", "config", "get-contexts", "-o", "name")
	names := strings.Fields(out)
	for _, server := range servers {
		if host, _, _ := strings.Cut(server, ":"); !slices.Contains(names, host) {
			t.Errorf("there is no context %s in %q", host, names)
		}
	}
	if out, code := h.run(t, "kubectl", "--context", names[0], "auth", "whoami"); code != 0 || !strings.Contains(out, u.Username) {
		t.Errorf("kubectl: %s", out)
	}
	if out, code := h.run(t, "kubectl-vsphere", "logout", "--all"); code != 0 {
		t.Errorf("logout: %s", out)
	}
	if out, _ := h.run(t, "kubectl", "config", "get-contexts", "-o", "name"); strings.TrimSpace(out) != "" {
		t.Errorf("left after logout: %s", out)
	}
}

// kubectl and logins write one kubeconfig at the same time: nothing of kubectl's is lost. (Of ours it may be: kubectl reads before it
// locks, and removes what it has not read. So the last login comes after it.)
func TestKubectlWritesMeanwhile(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	h.login(t, u, "--workload-clusters", "none")
	const n = 10
	login := func(i int) {
		if out, code := h.run(t, "kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username,
			"--workload-clusters", "none", "--context-prefix", fmt.Sprintf("login%d-", i)); code != 0 {
			t.Errorf("login %d: exit code %d:\n%s", i, code, out)
		}
	}
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { login(i) })
	}
	want := []string{"last-ns1"}
	group.Go(func() {
		for i := range n {
			name := fmt.Sprintf("kubectl%d", i)
			want = append(want, name)
			// kubectl gives up at once when the file is locked.
			for out, code := "", 1; code != 0; {
				if out, code = h.run(t, "kubectl", "config", "set-context", name, "--cluster", "c"); code != 0 && !strings.Contains(out, "config.lock: file exists") {
					t.Errorf("kubectl: %s", out)
					return
				}
			}
		}
	})
	group.Wait()
	h.login(t, u, "--workload-clusters", "none", "--context-prefix", "last-")
	out, _ := h.run(t, "kubectl", "config", "get-contexts", "-o", "name")
	for _, name := range want {
		if !slices.Contains(strings.Fields(out), name) {
			t.Errorf("there is no %s in %q", name, strings.Fields(out))
		}
	}
}
