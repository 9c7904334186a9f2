package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// offered is what a vSphere Namespace has.
func offered() Offers {
	release := func(name string) Release {
		return Release{Name: name, ReleaseFacts: tkg.ReleaseFacts{Ready: "yes", Compatible: "yes"}, Image: true}
	}
	late := release("v1.34.2---vmware.1")
	late.Image = false
	other := release("v1.35.0---vmware.1")
	other.Compatible = "no"
	marked := release("v1.31.0---vmware.1")
	marked.Compatible = "deactivated"
	unready := release("v1.33.9---vmware.1")
	unready.Ready = "no"
	return Offers{
		Releases: []Release{release("v1.33.3---vmware.1"), release("v1.33.10---vmware.1"), release("v1.34.1---vmware.1"), late, other, marked, unready},
		Classes: []tkg.Class{
			{Namespace: "ns1", Name: "tanzukubernetescluster", Pools: []string{"node-pool"}},
			{Namespace: tkg.ClassNamespace, Name: "builtin-generic-v3.4.0", Oldest: "v1.31", Newest: "v1.34", Pools: []string{"workers"}, Variables: []string{"vmClass", "storageClass", "ntp"}},
			{Namespace: tkg.ClassNamespace, Name: "builtin-generic-v3.10.0", Oldest: "v1.34", Newest: "v1.35", Required: []string{"vmClass", "storageClass", "ntp"}},
		},
		VMs:     []VMClass{{Name: "small"}, {Name: "large"}},
		Storage: []StorageClass{{"gold", tkg.Usage{Used: "10Gi", Limit: "100Gi"}}, {"full", tkg.Usage{Used: "90Gi", Reserved: "10Gi", Limit: "100Gi"}}, {Name: "free"}},
		Zones:   []string{"zone-a"},
		Names:   []TakenName{{"old", "a load balancer", true}, {"shop", "a Cluster", false}},
	}
}

func planned() Plan {
	return Plan{
		Namespace: "ns1", Name: "web", Release: "v1.33.3---vmware.1", Class: "builtin-generic-v3.4.0", VMClass: "small", StorageClass: "gold", ControlPlane: 3,
		Pools: []Pool{{Name: "a", Replicas: 2}}, Pods: "192.168.0.0/16", Services: "10.96.0.0/12",
	}
}

// What a server refuses late, or never finishes, is found before.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Plan, *Offers)
		part   Part
		want   string // in the text of the only problem; empty: nothing is wrong
	}{
		"all is well":                 {func(*Plan, *Offers) {}, "", ""},
		"a name in use":               {func(p *Plan, _ *Offers) { p.Name = "shop" }, Name, "there is a Cluster shop already"},
		"a name that was used":        {func(p *Plan, _ *Offers) { p.Name = "old" }, Name, "was used before (there is a load balancer)"},
		"a name with a dot":           {func(p *Plan, _ *Offers) { p.Name = "a.b" }, Name, "is not a name of a cluster"},
		"no name":                     {func(p *Plan, _ *Offers) { p.Name = "" }, Name, "is not a name"},
		"a digit first":               {func(p *Plan, _ *Offers) { p.Name = "1a" }, Name, "is not a name"},
		"a long name":                 {func(p *Plan, _ *Offers) { p.Name = strings.Repeat("a", 43) }, Name, "is not a name"},
		"the longest name":            {func(p *Plan, _ *Offers) { p.Name = strings.Repeat("a", 42) }, "", ""},
		"an unknown release":          {func(p *Plan, _ *Offers) { p.Release = "v1.33.4" }, Releases, "there is no release v1.33.4"},
		"an unknown one, unread":      {func(p *Plan, o *Offers) { p.Release = "v1.33.4"; o.Unread, o.Releases = []Part{Releases}, nil }, "", ""},
		"a release without an image":  {func(p *Plan, _ *Offers) { p.Release = "v1.34.2---vmware.1" }, Releases, "has no image yet"},
		"an incompatible release":     {func(p *Plan, _ *Offers) { p.Release, p.Class = "v1.35.0---vmware.1", "tanzukubernetescluster" }, Releases, "is not compatible"},
		"a deactivated release":       {func(p *Plan, _ *Offers) { p.Release = "v1.31.0---vmware.1" }, Releases, "is marked as deactivated"},
		"a release that is not ready": {func(p *Plan, _ *Offers) { p.Release = "v1.33.9---vmware.1" }, Releases, "is not ready"},
		"an unknown class":            {func(p *Plan, _ *Offers) { p.Class = "other" }, Classes, "there is no ClusterClass other"},
		"an unknown one, not read":    {func(p *Plan, o *Offers) { p.Class = "other"; o.Unread = []Part{Classes} }, "", ""},
		"a class for other versions": {func(p *Plan, _ *Offers) {
			p.Class = "builtin-generic-v3.10.0"
			p.Variables = []tkg.Variable{{Name: "ntp"}}
		}, Classes, "is for Kubernetes v1.34 to v1.35"},
		"a variable that is missing":   {func(p *Plan, _ *Offers) { p.Class, p.Release = "builtin-generic-v3.10.0", "v1.34.1---vmware.1" }, Classes, "wants the variable ntp"},
		"a variable that is not there": {func(p *Plan, _ *Offers) { p.Variables = []tkg.Variable{{Name: "npt"}} }, Classes, "has no variable npt"},
		"a variable that is":           {func(p *Plan, _ *Offers) { p.Variables = []tkg.Variable{{Name: "ntp"}} }, "", ""},
		"a variable twice":             {func(p *Plan, _ *Offers) { p.Variables = []tkg.Variable{{Name: "vmClass"}} }, Classes, "is set twice"},
		"two control planes":           {func(p *Plan, _ *Offers) { p.ControlPlane = 2 }, Size, "not 2"},
		"no control plane":             {func(p *Plan, _ *Offers) { p.ControlPlane = 0 }, Size, "not 0"},
		"a pool twice":                 {func(p *Plan, _ *Offers) { p.Pools = append(p.Pools, p.Pools[0]) }, Size, "two pools a"},
		"a pool's name":                {func(p *Plan, _ *Offers) { p.Pools[0].Name = "A" }, Size, "is not a name of a pool"},
		"a VM class that is not bound": {func(p *Plan, _ *Offers) { p.VMClass = "huge" }, VMs, "the VM class huge is not bound to the vSphere Namespace ns1"},
		"of a pool":                    {func(p *Plan, _ *Offers) { p.Pools[0].VMClass = "huge" }, VMs, "huge is not bound"},
		"that is not known":            {func(p *Plan, o *Offers) { p.VMClass = "huge"; o.Unread = []Part{VMs} }, "", ""},
		"a full storage class":         {func(p *Plan, _ *Offers) { p.StorageClass = "full" }, Storage, "nothing is left of the storage class full: 90Gi of 100Gi"},
		"one of others":                {func(p *Plan, _ *Offers) { p.StorageClass = "silver" }, Storage, "may not use the storage class silver"},
		"one of others for a pool":     {func(p *Plan, _ *Offers) { p.Pools[0].StorageClass = "silver" }, Storage, "silver"},
		"one without a limit":          {func(p *Plan, _ *Offers) { p.StorageClass = "free" }, "", ""},
		"a zone":                       {func(p *Plan, _ *Offers) { p.Pools[0].Zone = "zone-b" }, Zones, "has no zone zone-b"},
		"addresses that overlap":       {func(p *Plan, _ *Offers) { p.Services = "192.168.4.0/24" }, Network, "overlap"},
		"no block of addresses":        {func(p *Plan, _ *Offers) { p.Pods = "192.168.0.1/16" }, Network, "is not a block of addresses"},
		"a class is not for a TKC":     {func(p *Plan, _ *Offers) { p.Tanzu, p.Class = true, "" }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, o := planned(), offered()
			c.change(&p, &o)
			got := p.Check(o)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("%v", got)
			case c.want != "" && (len(got) != 1 || got[0].Part != c.part || !strings.Contains(got[0].Text, c.want)):
				t.Errorf("%v", got)
			}
		})
	}
}

// What is offered comes best first: what cannot be used is left out.
func TestOffers(t *testing.T) {
	o := offered()
	var names []string
	for _, r := range o.Usable() {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"v1.34.1---vmware.1", "v1.33.10---vmware.1", "v1.33.3---vmware.1"}, names); diff != "" {
		t.Error(diff)
	}
	for release, want := range map[string]string{
		"v1.33.3---vmware.1": "builtin-generic-v3.4.0 tanzukubernetescluster", "v1.34.1---vmware.1": "builtin-generic-v3.10.0 builtin-generic-v3.4.0 tanzukubernetescluster",
		"v1.30.0": "tanzukubernetescluster", "odd": "builtin-generic-v3.10.0 builtin-generic-v3.4.0 tanzukubernetescluster",
	} {
		var got []string
		for _, c := range o.ClassesFor(release) {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", release, got)
		}
	}
	if got := (Plan{}).Needed(); len(got) != 4 {
		t.Error(got)
	}
	if got := (Plan{Tanzu: true, Release: "r", VMClass: "v"}).Needed(); len(got) != 1 || got[0] != Storage {
		t.Error(got)
	}
}

// The object is the same in all versions, but for where they have the class.
func TestObject(t *testing.T) {
	p := planned()
	p.Pools = append(p.Pools, Pool{Name: "b", Replicas: 1, Zone: "zone-a", VMClass: "large", StorageClass: "gold"})
	p.Variables = []tkg.Variable{{Name: "ntp", Value: []any{"x"}}}
	const rest = `"version":"v1.33.3---vmware.1","workers":{"machineDeployments":[{"class":"workers","name":"a","replicas":2},` +
		`{"class":"workers","failureDomain":"zone-a","name":"b","replicas":1,"variables":{"overrides":[{"name":"vmClass","value":"large"}]}}]}}}}`
	const begins = `"kind":"Cluster","metadata":{"name":"web","namespace":"ns1"},"spec":{"clusterNetwork":{"pods":{"cidrBlocks":["192.168.0.0/16"]},"serviceDomain":"cluster.local","services":{"cidrBlocks":["10.96.0.0/12"]}},"topology":{`
	const variables = `"controlPlane":{"replicas":3},"variables":[{"name":"vmClass","value":"small"},{"name":"storageClass","value":"gold"},{"name":"ntp","value":["x"]}],`
	for version, class := range map[string]string{
		"v1beta1": `"class":"builtin-generic-v3.4.0","classNamespace":"vmware-system-vks-public",` + variables,
		"v1beta2": `"classRef":{"name":"builtin-generic-v3.4.0","namespace":"vmware-system-vks-public"},` + variables,
	} {
		text, err := json.Marshal(p.Object(version, offered()))
		if diff := cmp.Diff(`{"apiVersion":"cluster.x-k8s.io/`+version+`",`+begins+class+rest, string(text)); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	p.Class = "tanzukubernetescluster"
	for version, class := range map[string]string{"v1beta1": `{"class":"tanzukubernetescluster","controlPlane"`, "v1beta2": `"classRef":{"name":"tanzukubernetescluster"}`} {
		text, err := json.Marshal(p.Object(version, offered()))
		if !strings.Contains(string(text), class) || !strings.Contains(string(text), `"class":"node-pool","name":"a"`) || err != nil {
			t.Errorf("%s %v", text, err)
		}
	}
	p.Tanzu, p.Services = true, ""
	text, err := json.Marshal(p.Object("v1alpha3", offered()))
	const tanzu = `{"apiVersion":"run.tanzu.vmware.com/v1alpha3","kind":"TanzuKubernetesCluster","metadata":{"name":"web","namespace":"ns1"},"spec":{"settings":{"network":{"pods":{"cidrBlocks":["192.168.0.0/16"]}}},"topology":{` +
		`"controlPlane":{"replicas":3,"storageClass":"gold","tkr":{"reference":{"name":"v1.33.3---vmware.1"}},"vmClass":"small"},"nodePools":[` +
		`{"name":"a","replicas":2,"storageClass":"gold","tkr":{"reference":{"name":"v1.33.3---vmware.1"}},"vmClass":"small"},` +
		`{"failureDomain":"zone-a","name":"b","replicas":1,"storageClass":"gold","tkr":{"reference":{"name":"v1.33.3---vmware.1"}},"vmClass":"large"}]}}}`
	if diff := cmp.Diff(tanzu, string(text)); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestParsePool(t *testing.T) {
	for typed, want := range map[string]Pool{
		"a=3": {Name: "a", Replicas: 3}, "a=0": {Name: "a"},
		"a=3,zone=z,vm-class=large,storage-class=gold": {"a", 3, "z", "large", "gold"},
	} {
		if got, err := ParsePool(typed); got != want || err != nil {
			t.Errorf("%s: %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "a", "a=", "=3", "a=x", "a=-1", "a=5001", "a=3,zone", "a=3,zone=", "a=3,size=2"} {
		if got, err := ParsePool(typed); err == nil {
			t.Errorf("%q: %v", typed, got)
		}
	}
	for typed, want := range map[string]any{"a=b": "b", "a=": "", "a=3": 3.0, `a={"b":[1]}`: map[string]any{"b": []any{1.0}}, "a=x=y": "x=y"} {
		got, err := ParseVariable(typed)
		if diff := cmp.Diff(tkg.Variable{Name: "a", Value: want}, got); diff != "" || err != nil {
			t.Error(typed, diff, err)
		}
	}
	for _, typed := range []string{"", "a", "=b"} {
		if got, err := ParseVariable(typed); err == nil {
			t.Errorf("%q: %v", typed, got)
		}
	}
}
