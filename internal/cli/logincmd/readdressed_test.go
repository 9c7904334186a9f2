package logincmd_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
)

// recreate makes tkc1 one that was made again, and advertises the address of the one before.
func recreate(s *consoletest.Supervisor) {
	s.Namespaces[0].Clusters[0].Replies["GET /version"] = consoletest.Status(http.StatusUnauthorized, "")
	s.Hold(objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta1", Plural: "clusters", Kind: "Cluster", Objects: []string{
		`{"metadata":{"name":"tkc1","namespace":"ns1","uid":"uid-tkc1"},"spec":{"controlPlaneEndpoint":{"host":"10.0.0.11","port":6443},"infrastructureRef":{"kind":"VSphereCluster","name":"tkc1-x"}}}`,
	}})
	s.Hold(objecttest.Holding{Group: "vmware.infrastructure.cluster.x-k8s.io", Version: "v1beta1", Plural: "vsphereclusters", Kind: "VSphereCluster", Objects: []string{
		`{"metadata":{"name":"tkc1-x","namespace":"ns1","uid":"u1"}}`,
	}})
	s.Hold(objecttest.Holding{Group: "vmoperator.vmware.com", Version: "v1alpha3", Plural: "virtualmachineservices", Kind: "VirtualMachineService", Objects: []string{
		`{"metadata":{"name":"tkc1","namespace":"ns1","ownerReferences":[{"kind":"VSphereCluster","name":"tkc1-x","uid":"u1"}]},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.77"}]}}}`,
	}})
}

const atOldAddress = "it advertises 10.0.0.11, the address of an earlier cluster of its name, and its load balancer has 10.0.0.77: it will not come up\n"

// A cluster that was made again under its name may advertise its old address. That is said at the first look, and not waited for in vain.
func TestWaitForAClusterAtAnOldAddress(t *testing.T) {
	w, s := site(t)
	given(w)
	recreate(s)
	w.Run(signIn(w, "--wait", "1s")...).Exits(5).Says("Waiting for ns1/tkc1: "+atOldAddress, "   ns1/tkc1: "+atOldAddress,
		"Delete the cluster, and create it with a name that was not used before.\n").Omits("not ready in time")
	if s.Count("GET /api/v1/namespaces/ns1/services") > 0 {
		t.Error("Services are listed although they are not needed")
	}

	// Whoever may not read the operator's objects sees it by what VM Operator makes of them.
	s.Hold(objecttest.Holding{Group: "vmoperator.vmware.com", Version: "v1alpha3", Plural: "virtualmachineservices", Kind: "VirtualMachineService", Closed: []string{"ns1"}})
	s.Hold(objecttest.Holding{Version: "v1", Plural: "services", Kind: "Service", Objects: []string{
		`{"metadata":{"name":"tkc1","namespace":"ns1","ownerReferences":[{"kind":"VirtualMachineService","name":"tkc1"}]},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.77"}]}}}`,
	}})
	w.Run(signIn(w, "--wait", "1s")...).Exits(5).Says("   ns1/tkc1: " + atOldAddress)

	// Whoever may read nothing is told what the cluster answers.
	s.Hold(objecttest.Holding{Version: "v1", Plural: "services", Kind: "Service", Closed: []string{"ns1"}})
	w.Run(signIn(w, "--wait", "1s")...).Exits(5).Says("   ns1/tkc1: not ready in time: GET ", "unauthorized (401)").Omits("advertises", "Delete")
}

// When it is certain, the wait ends.
func TestWaitEndsForAClusterAtAnOldAddress(t *testing.T) {
	w, s := site(t)
	given(w)
	recreate(s)
	s.Namespaces[0].Clusters[0].Replies["GET /version"] = func(rw http.ResponseWriter, _ *http.Request) {
		w.Advance(11 * time.Second)
		rw.WriteHeader(http.StatusUnauthorized)
	}
	w.Run(signIn(w, "--wait", "10m")...).Exits(5).Says("   ns1/tkc1: " + atOldAddress)
}

// It is the same for a session of an identity provider.
func TestFederatedWaitForAClusterAtAnOldAddress(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	given(w)
	recreate(s)
	w.Run(byPassword(w, "--wait", "1s")...).Exits(5).Says("Waiting for ns1/tkc1: "+atOldAddress, "   ns1/tkc1: "+atOldAddress, "Delete the cluster, and create it")
}
