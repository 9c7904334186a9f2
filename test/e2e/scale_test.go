package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// A login to many clusters has at most 16 requests under way, and more than one.
func TestLoginInFlight(t *testing.T) {
	t.Parallel()
	const namespace, clusters = "in-flight", 40
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": namespace}, nil); err != nil {
		t.Fatal(err)
	}
	for i := range clusters {
		cluster := map[string]any{"namespace": namespace, "name": fmt.Sprintf("c%d", i), "endpoint": "fake"}
		if err := adminCall(http.MethodPost, "clusters", cluster, nil); err != nil {
			t.Fatal(err)
		}
	}
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
