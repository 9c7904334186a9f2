package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

// From a password to a cluster that takes no tokens: the Concierge of each API server gives a certificate for a token of its
// audience, and the Supervisor tells where the cluster is.
func TestLabConcierge(t *testing.T) {
	t.Parallel()
	p, server := newPerson(t, "concierge", "", "ns1")
	ca := readFile(t, site.Supervisors[0].CA)
	supervisor := p.certified(server, ca, p.exchange(p.issuer))
	if name := p.whoami(server, supervisor); name != p.Username {
		t.Errorf("the Supervisor takes %s for %s", p.Username, name)
	}
	front := strings.TrimSuffix(p.issuer, "/wcp/pinniped") // passes the API on
	if name := p.whoami(server, p.certified(front, ca, p.exchange(p.issuer))); name != p.Username {
		t.Errorf("through the front, the Supervisor takes %s for %s", p.Username, name)
	}
	p.get(supervisor, server+"/api/v1/namespaces", http.StatusForbidden)
	p.get(supervisor, server+"/apis/cluster.x-k8s.io/v1beta2/namespaces/ns1/clusters", http.StatusOK)

	k := p.kubeconfigOf(supervisor, server, "ns1", "tkc1")
	api, apiCA := k.server, k.ca
	if name := p.whoami(api, newClient(t, k.ca, k.admin)); name != "kubernetes-admin" {
		t.Errorf("the administrator of the Secret is %s", name)
	}
	audience := "tkc1-" + site.Supervisors[0].Clusters[0].UID
	cluster := p.certified(api, apiCA, p.exchange(audience))
	if name := p.whoami(api, cluster); name != p.Username {
		t.Errorf("the cluster takes %s for %s", p.Username, name)
	}
	p.get(cluster, api+"/api/v1/nodes", http.StatusOK)

	p.refused("the Supervisor's token at the cluster", api, apiCA, p.issuer)
	p.refused("the cluster's token at the Supervisor", server, ca, audience)
	p.refused("another cluster's token", api, apiCA, "tkc2-"+site.Supervisors[1].Clusters[0].UID)
}

// A cluster has the Secret of its kubeconfig for as long as it exists, once it has an address. Its user is the cluster's administrator.
func TestLabKubeconfigSecret(t *testing.T) {
	t.Parallel()
	const ns = "kubeconfig-secret"
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": ns}, nil); err != nil {
		t.Fatal(err)
	}
	p, server := newPerson(t, ns, "", ns)
	supervisor := p.certified(server, readFile(t, site.Supervisors[0].CA), p.exchange(p.issuer))
	spec := func(name, endpoint string) map[string]any {
		return map[string]any{"supervisor": 0, "namespace": ns, "name": name, "endpoint": endpoint}
	}
	for name, endpoint := range map[string]string{"old": "fake", "young": ""} {
		if err := adminCall(http.MethodPost, "clusters", spec(name, endpoint), nil); err != nil {
			t.Fatal(err)
		}
	}
	if k := p.kubeconfigOf(supervisor, server, ns, "old"); !strings.HasPrefix(k.server, "https://127.78.") {
		t.Errorf("the kubeconfig leads to %s", k.server)
	}
	path := server + "/api/v1/namespaces/" + ns + "/secrets/"
	p.get(supervisor, path+"young-kubeconfig", http.StatusNotFound)
	if err := adminCall(http.MethodDelete, "clusters", spec("old", ""), nil); err != nil {
		t.Fatal(err)
	}
	p.get(supervisor, path+"old-kubeconfig", http.StatusNotFound)
}

// A cluster tells of itself without credentials: where it is, and which form its Concierge has. The issuer is the Supervisor's.
func TestLabClusterInfo(t *testing.T) {
	t.Parallel()
	p, server := newPerson(t, "cluster-info", "", "ns1")
	ca := readFile(t, site.Supervisors[0].CA)
	k := p.kubeconfigOf(p.certified(server, ca, p.exchange(p.issuer)), server, "ns1", "tkc1")
	anonymous := newClient(t, k.ca)
	var info struct{ Data map[string]string }
	p.read(anonymous, k.server+"/api/v1/namespaces/kube-public/configmaps/cluster-info", &info)
	if got := parseKubeconfig(t, []byte(info.Data["kubeconfig"])); got.server != k.server || !bytes.Equal(got.ca, k.ca) {
		t.Errorf("cluster-info leads to %s", got.server)
	}
	info.Data = nil
	p.read(anonymous, k.server+"/api/v1/namespaces/kube-public/configmaps/pinniped-info", &info)
	if info.Data["cluster_name"] != "tkc1" || info.Data["issuer"] != "" || info.Data["concierge_is_cluster_scoped"] != "true" || len(info.Data) != 3 {
		t.Errorf("%v", info.Data)
	}
}

// Faults of a Concierge are for one user; the requests are in that user's log.
func TestLabConciergeFaults(t *testing.T) {
	t.Parallel()
	p, server := newPerson(t, "concierge-faults", "", "ns1")
	ca := readFile(t, site.Supervisors[0].CA)
	ask := func(path string) (int, credential) { return p.present(server, ca, path, p.exchange(p.issuer)) }
	for _, f := range []struct {
		fault               string
		cluster, namespaced int
	}{{"", 201, 404}, {"conciergeGone", 404, 404}, {"conciergeNamespaced", 404, 201}} {
		off := p.fault(f.fault, true)
		if code, _ := ask(conciergePath); code != f.cluster {
			t.Errorf("%s: %d", f.fault, code)
		}
		if code, _ := ask(conciergeNamespacedPath); code != f.namespaced {
			t.Errorf("%s: %d in the namespace", f.fault, code)
		}
		off()
	}
	off := p.fault("refuse", true)
	if code, out := ask(conciergePath); code != http.StatusCreated || out.Status.Message != "authentication failed" {
		t.Errorf("refuse: %d %+v", code, out)
	}
	off()
	p.fault("certLifetime", "10s")
	if _, out := ask(conciergePath); time.Until(out.Status.Credential.ExpirationTimestamp) > 10*time.Second {
		t.Errorf("certLifetime: until %v", out.Status.Credential.ExpirationTimestamp)
	}
	log, err := requests(p.Username)
	if want := "POST " + conciergePath + " 201 SERVER1\n"; err != nil || bytes.Count([]byte(log), []byte(want)) != 3 {
		t.Errorf("%v %s", err, log)
	}
}

// A lister sees the names of all namespaces; the role edit is for its own.
func TestLabLister(t *testing.T) {
	t.Parallel()
	p, server := newPerson(t, "lister", "lister", "ns1")
	supervisor := p.certified(server, readFile(t, site.Supervisors[0].CA), p.exchange(p.issuer))
	p.get(supervisor, server+"/api/v1/namespaces", http.StatusOK)
	p.get(supervisor, server+"/api/v1/namespaces/ns1/secrets", http.StatusOK)
	p.get(supervisor, server+"/api/v1/namespaces/ns2/secrets", http.StatusForbidden)
}

func (p *person) refused(what, server string, ca []byte, audience string) {
	p.Helper()
	if code, out := p.present(server, ca, conciergePath, p.exchange(audience)); code != http.StatusCreated || out.Status.Message != "authentication failed" {
		p.Errorf("%s: %d %+v", what, code, out)
	}
}

// fault switches something on for this person; an empty name is nothing.
func (p *person) fault(name string, value any) (off func()) {
	p.Helper()
	if name == "" {
		return func() {}
	}
	var out struct{ ID string }
	if err := adminCall(http.MethodPost, "faults", map[string]any{"user": p.Username, name: value}, &out); err != nil {
		p.Fatal(err)
	}
	off = func() {
		if err := adminCall(http.MethodDelete, "faults?id="+out.ID, nil, nil); err != nil {
			p.Error(err)
		}
	}
	p.Cleanup(off)
	return off
}
