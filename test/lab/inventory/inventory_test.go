package inventory

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Every file renders, and what one object names is there.
func TestObjects(t *testing.T) {
	class := Class{Namespace: "ns1", Name: "tanzukubernetescluster", Image: Current.Image}
	names := map[string]bool{}
	for _, objects := range []func() ([]*unstructured.Unstructured, error){
		Supervisor{VirtualIP: "127.77.1.11", Network: "NSX", ControlPlanes: 3, Zones: []string{"zone-a", "zone-b"}}.Objects,
		Namespace{Name: "ns1", Zones: []string{"zone-a"}, Class: &class}.Objects,
		Cluster{Namespace: "ns1", Name: "tkc1", Endpoint: "127.77.1.21", Number: 1, Class: class, CNI: "antrea", Zones: []string{"zone-a"}, Twin: true}.Objects,
		Cluster{Name: "tkc1", Zones: []string{"zone-a"}}.Nodes,
	} {
		all, err := objects()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			name := o.GetKind() + "/" + o.GetName()
			if names[name] {
				t.Errorf("%s twice", name)
			}
			names[name] = true
			for _, owner := range o.GetOwnerReferences() {
				if !names[owner.Kind+"/"+owner.Name] {
					t.Errorf("%s: its owner %s %s is not before it", name, owner.Kind, owner.Name)
				}
			}
		}
	}
	items := map[string]string{}
	for image := range Images() {
		items[image] = "id-of-" + image
	}
	live := Provision{Namespace: "ns4", Class: "c", VCenter: VCenter{Host: "127.77.1.1", Port: "1234", Cluster: "domain-c27", Pool: "resgroup-1", Folder: "group-v4", Items: items}}
	if all, err := live.Operator(); err != nil || len(all) != 5+len(items) {
		t.Errorf("%d %v", len(all), err)
	}
	if all, err := live.Objects(); err != nil || len(all) != 5 {
		t.Errorf("%d %v", len(all), err)
	}
	for _, r := range releases {
		if r.Image != "" && !names["ClusterVirtualMachineImage/"+r.Image] {
			t.Errorf("%s: no image", r.Name)
		}
	}
}

// A site has a release of each kind that a client must tell apart.
func TestReleases(t *testing.T) {
	if !slices.ContainsFunc(releases, func(r Release) bool { return r.Incompatible != "" }) {
		t.Error("none is incompatible")
	}
	if !slices.ContainsFunc(releases, func(r Release) bool { return r.Image == "" && r.Incompatible == "" }) {
		t.Error("none is without an image")
	}
}
