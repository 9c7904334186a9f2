package site

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// The address of the last cluster of a name is known once there is another one.
func TestPast(t *testing.T) {
	var p past
	for i, step := range []struct {
		cluster kube.Cluster
		old     string
	}{
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "1"}, ""},
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "1", Endpoint: "a"}, ""},
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "1", Endpoint: "a"}, ""},
		{kube.Cluster{Namespace: "other", Name: "c", UID: "2", Endpoint: "b"}, ""},
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "3"}, "a"}, // It has no address yet.
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "3", Endpoint: "c"}, "a"},
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "3", Endpoint: "c"}, "a"},
		{kube.Cluster{Namespace: "ns", Name: "c", UID: "4", Endpoint: "d"}, "c"},
	} {
		if got := p.see(step.cluster); got != step.old {
			t.Errorf("%d: %q and not %q", i, got, step.old)
		}
	}
}
