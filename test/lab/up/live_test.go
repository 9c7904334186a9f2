package up

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

func resource(group, version, plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: version, Resource: plural}
}

// conditions returns the statuses of an object's conditions below path.
func conditions(o *unstructured.Unstructured, path ...string) map[string]string {
	list, _, _ := unstructured.NestedSlice(o.Object, path...)
	out := map[string]string{}
	for _, c := range list {
		if c, ok := c.(map[string]any); ok {
			out[fmt.Sprint(c["type"])] = fmt.Sprint(c["status"])
		}
	}
	return out
}

// Cluster API sees that the clusters are complete, says so in both versions, and has a connection to them.
func TestClustersAreAvailable(t *testing.T) {
	for _, sup := range site.Supervisors {
		_, client := administrator(t, sup.AdminKubeconfig)
		cluster := sup.Clusters[0]
		get := func(version string) *unstructured.Unstructured {
			o, err := client.Resource(resource("cluster.x-k8s.io", version, "clusters")).Namespace(cluster.Namespace).Get(t.Context(), cluster.Name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		eventually(t, func() string {
			o := get("v1beta2")
			got := conditions(o, "status", "conditions")
			for _, want := range []string{"Available", "RemoteConnectionProbe", "InfrastructureReady", "ControlPlaneAvailable", "ControlPlaneInitialized", "WorkersAvailable", "TopologyReconciled"} {
				if got[want] != "True" {
					return fmt.Sprintf("%s: %v %v", cluster.Name, got, o.Object["status"])
				}
			}
			if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase != "Provisioned" {
				return phase
			}
			return ""
		})
		old := get("v1beta1")
		if got := conditions(old, "status", "conditions"); got["Ready"] != "True" || got["InfrastructureReady"] != "True" {
			t.Errorf("v1beta1: %v", got)
		}
		if class, _, _ := unstructured.NestedString(old.Object, "spec", "topology", "class"); class == "" {
			t.Errorf("v1beta1 has no class: %v", old.Object["spec"])
		}
	}
}

// Each machine is a node of its cluster.
func TestMachinesAreNodes(t *testing.T) {
	for _, sup := range site.Supervisors {
		_, client := administrator(t, sup.AdminKubeconfig)
		_, guest := administrator(t, sup.Clusters[0].AdminKubeconfig)
		nodes, err := guest.Resource(resource("", "v1", "nodes")).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(nodes.Items) != 3 {
			t.Fatal(nodes, err)
		}
		eventually(t, func() string {
			machines, err := client.Resource(resource("cluster.x-k8s.io", "v1beta2", "machines")).Namespace(sup.Clusters[0].Namespace).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				return err.Error()
			}
			for _, m := range machines.Items {
				node, _, _ := unstructured.NestedString(m.Object, "status", "nodeRef", "name")
				if phase, _, _ := unstructured.NestedString(m.Object, "status", "phase"); node != m.GetName() || phase != "Running" {
					return fmt.Sprintf("%s: %s, node %q", m.GetName(), phase, node)
				}
			}
			return ""
		})
	}
}

// All objects can be read in all versions that are served.
func TestAllVersions(t *testing.T) {
	for _, sup := range site.Supervisors {
		config, client := administrator(t, sup.AdminKubeconfig)
		d, err := discovery.NewDiscoveryClientForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		_, lists, err := d.ServerGroupsAndResources()
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, list := range lists {
			gv, err := schema.ParseGroupVersion(list.GroupVersion)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(gv.Group, ".vmware.com") && !strings.HasSuffix(gv.Group, "cluster.x-k8s.io") {
				continue
			}
			for _, r := range list.APIResources {
				if !slices.Contains(r.Verbs, "list") {
					continue
				}
				seen++
				if _, err := client.Resource(gv.WithResource(r.Name)).List(t.Context(), metav1.ListOptions{}); err != nil {
					t.Errorf("%s %s: %v", gv, r.Name, err)
				}
			}
		}
		if seen < 50 {
			t.Errorf("only %d kinds", seen)
		}
	}
}

// The API server warns of versions that are not converted, and of no other.
func TestVersionsThatAreNotConverted(t *testing.T) {
	config, _ := administrator(t, site.Supervisors[0].AdminKubeconfig)
	var said warnings
	config.WarningHandler = &said
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]bool{"v1alpha1": true, "v1alpha2": true, "v1alpha3": false} {
		said = nil
		if _, err := client.Resource(resource("vmoperator.vmware.com", version, "virtualmachines")).Namespace("ns1").List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(said, "\n"), "does not convert "+version); got != want {
			t.Errorf("%s: %q", version, said)
		}
	}
}

// warnings are what API servers warn of.
type warnings []string

func (w *warnings) HandleWarningHeader(_ int, _, text string) { *w = append(*w, text) }

// A namespace ends, with all that is in it.
func TestNamespaceEnds(t *testing.T) {
	for _, kubeconfig := range []string{site.Supervisors[0].AdminKubeconfig, site.Supervisors[0].Clusters[0].AdminKubeconfig} {
		_, client := administrator(t, kubeconfig)
		namespaces := client.Resource(resource("", "v1", "namespaces"))
		ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "ends"}}}
		if _, err := namespaces.Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		accounts := client.Resource(resource("", "v1", "serviceaccounts")).Namespace("ends")
		eventually(t, func() string {
			if _, err := accounts.Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
				return err.Error()
			}
			return ""
		})
		if err := namespaces.Delete(t.Context(), "ends", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() string {
			if _, err := namespaces.Get(t.Context(), "ends", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				return fmt.Sprintf("it is still there: %v", err)
			}
			return ""
		})
	}
}

// The roles that Kubernetes collects from others are full, and quotas count.
func TestRolesFillAndQuotasCount(t *testing.T) {
	_, client := administrator(t, site.Supervisors[0].AdminKubeconfig)
	eventually(t, func() string {
		role, err := client.Resource(resource("rbac.authorization.k8s.io", "v1", "clusterroles")).Get(t.Context(), "view", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		if rules, _, _ := unstructured.NestedSlice(role.Object, "rules"); len(rules) == 0 {
			return "the role view is empty"
		}
		quota, err := client.Resource(resource("", "v1", "resourcequotas")).Namespace("ns1").Get(t.Context(), "ns1-storagequota", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		if used, _, _ := unstructured.NestedMap(quota.Object, "status", "used"); len(used) == 0 {
			return "nothing counts the quota"
		}
		return ""
	})
}

// A cluster of the admin API comes and goes, and comes again under its name: also one that is paused, and one without an address.
func TestClustersOfTheAdminAPI(t *testing.T) {
	_, client := administrator(t, site.Supervisors[0].AdminKubeconfig)
	clusters := client.Resource(resource("cluster.x-k8s.io", "v1beta2", "clusters")).Namespace("ns2")
	for phase, spec := range map[string]map[string]any{
		"Provisioned": {"namespace": "ns2", "name": "comes", "endpoint": "fake", "twin": true}, "Provisioning": {"namespace": "ns2", "name": "waits"},
		"": {"namespace": "ns2", "name": "paused", "endpoint": "fake", "paused": true},
	} {
		name := spec["name"].(string)
		for range 2 {
			call(t, http.MethodPost, "clusters", spec)
			eventually(t, func() string {
				o, err := clusters.Get(t.Context(), name, metav1.GetOptions{})
				if err != nil {
					return err.Error()
				}
				if got, _, _ := unstructured.NestedString(o.Object, "status", "phase"); got != phase {
					return fmt.Sprintf("%s: %q and not %q", name, got, phase)
				}
				return ""
			})
			call(t, http.MethodDelete, "clusters", map[string]any{"namespace": "ns2", "name": name})
			if _, err := clusters.Get(t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
