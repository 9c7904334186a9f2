package up

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// manifest is a Cluster as one writes it in v1beta2.
const manifest = `
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: made}
spec:
  clusterNetwork: {services: {cidrBlocks: [10.96.0.0/16]}, pods: {cidrBlocks: [192.168.0.0/16]}, serviceDomain: cluster.local}
  topology:
    classRef: {name: CLASS}
    version: RELEASE
    controlPlane: {replicas: 3}
    workers: {machineDeployments: [{class: node-pool, name: node-pool-1, replicas: 1}]}
    variables: [{name: vmClass, value: VMCLASS}, {name: storageClass, value: STORAGECLASS}]
`

// provisioned returns a cluster that the controllers have made, when it is available.
func provisioned(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	_, client := administrator(t, site.Supervisors[0].AdminKubeconfig)
	p := site.Provision
	text := strings.NewReplacer("VMCLASS", p.VMClass, "STORAGECLASS", p.StorageClass, "CLASS", p.Class, "RELEASE", p.Release).Replace(manifest)
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	clusters := client.Resource(resource("cluster.x-k8s.io", "v1beta2", "clusters")).Namespace(p.Namespace)
	if _, err := clusters.Create(t.Context(), o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	eventually(t, func() string {
		made, err := clusters.Get(t.Context(), "made", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		o = made
		got := conditions(made, "status", "conditions")
		if got["Available"] != "True" {
			return fmt.Sprint(made.Object["status"])
		}
		return ""
	})
	return o
}

// Three machines of a control plane and a worker are nodes of the cluster. It says of itself what a Supervisor's clusters say.
func TestProvisionedCluster(t *testing.T) {
	o := provisioned(t)
	_, client := administrator(t, site.Supervisors[0].AdminKubeconfig)
	in := func(group, version, plural string) []unstructured.Unstructured {
		list, err := client.Resource(resource(group, version, plural)).Namespace(site.Provision.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "cluster.x-k8s.io/cluster-name=made"})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	if got := conditions(o, "status", "conditions"); got["UpdatesAvailable"] != "True" {
		t.Errorf("%v", got)
	}
	if release := o.GetLabels()["run.tanzu.vmware.com/tkr"]; !strings.HasPrefix(release, "v1.33.3---") {
		t.Errorf("release %q", release)
	}
	eventually(t, func() string { // It is available with the first machine of its control plane.
		machines := in("cluster.x-k8s.io", "v1beta2", "machines")
		if len(machines) != 4 {
			return fmt.Sprintf("%d machines", len(machines))
		}
		for _, m := range machines {
			if phase, _, _ := unstructured.NestedString(m.Object, "status", "phase"); phase != "Running" {
				return fmt.Sprintf("%s: %s", m.GetName(), phase)
			}
		}
		return ""
	})
	for _, vm := range in("vmoperator.vmware.com", "v1alpha3", "virtualmachines") {
		if ip, _, _ := unstructured.NestedString(vm.Object, "status", "network", "primaryIP4"); ip == "" {
			t.Errorf("%s has no address", vm.GetName())
		}
	}
}
