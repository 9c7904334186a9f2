package logincmd_test

import (
	"net/http"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// building is the reply for a cluster that has no address yet.
const building = `{"session_id":"e30.e30.c2ln"}`

const intoTKC1 = "POST /wcp/login ns1/tkc1"

func TestPartialFailure(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[intoTKC1] = consoletest.Status(http.StatusBadGateway, "")
	w.Run(signIn(w)...).Exits(5).Says("Not all cluster/workload sessions were established", "   ns1/tkc1: ", "   tkc2\n").Omits("error:")
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc2")
}

// One bad row of the list does not cost the others.
func TestBadRow(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[proof] = consoletest.Reply(`[{"namespace":"../x","master_host":"10.0.0.1"},{"namespace":"ns1","master_host":"10.0.0.1"}]`)
	w.Run(signIn(w)...).Exits(5).Says("   10.0.0.1: ", "   tkc1\n")
	wantContexts(t, w, "10.0.0.1", "ns1", "tkc1", "tkc2")
}

func TestNoNamespaces(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Namespaces = nil
	w.Run(signIn(w)...).Exits(0).Says("you have no vSphere Namespace here", "   10.0.0.1\n")
}

// A user who may not list the clusters of a namespace can name one.
func TestUnlistedClusters(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Namespaces[0].Closed = true
	w.Run(signIn(w)...).Exits(0).Says("you may not list the clusters of ns1", "--tanzu-kubernetes-cluster-name").Omits("   tkc1\n")
	other := &consoletest.Namespace{Name: s.Namespaces[0].Name, Host: "10.0.0.2", Closed: true} // Two Supervisors have one of that name.
	w.Supervisor("10.0.0.2", other)
	s.Namespaces = append(s.Namespaces, other)
	w.Run(signIn(w)...).Exits(0).Says("you may not list the clusters of ns1 (403)")
	w.Run(signIn(w, "--tanzu-kubernetes-cluster-name", "tkc1")...).Exits(0).Says("   tkc1\n").Omits("may not list")
	w.Run(signIn(w, "--tanzu-kubernetes-cluster-name", "tkc9")...).Exits(5).Says("tkc9")
}

func TestListFails(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies["GET /apis/cluster.x-k8s.io/v1beta1/namespaces/ns1/clusters"] = consoletest.Status(http.StatusInternalServerError, "")
	w.Run(signIn(w)...).Exits(5).Says("   ns1: list its clusters")
}

func TestClusterWithoutAddress(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Namespaces[0].Clusters[0].Building = true
	w.Run(signIn(w)...).Exits(5).Says("ns1/tkc1", "--wait")
	w.Run(signIn(w, "--wait", "2s")...).Exits(5).Says("Waiting for ns1/tkc1", "not ready in time")
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc2")
}

// A cluster that becomes ready gets its context, and its credential is kept.
func TestWait(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Next(intoTKC1, consoletest.Reply(building))
	w.Run(signIn(w, "--wait", "1m")...).Exits(0)
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2")
	if c := s.Namespaces[0].Clusters[0]; c.Count("GET /version") != 1 {
		t.Error("nobody asked whether the cluster accepts the token")
	}
	s.Forget()
	w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--cluster", "ns1/tkc1").Exits(0)
	if n := len(s.Requests()); n > 0 {
		t.Errorf("the token was asked for again: %q", s.Requests())
	}
}

// A cluster that refuses the token for good is not waited for in vain.
func TestWaitForAPrintedKubeconfig(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Namespaces[0].Clusters[1].Replies["GET /version"] = consoletest.Status(http.StatusUnauthorized, "")
	w.Run(signIn(w, "--wait", "2s", "--kubeconfig", "-")...).Exits(5).Says("Waiting for ns1/tkc2", "name: tkc1")
}
