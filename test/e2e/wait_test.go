package e2e

import (
	"net/http"
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

// A session of an identity provider waits, too: for an address, for the Concierge, and for the API server itself.
func TestOIDCLoginWaits(t *testing.T) {
	t.Parallel()
	ns := "oidc-wait"
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": ns}, nil); err != nil {
		t.Fatal(err)
	}
	fresh := map[string]any{"supervisor": 0, "namespace": ns, "name": "new", "endpoint": ""}
	if err := adminCall(http.MethodPost, "clusters", fresh, nil); err != nil {
		t.Fatal(err)
	}
	u, err := addUser("oidc-wait", "edit", ns, "ns1")
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	args := i.loginArgs("-u", u.Username, "--namespaces", "ns1,"+ns, "--wait")

	out, code := h.run(t, append(args, "1s", "--workload-clusters", ns+"/new")...)
	if code != 5 || !strings.Contains(out, ns+"/new: not ready in time: has no API server address yet") {
		t.Errorf("%d %s", code, out)
	}

	gone := addFault(t, map[string]any{"user": u.Username, "cluster": "ns1/tkc1", "conciergeGone": true})
	term := h.onTerminal(t, append(args, "15m")...)
	term.expect("Waiting for " + ns + "/new: has no API server address yet")
	term.expect("Waiting for ns1/tkc1: GET ")
	term.expect("unauthorized (401)")
	if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
		t.Errorf("what is ready cannot be used while it waits: %s", out)
	}
	refusing := addFault(t, map[string]any{"user": u.Username, "cluster": "ns1/tkc1", "refuse": true})
	removeFault(t, gone)
	term.expect("Waiting for ns1/tkc1: the cluster's Concierge does not accept the token")
	removeFault(t, refusing)
	if err := adminCall(http.MethodDelete, "clusters", fresh, nil); err != nil {
		t.Fatal(err)
	}
	fresh["endpoint"] = "fake"
	if err := adminCall(http.MethodPost, "clusters", fresh, nil); err != nil {
		t.Fatal(err)
	}
	term.expect("Waiting for " + ns + "/new: POST ")
	term.expect("connection refused")
	if code, took := term.interrupt(); code != 130 || took > 5*time.Second {
		t.Errorf("Ctrl-C: exit code %d after %s:\n%s", code, took, term.output())
	}

	out, code = h.run(t, append(args, "15m", "--workload-clusters", "ns1/tkc1")...)
	if code != 0 || strings.Contains(out, "Waiting") {
		t.Errorf("%d %s", code, out)
	}
	if out, _ := h.run(t, "kubectl-vsphere", "status"); strings.Count(out, "good for") != 2 { // The Supervisor's and the cluster's.
		t.Errorf("%s", out)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "configmaps"); code != 0 {
		t.Errorf("kubectl: %s", out)
	}
}

// A pipeline that creates an account and logs in: the password is sent again until vCenter knows the account.
func TestLoginWaitsForAnAccount(t *testing.T) {
	t.Parallel()
	const name = "created-soon"
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+password)
	args := []string{"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", name + "@vsphere.local",
		"--certificate-authority", site.Supervisors[0].CA, "--workload-clusters", "none"}
	out, code := h.run(t, args...)
	if code != 3 || !strings.Contains(out, "If the account is new, a script may wait for it: --wait-for-account 10m.") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	term := h.onTerminal(t, append(args, "--wait-for-account", "10m")...)
	term.expect("The password was refused. In case the account is new, it is sent again in ")
	if _, err := addUser(name, "edit", "ns1"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(); code != 0 || !strings.Contains(term.output(), "   ns1") {
		t.Errorf("exit code %d:\n%s", code, term.output())
	}
	if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
		t.Errorf("kubectl: %s", out)
	}
}
