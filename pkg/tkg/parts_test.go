package tkg

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A release says which images it has, and whether it can be used; a label of its maker outranks the condition.
func TestReleaseFacts(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want ReleaseFacts
	}{
		"usable":       {`{"metadata":{"name":"r"},"spec":{"version":"v1+a","osImages":[{"name":"x"},{"name":"y"}]},"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Compatible","status":"True"}]}}`, ReleaseFacts{"v1+a", "yes", "yes", []string{"x", "y"}}},
		"incompatible": {`{"metadata":{"name":"r"},"status":{"conditions":[{"type":"Compatible","status":"False"}]}}`, ReleaseFacts{"", "unknown", "no", nil}},
		"deactivated":  {`{"metadata":{"name":"r","labels":{"deactivated":""}},"status":{"conditions":[{"type":"Compatible","status":"True"}]}}`, ReleaseFacts{"", "unknown", "deactivated", nil}},
		"another's":    {`{"metadata":{"name":"r"},"spec":{"osImages":"x"}}`, ReleaseFacts{"", "unknown", "unknown", nil}},
	} {
		if diff := cmp.Diff(c.want, ReleaseFactsOf(object(t, VKSReleaseResource, c.text))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := SystemOf(object(t, VKSImageResource, `{"metadata":{"name":"i"},"spec":{"os":{"name":"ubuntu","version":"24.04"}}}`)); got != "ubuntu 24.04" {
		t.Errorf("%q", got)
	}
	if got := SystemOf(object(t, TanzuImageResource, `{"metadata":{"name":"i"}}`)); got != "yes" {
		t.Errorf("%q", got)
	}
	if got := ReleaseName("v1.33.3+vmware.1-fips+x"); got != "v1.33.3---vmware.1-fips---x" {
		t.Errorf("%q", got)
	}
}

// A node is of the control plane or of a pool. What a machine lacks its conditions of another version may say.
func TestMachine(t *testing.T) {
	m := MachineOf(object(t, MachineResource, `{"metadata":{"name":"m","labels":{"cluster.x-k8s.io/control-plane":"","topology.cluster.x-k8s.io/deployment-name":"x"}},
"status":{"addresses":[{"type":"Hostname","address":"m"},{"type":"InternalIP","address":"192.0.2.1"},{"type":"InternalIP","address":"192.0.2.2"}],
"conditions":[{"type":"Ready","status":"False"}],"v1beta2":{"conditions":[{"type":"Ready","status":"True"}]}}}`))
	if m.Role != ControlPlaneRole || m.Address() != "192.0.2.1" || m.All().Word("Ready") != "yes" {
		t.Errorf("%+v", m)
	}
	for labels, want := range map[string]string{`{}`: "worker", `{"topology.cluster.x-k8s.io/deployment-name":"pool"}`: "pool"} {
		if m := MachineOf(object(t, MachineResource, `{"metadata":{"name":"m","labels":`+labels+`}}`)); m.Role != want || m.Address() != "" {
			t.Errorf("%s: %+v", labels, m)
		}
	}
}

// The fields of a virtual machine moved from version to version.
func TestVM(t *testing.T) {
	for name, text := range map[string]string{
		"v1alpha1": `{"metadata":{"name":"v"},"spec":{"className":"small","imageName":"vmi-1"},"status":{"vmIp":"192.0.2.1"}}`,
		"v1alpha3": `{"metadata":{"name":"v"},"spec":{"className":"small","image":{"name":"vmi-1"}},"status":{"network":{"primaryIP4":"192.0.2.1","primaryIP6":"fd00::1"}}}`,
	} {
		if vm := VMOf(object(t, VMResource, text)); vm.Spec.Class != "small" || vm.Image() != "vmi-1" || vm.Address() != "192.0.2.1" {
			t.Errorf("%s: %+v", name, vm)
		}
	}
	if vm := VMOf(object(t, VMResource, `{"metadata":{"name":"v"},"status":{"network":{"primaryIP6":"fd00::1"}}}`)); vm.Address() != "fd00::1" {
		t.Errorf("%+v", vm)
	}
	if b := BootstrapOf(object(t, BootstrapResource, `{"metadata":{"name":"b"},"spec":{"cni":{"refName":"antrea.1"},"csi":{"refName":"csi.1"}}}`)); b.Spec.CNI.Name != "antrea.1" || b.Spec.CSI.Name != "csi.1" {
		t.Errorf("%+v", b)
	}
}

// A load balancer belongs to a Service of a cluster, or to the API server of one.
func TestServiceFacts(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want ServiceFacts
	}{
		"of a Service": {`{"metadata":{"name":"s","labels":{"run.tanzu.vmware.com/cluster.name":"c","run.tanzu.vmware.com/service.name":"web","run.tanzu.vmware.com/service.namespace":"shop"}},
"spec":{"type":"LoadBalancer","ports":[{"port":80},{"port":53,"protocol":"UDP"}],"selector":{"a":"b"}},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},{"hostname":"lb"}]}}}`,
			ServiceFacts{Kind: "LoadBalancer", Address: "192.0.2.1,lb", Ports: "80/TCP,53/UDP", Cluster: "c", Service: "shop/web", Selector: map[string]string{"a": "b"}}},
		"of an API server": {`{"metadata":{"name":"s","labels":{"cluster.x-k8s.io/cluster-name":"c"},"ownerReferences":[{"kind":"Other","name":"x"},{"kind":"VSphereCluster","name":"i"}]},"spec":{"type":"LoadBalancer"}}`,
			ServiceFacts{Kind: "LoadBalancer", Cluster: "c", Service: "(API server)", Infra: "i"}},
		"of nobody": {`{"metadata":{"name":"s"},"spec":{"ports":"80"}}`, ServiceFacts{}},
	} {
		if diff := cmp.Diff(c.want, ServiceFactsOf(object(t, ServiceResource, c.text))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for text, want := range map[string]EventFacts{
		`{"metadata":{"name":"e"},"type":"Warning","message":"no","involvedObject":{"kind":"Cluster","name":"c"}}`:  {"Cluster", "c", "no"},
		`{"metadata":{"name":"e"},"type":"Normal","message":"well","involvedObject":{"kind":"Cluster","name":"c"}}`: {},
	} {
		if got := EventFactsOf(object(t, EventResource, text)); got != want {
			t.Errorf("%+v", got)
		}
	}
	for conditions, want := range map[string]string{
		`[{"type":"IPPoolPressure","status":"True","message":"full"}]`: "full", `[{"type":"full","status":"true","reason":"R"}]`: "R", `[{"type":"Full","status":"True"}]`: "Full",
		`[{"type":"IPPoolPressure","status":"False","message":"full"}]`: "", `[{"type":"Ready","status":"True","message":"x"}]`: "", `7`: "",
	} {
		if got := PressureOf(object(t, IPPoolResource, `{"metadata":{"name":"p"},"status":{"conditions":`+conditions+`}}`)); got != want {
			t.Errorf("%s: %q", conditions, got)
		}
	}
	if !HasLabels(map[string]string{"a": "b", "c": "d"}, map[string]string{"a": "b"}) || HasLabels(map[string]string{"a": "x"}, map[string]string{"a": "b"}) || !HasLabels(nil, nil) {
		t.Error("labels")
	}
}

// Quantities are added up as Kubernetes does, whatever their units. What is not a quantity is left out.
func TestStorage(t *testing.T) {
	quota := func(limit string) Usage {
		return PolicyUsageOf(object(t, PolicyQuotaResource, `{"metadata":{"name":"q"},"spec":{"limit":`+limit+`},"status":{"total":[{"storageClassName":"gold","scQuotaUsage":{"reserved":"512Mi","used":"1536Mi"}}]}}`))["gold"]
	}
	for limit, want := range map[string][2]string{
		`"10Gi"`: {"10Gi", "8Gi"}, `10737418240`: {"10Gi", "8Gi"}, `"2Gi"`: {"2Gi", "0"}, `"1Gi"`: {"1Gi", "-1Gi"}, `"3G"`: {"3G", "852516352"}, `0`: {"0", "-2Gi"},
		`"much"`: {"", ""}, `null`: {"", ""}, `[]`: {"", ""}, `"` + strings.Repeat("1", 41) + `"`: {"", ""}, `1e300`: {"", ""},
	} {
		u := quota(limit)
		if u.Limit != want[0] || u.Left() != want[1] || u.Used != "1536Mi" || u.Reserved != "512Mi" {
			t.Errorf("%s: %+v, left %q", limit, u, u.Left())
		}
	}
	if got := (Usage{Used: "x", Limit: "1Gi"}).Left(); got != "1Gi" {
		t.Errorf("%q", got)
	}
	const key = ".storageclass.storage.k8s.io/requests.storage"
	got := QuotaUsageOf(object(t, QuotaResource, `{"metadata":{"name":"q"},"spec":{"hard":{"gold`+key+`":"10Gi","silver`+key+`":"0","requests.storage":"1Ti","pods":7}},
"status":{"used":{"gold`+key+`":"1Gi","pods":"1"}}}`))
	if diff := cmp.Diff(map[string]Usage{"gold": {Used: "1Gi", Limit: "10Gi"}, "silver": {Limit: "0"}}, got); diff != "" {
		t.Error(diff)
	}
}

// Of several quotas of a class, the one that leaves the least counts, and one says what the others do not.
func TestTightest(t *testing.T) {
	for _, tc := range []struct {
		name string
		all  []Usage
		want Usage
		left string
	}{
		{"none", nil, Usage{}, ""},
		{"a smaller limit comes last", []Usage{{Used: "5Gi", Limit: "100Gi"}, {Used: "5Gi", Limit: "6Gi"}}, Usage{Used: "5Gi", Limit: "6Gi"}, "1Gi"},
		{"a smaller limit comes first", []Usage{{Used: "5Gi", Limit: "6Gi"}, {Used: "5Gi", Limit: "100Gi"}}, Usage{Used: "5Gi", Limit: "6Gi"}, "1Gi"},
		{"a larger limit leaves less", []Usage{{Used: "1Gi", Limit: "5Gi"}, {Used: "9Gi", Limit: "10Gi"}}, Usage{Used: "9Gi", Limit: "10Gi"}, "1Gi"},
		{"more is used than the limit", []Usage{{Used: "1Gi", Limit: "5Gi"}, {Used: "9Gi", Limit: "8Gi"}}, Usage{Used: "9Gi", Limit: "8Gi"}, "-1Gi"},
		{"a policy without a limit", []Usage{{Used: "2Gi", Reserved: "1Gi"}, {Used: "3Gi", Limit: "50Gi"}}, Usage{Used: "2Gi", Reserved: "1Gi", Limit: "50Gi"}, "47Gi"},
		{"a quota without a usage", []Usage{{Used: "60Gi", Reserved: "4Gi", Limit: "1Ti"}, {Limit: "100Gi"}}, Usage{Used: "60Gi", Reserved: "4Gi", Limit: "100Gi"}, "36Gi"},
		{"no limit at all", []Usage{{Reserved: "1Gi"}, {Used: "2Gi"}}, Usage{Used: "2Gi"}, ""},
		{"a limit of nothing", []Usage{{Limit: "5Gi"}, {Limit: "0"}}, Usage{Limit: "0"}, "0"},
	} {
		if got := Tightest(tc.all); got != tc.want || got.Left() != tc.left {
			t.Errorf("%s: %+v, left %q", tc.name, got, got.Left())
		}
	}
}
