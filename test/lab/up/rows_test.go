package up

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// table is what the server shows of objects.
type table struct {
	ColumnDefinitions []struct {
		Name     string
		Priority int
	}
	Rows []struct {
		Cells  []any
		Object struct {
			Metadata struct{ Namespace, Name string }
		}
	}
}

// rows returns what a person sees of a kind, and fails where the API refuses it.
func (p person) rows(t *testing.T, path string) table {
	t.Helper()
	status, reply := p.do(t, http.MethodGet, path, "")
	var got table
	if err := json.Unmarshal(reply, &got); status != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %v %s", path, status, err, reply)
	}
	return got
}

// kinds are what a site holds, with the rows of the first Supervisor's ns1, and the columns that may be empty in some of them.
var kinds = []struct {
	group, plural string
	cluster       bool // not in a namespace
	names         []string
	empty         string // with hyphens for blanks
}{
	{group: "cluster.x-k8s.io/v1beta2", plural: "clusters", names: []string{"tkc1"}, empty: "Paused"},
	{group: "cluster.x-k8s.io/v1beta1", plural: "clusters", names: []string{"tkc1"}},
	{group: "cluster.x-k8s.io/v1beta2", plural: "clusterclasses", names: []string{"tanzukubernetescluster"}},
	{group: "cluster.x-k8s.io/v1beta2", plural: "machines", names: []string{"tkc1-control-plane-x7k2p", "tkc1-node-pool-1-7f6d8-4mzqc", "tkc1-node-pool-1-7f6d8-r9w5t"}, empty: "Failure-domain"},
	{group: "cluster.x-k8s.io/v1beta2", plural: "machinedeployments", names: []string{"tkc1-node-pool-1"}},
	{group: "controlplane.cluster.x-k8s.io/v1beta2", plural: "kubeadmcontrolplanes", names: []string{"tkc1-control-plane"}},
	{group: "vmware.infrastructure.cluster.x-k8s.io/v1beta1", plural: "vsphereclusters", names: []string{"tkc1-infra"}},
	{group: "run.tanzu.vmware.com/v1alpha2", plural: "tanzukubernetesclusters", names: []string{"tkc1"}},
	{group: "run.tanzu.vmware.com/v1alpha3", plural: "tanzukubernetesclusters", names: []string{"tkc1"}},
	{group: "run.tanzu.vmware.com/v1alpha3", plural: "clusterbootstraps", names: []string{"tkc1"}},
	{group: "run.tanzu.vmware.com/v1alpha3", plural: "tanzukubernetesreleases", cluster: true, names: releases},
	{group: "run.tanzu.vmware.com/v1alpha3", plural: "osimages", cluster: true, names: osImages},
	{group: "vmoperator.vmware.com/v1alpha3", plural: "virtualmachines", names: []string{
		"tkc1-control-plane-x7k2p", "tkc1-node-pool-1-7f6d8-4mzqc", "tkc1-node-pool-1-7f6d8-r9w5t", "web-1", "web-2", "web-3",
	}, empty: "Power-State Primary-IP4"},
	{group: "vmoperator.vmware.com/v1alpha3", plural: "virtualmachineclasses", names: []string{"best-effort-medium", "best-effort-small", "best-effort-xsmall", "guaranteed-large"}, empty: "Capabilities"},
	{group: "vmoperator.vmware.com/v1alpha3", plural: "virtualmachineimages", names: []string{"vmi-0a1b2c3d4e5f60718", "vmi-5c6d7e8f901a2b3c4"}, empty: "Capabilities"},
	{group: "vmoperator.vmware.com/v1alpha3", plural: "virtualmachineservices", names: []string{"tkc1-control-plane-service", "tkc1-hello", "tkc1-pending"}},
	{group: "vmoperator.vmware.com/v1alpha3", plural: "clustervirtualmachineimages", cluster: true, names: clusterImages},
	{group: "imageregistry.vmware.com/v1alpha1", plural: "contentlibraries", names: []string{"cl-8f5e2c6ab1d94e07c"}},
	{group: "imageregistry.vmware.com/v1alpha1", plural: "contentlibraryitems", names: []string{"clitem-0a1b2c3d4e5f60718", "clitem-5c6d7e8f901a2b3c4"}, empty: "Ready"},
	{group: "topology.tanzu.vmware.com/v1alpha1", plural: "zones", names: []string{"domain-c8"}},
	{group: "cns.vmware.com/v1alpha2", plural: "storagepolicyquotas", names: []string{"vsan-gold-storagepolicyquota", "wcpglobal-storagepolicyquota"}},
}

var (
	releases = []string{
		"v1.32.7---vmware.2-fips-vkr.1", "v1.33.3---vmware.1-fips-vkr.1", "v1.33.6---vmware.1-fips-vkr.2", "v1.34.1---vmware.1-fips-vkr.4",
		"v1.34.2---vmware.1-fips-vkr.1", "v1.35.0---vmware.1-fips-vkr.1",
	}
	osImages = []string{
		"v1.32.7---vmware.2-fips-vkr.1-ubuntu-22.04", "v1.33.3---vmware.1-fips-vkr.1-ubuntu-22.04", "v1.33.6---vmware.1-fips-vkr.2-ubuntu-22.04",
		"v1.34.1---vmware.1-fips-vkr.4-ubuntu-22.04", "v1.35.0---vmware.1-fips-vkr.1-ubuntu-22.04",
	}
	clusterImages = []string{"vmi-2f1b7cc0a91d5e6b3", "vmi-70c3f5d2be4a8916c", "vmi-93d8a1e64c7f2b05d", "vmi-b5e2c9f07a1d8364e", "vmi-eb9aa754cd564981a"}
)

// Whoever has a role in a namespace sees every kind there, and no column is empty that has a value on a real site.
func TestRows(t *testing.T) {
	for _, role := range []string{"view", "edit", "owner"} {
		p := newPerson(t, role)
		for _, k := range kinds {
			t.Run(role+" "+k.group+" "+k.plural, func(t *testing.T) {
				path := "/apis/" + k.group + "/namespaces/ns1/" + k.plural
				if k.cluster {
					path = "/apis/" + k.group + "/" + k.plural
				}
				eventually(t, func() string { return missing(p.rows(t, path), k.names, strings.Fields(k.empty)) })
			})
		}
	}
}

// missing says what of the names and columns is not there.
func missing(got table, names, mayBeEmpty []string) string {
	var found []string
	for _, row := range got.Rows {
		found = append(found, row.Object.Metadata.Name)
		for i, cell := range row.Cells {
			column := got.ColumnDefinitions[i]
			if (cell == nil || cell == "" || cell == "<none>" || cell == "<unknown>") && column.Priority == 0 && !slices.Contains(mayBeEmpty, strings.ReplaceAll(column.Name, " ", "-")) {
				return fmt.Sprintf("%s: %s is empty", row.Object.Metadata.Name, column.Name)
			}
		}
	}
	if strings.Join(found, " ") != strings.Join(names, " ") {
		return fmt.Sprintf("%q\nand not %q", found, names)
	}
	return ""
}

// An administrator of the SSO domain sees the kinds of all namespaces at once.
func TestAdministratorsSeeAllNamespaces(t *testing.T) {
	p := login(t, 0, "administrator@vsphere.local", "Admin!23")
	for _, k := range kinds {
		want := map[bool]string{true: "", false: "ns1"}[k.cluster]
		found := false
		for _, row := range p.rows(t, "/apis/"+k.group+"/"+k.plural).Rows {
			found = found || row.Object.Metadata.Namespace == want
		}
		if !found {
			t.Errorf("%s %s: nothing in %q", k.group, k.plural, want)
		}
	}
}

// The second Supervisor is stretched over three zones, and its cluster has a class of another namespace.
func TestStretched(t *testing.T) {
	p := login(t, 1, "administrator@vsphere.local", "Admin!23")
	if problem := missing(p.rows(t, "/apis/topology.tanzu.vmware.com/v1alpha1/namespaces/ns3/zones"), []string{"zone-a", "zone-b", "zone-c"}, nil); problem != "" {
		t.Error(problem)
	}
	eventually(t, func() string {
		return missing(p.rows(t, "/apis/cluster.x-k8s.io/v1beta2/namespaces/ns3/clusters"), []string{"tkc2"}, []string{"Paused"})
	})
	if problem := missing(p.rows(t, "/apis/cluster.x-k8s.io/v1beta2/namespaces/vmware-system-vks-public/clusterclasses"), []string{"builtin-generic-v3.4.0"}, nil); problem != "" {
		t.Error(problem)
	}
}

// It answers at the addresses of its control planes as at its virtual one.
func TestControlPlaneAddresses(t *testing.T) {
	sup := site.Supervisors[1]
	if len(sup.Addresses) != 3 {
		t.Fatalf("%q", sup.Addresses)
	}
	for _, address := range sup.Addresses {
		p := loginAt(t, address, sup.CA, "administrator@vsphere.local", "Admin!23")
		if status, reply := p.do(t, http.MethodGet, "/apis/cluster.x-k8s.io/v1beta2/namespaces/ns3/clusters", ""); status != http.StatusOK {
			t.Errorf("%s: %d %s", address, status, reply)
		}
	}
}
