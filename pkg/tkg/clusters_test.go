package tkg

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// What a list shows of a cluster is the same in both versions of Cluster API.
func TestClusterFacts(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want ClusterFacts
	}{
		"v1beta1": {`{"metadata":{"name":"a","generation":2},"spec":{"controlPlaneEndpoint":{"host":"10.0.0.1","port":6443},"topology":{"class":"builtin","version":"v1.33.3"}},
"status":{"observedGeneration":2,"phase":"Provisioned","conditions":[{"type":"Ready","status":"True"},{"type":"UpdatesAvailable","status":"True","message":"[v1.33.6+vmware.1 v1.34.1+vmware.2]"}],
"v1beta2":{"conditions":[{"type":"Available","status":"True","observedGeneration":2}],"controlPlane":{"desiredReplicas":3,"readyReplicas":3},"workers":{"desiredReplicas":2,"readyReplicas":1}}}}`,
			ClusterFacts{Version: "v1.33.3", Upgrades: []string{"v1.33.6---vmware.1", "v1.34.1---vmware.2"}, Ready: 4, Nodes: 5, Endpoint: "10.0.0.1:6443", State: "ready", Class: "builtin"}},
		"v1beta2": {`{"metadata":{"name":"a","generation":2},"spec":{"controlPlaneEndpoint":{"host":"fd00::1","port":6443},"topology":{"classRef":{"name":"builtin"},"version":"v1.33.3"}},
"status":{"observedGeneration":2,"conditions":[{"type":"Available","status":"True"},{"type":"UpdatesAvailable","status":"False","message":"[v9]"}],"controlPlane":{"desiredReplicas":1},
"workers":{"desiredReplicas":0,"readyReplicas":0},"deprecated":{"v1beta1":{"conditions":[{"type":"Ready","status":"False"}]}}}}`,
			ClusterFacts{Version: "v1.33.3", Nodes: 1, Endpoint: "[fd00::1]:6443", State: "ready", Class: "builtin"}},
		"nothing known":  {`{"metadata":{"name":"a"}}`, ClusterFacts{State: "unknown"}},
		"another's":      {`{"metadata":{"name":"a"},"spec":[],"status":"x"}`, ClusterFacts{State: "unknown"}},
		"fields of text": {`{"metadata":{"name":"a"},"spec":{"controlPlaneEndpoint":{"host":"h","port":"6443"},"topology":{"version":"v1"}},"status":{"phase":"Pending"}}`, ClusterFacts{Version: "v1", Endpoint: "h:0", State: "pending"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ClusterFactsOf(object(t, ClusterResource, c.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The phase says only that objects were made: the conditions decide, if they are about the object as it is now.
func TestState(t *testing.T) {
	for status, want := range map[string]string{
		`{"phase":"Provisioned"}`: "provisioned",
		`{"phase":"Provisioned","conditions":[{"type":"Available","status":"False","reason":"NotAvailable"}]}`:           "not ready: NotAvailable",
		`{"phase":"Provisioned","conditions":[{"type":"Available","status":"Unknown"}]}`:                                 "not ready",
		`{"conditions":[{"type":"Available","status":"True"}]}`:                                                          "ready",
		`{"conditions":[{"type":"Ready","status":"True"}]}`:                                                              "ready",
		`{"conditions":[{"type":"Ready","status":"True"},{"type":"Available","status":"False","reason":"X"}]}`:           "not ready: X",
		`{"conditions":[{"type":"Ready","status":"False"}],"v1beta2":{"conditions":[{"type":"Ready","status":"True"}]}}`: "ready",
		`{"observedGeneration":2,"conditions":[{"type":"Available","status":"True"}]}`:                                   "changing",
		`{"observedGeneration":3,"conditions":[{"type":"Available","status":"True","observedGeneration":2}]}`:            "changing",
		`{"observedGeneration":3,"conditions":[{"type":"Available","status":"True","observedGeneration":3}]}`:            "ready",
		`{}`: "unknown",
	} {
		if got := ClusterFactsOf(object(t, ClusterResource, `{"metadata":{"name":"a","generation":3},"status":`+status+`}`)).State; got != want {
			t.Errorf("%s: %q, not %q", status, got, want)
		}
	}
	for text, want := range map[string]string{
		`{"metadata":{"name":"a","deletionTimestamp":"2026-11-27T08:00:00Z"},"status":{"conditions":[{"type":"Available","status":"True"}]}}`: "deleting",
		`{"metadata":{"name":"a"},"spec":{"paused":true},"status":{"conditions":[{"type":"Available","status":"True"}]}}`:                     "paused",
	} {
		if got := ClusterFactsOf(object(t, ClusterResource, text)).State; got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}

// A TanzuKubernetesCluster says the same in other fields, and fills in what its twin lacks.
func TestTanzuClusterFacts(t *testing.T) {
	o := object(t, TanzuClusterResource, `{"metadata":{"name":"a"},"spec":{"topology":{"controlPlane":{"replicas":3}}},"status":{"phase":"running","version":"v1.24.9+vmware.1",
"apiEndpoints":[{"host":"10.0.0.1","port":6443},{"host":"10.0.0.2","port":1}],"conditions":[{"type":"Ready","status":"True"},{"type":"UpdatesAvailable","status":"True","message":"[v1.25.7+vmware.3]"}]}}`)
	twin := TanzuClusterFactsOf(o)
	want := ClusterFacts{Version: "v1.24.9---vmware.1", Upgrades: []string{"v1.25.7---vmware.3"}, Endpoint: "10.0.0.1:6443", State: "ready"}
	if diff := cmp.Diff(want, twin); diff != "" {
		t.Error(diff)
	}
	for text, state := range map[string]string{
		`{"metadata":{"name":"a"},"status":{"phase":"creating"}}`:                                                 "creating",
		`{"metadata":{"name":"a"},"status":{"phase":"running","conditions":[{"type":"Ready","status":"False"}]}}`: "not ready",
		`{"metadata":{"name":"a"}}`: "unknown",
	} {
		if got := TanzuClusterFactsOf(object(t, TanzuClusterResource, text)).State; got != state {
			t.Errorf("%s: %q", text, got)
		}
	}
	named := object(t, TanzuClusterResource, `{"metadata":{"name":"a"},"spec":{"topology":{"controlPlane":{"tkr":{"reference":{"name":"v1.25.7---vmware.3"}}}}},"status":{"version":"v1.24.9+vmware.1"}}`)
	if got := TanzuClusterFactsOf(named).Version; got != "v1.25.7---vmware.3" {
		t.Errorf("%q: what is wanted counts", got)
	}
	if diff := cmp.Diff(want, ClusterFacts{}.OrElse(twin)); diff != "" {
		t.Error(diff)
	}
	own := ClusterFacts{Version: "v2", Upgrades: []string{"v3"}, Endpoint: "x:1", State: "changing", Ready: 1, Nodes: 2, Class: "c"}
	if diff := cmp.Diff(own, own.OrElse(twin)); diff != "" {
		t.Error(diff)
	}
	if own.Count() != "1/2" || (ClusterFacts{}).Count() != "" {
		t.Errorf("%q %q", own.Count(), ClusterFacts{}.Count())
	}
}

// The first condition of a type counts. One about an earlier generation is stale.
func TestConditions(t *testing.T) {
	all := Conditions{{Type: "Ready", Status: "True", Observed: 2}, {Type: "Ready", Status: "False"}, {Type: "Other", Status: "Unknown"}, {Type: "Odd", Status: "true"}, {Type: "No", Status: "False"}}
	for name, want := range map[string]string{"Ready": "yes", "No": "no", "Other": "unknown", "Odd": "unknown", "None": "unknown"} {
		if got := all.Word(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if c, found := all.Find("Ready"); !found || c.Status != "True" {
		t.Error(c, found)
	}
	if c, found := all.Find("None"); found || c != (Condition{}) {
		t.Error(c)
	}
	for generation, want := range map[int64]bool{1: false, 2: false, 3: true} {
		if got := all[0].Stale(kubeapi.Object{Metadata: kubeapi.Metadata{Generation: generation}}); got != want {
			t.Errorf("generation %d: %v", generation, got)
		}
	}
	if all[1].Stale(kubeapi.Object{Metadata: kubeapi.Metadata{Generation: 9}}) {
		t.Error("one that does not say its generation is stale")
	}
}
