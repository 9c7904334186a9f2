package inventory

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Supervisor is what stands once on a Supervisor.
type Supervisor struct {
	VirtualIP     string
	Network       string // NSX, nsx-vpc or vsphere-network
	ControlPlanes int    // how many addresses its API has, beside the virtual one
	Zones         []string
	SharedClass   *Class // for all namespaces, since VKS 3.4
}

// Class is a ClusterClass.
type Class struct {
	Namespace, Name string
	Labels          map[string]string
	Image           string
}

// StorageClass is a storage policy of vCenter.
type StorageClass struct{ Name, Policy, Limit, Used string }

// The storage policies of a site. The limits are a namespace's.
var storageClasses = []StorageClass{
	{Name: "wcpglobal", Policy: "aa6d5a82-1c88-45da-85d3-3d74b91a5bad", Limit: "1Ti", Used: "60Gi"},
	{Name: "vsan-gold", Policy: "7d1a2c1e-93c0-4a1f-9d5e-2f9b4f5c1a77", Limit: "100Gi", Used: "0"},
}

// systemNamespaces are those of the operators and of a Supervisor Service.
var systemNamespaces = []string{
	"vmware-system-supervisor-services", "vmware-system-vks-public", "vmware-system-vmop", "vmware-system-capw", "svc-tkg-domain-c8",
}

// Objects are all of it.
func (s Supervisor) Objects() ([]*unstructured.Unstructured, error) {
	return render("supervisor.yaml", struct {
		Supervisor
		Stretched      bool
		Namespaces     []string
		StorageClasses []StorageClass
		Releases       []Release
		Now            string
	}{s, len(s.Zones) > 1, systemNamespaces, storageClasses, releases, now()})
}
