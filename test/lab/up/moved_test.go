package up

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A cluster that is made again under its name has another address. It may be told to advertise the old one.
func TestOldServer(t *testing.T) {
	p := newPerson(t, "edit")
	address := func() string {
		t.Helper()
		body := strings.NewReader(`{"guest_cluster_name":"moved","guest_cluster_namespace":"ns2"}`)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+site.Supervisors[0].Server+"/wcp/login", body)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("testoldserver-edit@vsphere.local", "VMware1!")
		resp, err := p.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var reply struct {
			Server string `json:"guest_cluster_server"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
			t.Fatal(resp.Status, err)
		}
		return reply.Server
	}
	const first, second = "127.78.250.1", "127.78.250.2"
	cluster := func(endpoint string) map[string]any {
		return map[string]any{"namespace": "ns2", "name": "moved", "endpoint": endpoint}
	}
	call(t, http.MethodPost, "clusters", cluster(first))
	if got := address(); got != first {
		t.Errorf("%q", got)
	}
	call(t, http.MethodDelete, "clusters", cluster(first))
	call(t, http.MethodPost, "clusters", cluster(second))
	if got := address(); got != second {
		t.Errorf("%q", got)
	}
	call(t, http.MethodPost, "faults", map[string]any{"endpoint": "/wcp/login", "cluster": "ns2/moved", "oldServer": true, "count": 1})
	if got := address(); got != first {
		t.Errorf("%q and not the old address", got)
	}
	if got := address(); got != second {
		t.Errorf("%q after the fault", got)
	}
	call(t, http.MethodDelete, "clusters", cluster(second))
}
