package up

import (
	"net/http"
	"strings"
	"testing"
)

const (
	vms     = "/apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"
	newVM   = `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachine","metadata":{"name":"new"},"spec":{"className":"best-effort-small","storageClass":"wcpglobal"}}`
	secrets = "/api/v1/namespaces/ns1/secrets/"
	roles   = "/apis/rbac.authorization.k8s.io/v1/namespaces/ns1/roles"
	newRole = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"new"}}`
)

// What each role may (supervisor-objects.md, section 3). Nothing is created.
func TestRoles(t *testing.T) {
	people := map[string]person{
		"view": newPerson(t, "view"), "edit": newPerson(t, "edit"), "owner": newPerson(t, "owner"),
		"administrator": login(t, 0, "administrator@vsphere.local", "Admin!23"),
	}
	for _, c := range []struct{ what, path, body, may string }{
		{what: "list machines", path: vms, may: "view edit owner administrator"},
		{what: "make a machine", path: vms, body: newVM, may: "edit owner administrator"},
		{what: "list requests for consoles", path: "/apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachinewebconsolerequests", may: "view edit owner administrator"},
		{what: "read a kubeconfig", path: secrets + "tkc1-kubeconfig", may: "edit owner administrator"},
		{what: "read a key of nodes", path: secrets + "tkc1-ssh", may: "edit owner administrator"},
		{what: "read a password of nodes", path: secrets + "tkc1-ssh-password", may: "edit owner administrator"},
		{what: "read quotas", path: "/api/v1/namespaces/ns1/resourcequotas", may: "view edit owner administrator"},
		{what: "give roles", path: roles, body: newRole, may: "owner"},
		{what: "list images of all", path: "/apis/vmoperator.vmware.com/v1alpha3/clustervirtualmachineimages", may: "view edit owner administrator"},
		{what: "list releases", path: "/apis/run.tanzu.vmware.com/v1alpha3/tanzukubernetesreleases", may: "view edit owner administrator"},
		{what: "list machines everywhere", path: "/apis/vmoperator.vmware.com/v1alpha3/virtualmachines", may: "administrator"},
		{what: "list namespaces", path: "/api/v1/namespaces", may: "administrator"},
		{what: "read the site", path: "/apis/appplatform.vmware.com/v1alpha1/namespaces/vmware-system-supervisor-services/supervisorproperties/supervisor-env-props", may: "administrator"},
		{what: "list storage classes", path: "/apis/storage.k8s.io/v1/storageclasses", may: "administrator"},
		{what: "list zones", path: "/apis/topology.tanzu.vmware.com/v1alpha1/availabilityzones", may: "administrator"},
		{what: "read another namespace", path: "/apis/vmoperator.vmware.com/v1alpha3/namespaces/ns2/virtualmachines", may: "administrator"},
		{what: "read leases", path: "/apis/coordination.k8s.io/v1/leases"},
		{what: "read secrets of the site", path: "/api/v1/namespaces/kube-system/secrets"},
	} {
		for role, p := range people {
			method, path := http.MethodGet, c.path
			if c.body != "" {
				method, path = http.MethodPost, path+"?dryRun=All"
			}
			status, reply := p.do(t, method, path, c.body)
			want := " " + c.may + " "
			if may := strings.Contains(want, " "+role+" "); may != (status < 300) || !may && status != http.StatusForbidden {
				t.Errorf("%s: %s: %d %s", role, c.what, status, reply)
			}
		}
	}
}
