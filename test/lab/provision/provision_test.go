package provision

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// A Service that is made again has another address, and none has the address of another one.
func TestAddressesInTurn(t *testing.T) {
	b := balancer{addresses: []string{"a", "b", "c"}}
	first, err := b.next(nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.next(nil)
	if err != nil || second == first {
		t.Errorf("%s again, %v", second, err)
	}
	third, err := b.next([]string{second})
	if err != nil || third == first || third == second {
		t.Errorf("%s after %s and %s, %v", third, first, second, err)
	}
	if ip, err := b.next([]string{"a", "b", "c"}); err == nil {
		t.Errorf("%s is in use", ip)
	}
}

// parse reads an object as the view does.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var out T
	in, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(in, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFields(t *testing.T) {
	vm := parse[virtualMachine](t, `{metadata: {name: vm, uid: u}, status: {biosUUID: b, zone: z, network: {primaryIP4: 192.0.2.1}}}`)
	if vm.Name != "vm" || vm.UID != "u" || vm.Status.BiosUUID != "b" || vm.Status.Zone != "z" || vm.Status.Network.PrimaryIP4 != "192.0.2.1" {
		t.Errorf("%+v", vm)
	}
	m := parse[machine](t, `{metadata: {labels: {cluster.x-k8s.io/control-plane: ""}}, spec: {clusterName: c, version: v1, bootstrap: {configRef: {name: k}}}}`)
	if m.Spec.ClusterName != "c" || m.Spec.Version != "v1" || m.Spec.Bootstrap.ConfigRef.Name != "k" || !m.controlPlane() {
		t.Errorf("%+v", m)
	}
	c := parse[cluster](t, `
spec: {controlPlaneRef: {name: k}, controlPlaneEndpoint: {host: h, port: 6443}, topology: {version: v1}}
status: {phase: Provisioned, conditions: [{type: Available, status: "True", lastTransitionTime: "2026-01-02T03:04:05Z"}]}
`)
	if c.Spec.ControlPlaneRef.Name != "k" || c.Spec.ControlPlaneEndpoint.Host != "h" || c.Spec.Topology.Version != "v1" || c.Status.Phase != "Provisioned" ||
		len(c.Status.Conditions) != 1 || c.Status.Conditions[0].LastTransitionTime.Year() != 2026 {
		t.Errorf("%+v", c)
	}
}

// What a TanzuKubernetesCluster asks for is what its Cluster asks for. A pool says only where it differs.
func TestClusterOfTwin(t *testing.T) {
	made := parse[twin](t, `
metadata: {name: legacy, namespace: ns, uid: u, generation: 3}
spec:
  topology:
    controlPlane: {replicas: 3, vmClass: small, storageClass: gold, tkr: {reference: {name: v1.33.3---vmware.1}}}
    nodePools:
    - {name: one, replicas: 2, vmClass: small, storageClass: gold}
    - {name: two, vmClass: large}
`).cluster("class")
	want := parse[map[string]any](t, `
classRef: {name: class}
version: v1.33.3---vmware.1
controlPlane: {replicas: 3}
variables: [{name: vmClass, value: small}, {name: storageClass, value: gold}]
workers:
  machineDeployments:
  - {class: node-pool, name: one, replicas: 2}
  - {class: node-pool, name: two, variables: {overrides: [{name: vmClass, value: large}]}}
`)
	got, _, err := unstructured.NestedMap(made.Object, "spec", "topology")
	if err != nil || text(t, got) != text(t, want) {
		t.Errorf("%s\n%s %v", text(t, got), text(t, want), err)
	}
	if owner := made.GetOwnerReferences(); len(owner) != 1 || owner[0].UID != "u" || made.GetAnnotations()[generationOf] != "3" {
		t.Errorf("%v", made.Object["metadata"])
	}
}

// The phase of a TanzuKubernetesCluster follows that of its Cluster.
func TestPhases(t *testing.T) {
	for _, c := range []struct{ before, phase, conditions, want string }{
		{"", "", "", "creating"},
		{"creating", "Provisioning", "", "creating"},
		{"creating", "Provisioned", `{type: Available, status: "False"}`, "creating"},
		{"creating", "Provisioned", `{type: Available, status: "True"}`, "running"},
		{"running", "Provisioned", `{type: Available, status: "True"}, {type: RollingOut, status: "True"}`, "updating"},
		{"updating", "Provisioned", `{type: Available, status: "False"}, {type: RollingOut, status: "False"}`, "running"},
		{"running", "Provisioned", `{type: Available, status: "False"}`, "running"},
		{"running", "Deleting", `{type: Available, status: "False"}`, "deleting"},
		{"creating", "Failed", "", "failed"},
	} {
		old := parse[twin](t, "{status: {phase: "+c.before+"}}")
		now := parse[cluster](t, "{status: {phase: "+c.phase+", conditions: ["+c.conditions+"]}}")
		if got := old.phaseOf(now); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	status := parse[twin](t, `{spec: {topology: {nodePools: [{replicas: 2}, {replicas: 3}, {name: one}]}}}`).statusOf(parse[cluster](t, `
spec: {controlPlaneEndpoint: {host: h}, topology: {version: v1}}
status: {phase: Provisioned, conditions: [{type: Available, status: "True", lastTransitionTime: "2026-01-02T03:04:05Z"}]}
`))
	want := `{"apiEndpoints":[{"host":"h","port":6443}],"conditions":[{"lastTransitionTime":"2026-01-02T03:04:05Z","severity":"Info","status":"True","type":"Ready"}],` +
		`"phase":"running","totalWorkerReplicas":5,"version":"v1"}`
	if got := text(t, status); got != want {
		t.Errorf("%s\n%s", got, want)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
