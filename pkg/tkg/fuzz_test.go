package tkg

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// FuzzObject reads an object of any kind with every reader. Servers of other versions send what nobody expects.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		readdressed, infra, balancer, service, `{"metadata":{"name":"a"},"spec":{"limit":1e300},"status":{"total":[{"storageClassName":"x","scQuotaUsage":{"used":-1}}],"conditions":[{"type":"UpdatesAvailable","status":"True","message":"[a+b]"}]}}`,
		`{"metadata":{"name":"a"},"spec":{"hard":{"x.storageclass.storage.k8s.io/requests.storage":"9999999999999999999E"}},"status":{"used":{}}}`,
	} {
		f.Add(seed)
	}
	resources := []kubeapi.Resource{ClusterResource, TanzuClusterResource, VKSReleaseResource, MachineResource, VMResource, ServiceResource, EventResource, PolicyQuotaResource, QuotaResource}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range resources {
			o, err := parse(r, text)
			if err != nil {
				continue
			}
			facts := ClusterFactsOf(o).OrElse(TanzuClusterFactsOf(o))
			if facts.State == "" {
				t.Errorf("no state: %+v", facts)
			}
			facts.Count()
			ReleaseFactsOf(o)
			SystemOf(o)
			MachineOf(o).Address()
			VMOf(o).Address()
			BootstrapOf(o)
			EventFactsOf(o)
			PressureOf(o)
			s := ServiceFactsOf(o)
			HasLabels(o.Metadata.Labels, s.Selector)
			for _, all := range []map[string]Usage{PolicyUsageOf(o), QuotaUsageOf(o)} {
				for class, u := range all {
					if len(u.Left()) > 2*maxQuantity+10 {
						t.Errorf("%q: %q is left of %+v", class, u.Left(), u)
					}
				}
			}
			parts := EndpointParts{Cluster: o, Infra: []kubeapi.Object{o}, Balancers: []kubeapi.Object{o}, Services: []kubeapi.Object{o}}
			_ = parts.Readdressed("10.0.0.1")
		}
	})
}
