package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// manyClusters makes a namespace with clusters that exist by name only.
func manyClusters(t *testing.T, namespace string, n int) {
	t.Helper()
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": namespace}, nil); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		cluster := map[string]any{"namespace": namespace, "name": fmt.Sprintf("c%d", i), "endpoint": "fake"}
		if err := adminCall(http.MethodPost, "clusters", cluster, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// A password that is refused in the middle of a login is not sent on: what is under way ends, nothing begins.
func TestLoginStopsAtRefusal(t *testing.T) {
	t.Parallel()
	const namespace, clusters = "refusal", 60
	manyClusters(t, namespace, clusters)
	u := newUser(t, namespace)
	for i := range clusters {
		addFault(t, map[string]any{"user": u.Username, "cluster": fmt.Sprintf("%s/c%d", namespace, i), "status": 401, "delay": "50ms"})
	}
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	out, code := h.run(t, "kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA)
	if code != 5 || !strings.Contains(out, "not tried, since the same password was refused a moment ago") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	refused := 0
	for _, line := range logins(t, u) {
		if strings.Contains(line, " 401 ") {
			refused++
		}
	}
	if refused == 0 || refused > 16 {
		t.Errorf("%d refusals", refused)
	}
}

// A login to many clusters has at most 16 requests under way, and more than one.
func TestLoginInFlight(t *testing.T) {
	t.Parallel()
	const namespace, clusters = "in-flight", 40
	manyClusters(t, namespace, clusters)
	u := newUser(t, namespace)
	addFault(t, map[string]any{"user": u.Username, "delay": "100ms"})
	h := newHome(t)
	h.login(t, u)
	var out struct{ Max int }
	if err := adminCall(http.MethodGet, "inflight?user="+url.QueryEscape(u.Username), nil, &out); err != nil {
		t.Fatal(err)
	}
	if out.Max > 16 || out.Max < 8 {
		t.Errorf("%d requests under way at once", out.Max)
	}
	if got := len(logins(t, u)); got != 1+1+4+clusters {
		t.Errorf("%d requests", got)
	}
}
