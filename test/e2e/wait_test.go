package e2e

import (
	"strings"
	"testing"
	"time"
)

// A cluster that is being created has no address, then refuses tokens. login --wait waits, says for what, and then it works.
func TestLoginWaits(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	args := []string{"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username,
		"--certificate-authority", site.Supervisors[0].CA, "--workload-clusters", "ns1/tkc1"}
	creating := addFault(t, map[string]any{"user": u.Username, "endpoint": "/wcp/login", "cluster": "ns1/tkc1", "noServer": true})
	young := addFault(t, map[string]any{"user": u.Username, "cluster": site.Supervisors[0].Clusters[0].UID, "refuse": true})

	out, code := h.run(t, append(args, "--wait", "1s")...)
	if code != 5 || !strings.Contains(out, "ns1/tkc1: not ready in time: has no API server address yet") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	term := h.onTerminal(t, append(args, "--wait", "15m")...)
	term.expect("Waiting for ns1/tkc1: has no API server address yet")
	if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
		t.Errorf("what is ready cannot be used while it waits: %s", out)
	}
	removeFault(t, creating)
	term.expect("Waiting for ns1/tkc1: GET ")
	term.expect("unauthorized (401)")
	removeFault(t, young)
	if code := term.wait(); code != 0 || !strings.Contains(term.output(), "   tkc1") {
		t.Errorf("exit code %d:\n%s", code, term.output())
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "configmaps"); code != 0 {
		t.Errorf("kubectl: %s", out)
	}

	addFault(t, map[string]any{"user": u.Username, "endpoint": "/wcp/login", "cluster": "ns1/tkc1", "noServer": true})
	term = h.onTerminal(t, append(args, "--wait", "15m")...)
	term.expect("Waiting for ns1/tkc1")
	if code, took := term.interrupt(); code != 130 || took > 5*time.Second {
		t.Errorf("Ctrl-C: exit code %d after %s:\n%s", code, took, term.output())
	}
}
