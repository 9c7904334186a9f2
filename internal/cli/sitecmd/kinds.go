package sitecmd

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// kind is what a list can show.
type kind struct {
	name    string
	aliases []string // kubectl's names and short names
	short   string   // what it lists, for the help
	sources []*source
	// rows makes the rows of what was read; nil: the columns are the server's own.
	rows func(*reading) []row
	// whole means that it is of the whole Supervisor: there is no column for namespaces.
	whole bool
	// local makes the rows without a request; nil: sources are read.
	local func(*site) []row
}

// row is one line of a list.
type row struct {
	server, namespace, name string
	resource, kind          string // as kubectl spells it; as objects spell it
	columns                 []kubeapi.Column
	cells                   []string // one for each column
}

// key is the same for a thing in all readings.
func (r row) key() string {
	return strings.Join([]string{r.server, r.namespace, r.resource, r.name}, "\x00")
}

// cell returns the cell below a heading, in any case.
func (r row) cell(heading string) string {
	for i, c := range r.columns {
		if strings.EqualFold(c.Name, heading) {
			return r.cells[i]
		}
	}
	return ""
}

// columnsOf makes columns. The headings after "" are shown only with -o wide.
func columnsOf(headings ...string) (all []kubeapi.Column) {
	wide := false
	for _, h := range headings {
		if h == "" {
			wide = true
			continue
		}
		all = append(all, kubeapi.Column{Name: h, Wide: wide})
	}
	return all
}

// row returns a row about an item.
func (i item) row(columns []kubeapi.Column, cells ...string) row {
	return row{
		server: i.place.key.Server, namespace: i.Metadata.Namespace, name: i.Metadata.Name, resource: i.source.resource.String(), kind: i.source.resource.Kind,
		columns: columns, cells: cells,
	}
}

// served returns rows with the server's own columns.
func served(r *reading) (all []row) {
	for _, i := range r.items {
		all = append(all, i.row(i.Columns, i.Cells...))
	}
	return all
}

const (
	groupCAPI     = "cluster.x-k8s.io"
	groupTanzu    = "run.tanzu.vmware.com"
	groupVKS      = "kubernetes.vmware.com"
	groupVM       = "vmoperator.vmware.com"
	groupLibrary  = "imageregistry.vmware.com"
	groupTopology = "topology.tanzu.vmware.com"
	groupStorage  = "cns.vmware.com"
	groupNetwork  = "netoperator.vmware.com"
	groupNSX      = "crd.nsx.vmware.com"
)

// kinds are what list knows, in the order of the help.
func kinds() []*kind {
	return []*kind{
		siteKind(), namespaceKind(), clusterKind(), releaseKind(),
		{
			name: "classes", aliases: []string{"class", "vmclass", "vmclasses", "virtualmachineclass", "virtualmachineclasses"},
			short: "sizes of virtual machines (VM classes)",
			sources: []*source{
				{resource: kubeapi.Resource{Group: groupVM, Plural: "virtualmachineclasses", Kind: "VirtualMachineClass"}},
				{resource: kubeapi.Resource{Group: groupVM, Plural: "virtualmachineclassbindings", Kind: "VirtualMachineClassBinding"}}, // In vSphere 7.
			},
		}, {
			name: "images", aliases: []string{"image", "vmi", "vmimage", "cvmi", "virtualmachineimage", "virtualmachineimages", "clustervirtualmachineimages"},
			short: "images of virtual machines",
			sources: []*source{
				{resource: kubeapi.Resource{Group: groupVM, Plural: "virtualmachineimages", Kind: "VirtualMachineImage"}},
				{resource: kubeapi.Resource{Group: groupVM, Plural: "clustervirtualmachineimages", Kind: "ClusterVirtualMachineImage"}, cluster: true},
			},
		},
		storageKind(),
		{
			name: "zones", aliases: []string{"zone", "az", "availabilityzone", "availabilityzones"}, short: "vSphere Zones",
			sources: []*source{
				{resource: kubeapi.Resource{Group: groupTopology, Plural: "zones", Kind: "Zone"}},
				{resource: kubeapi.Resource{Group: groupTopology, Plural: "availabilityzones", Kind: "AvailabilityZone"}, cluster: true},
			},
		}, {
			name: "vms", aliases: []string{"vm", "virtualmachine", "virtualmachines"}, short: "virtual machines, also those of clusters",
			sources: []*source{{resource: virtualMachine}},
		},
		serviceKind(),
		{
			name: "libraries", aliases: []string{"library", "lib", "clib", "cclib", "contentlibrary", "contentlibraries", "clustercontentlibraries"},
			short: "content libraries",
			sources: []*source{
				{resource: kubeapi.Resource{Group: groupLibrary, Plural: "contentlibraries", Kind: "ContentLibrary"}},
				{resource: kubeapi.Resource{Group: groupLibrary, Plural: "clustercontentlibraries", Kind: "ClusterContentLibrary"}, cluster: true},
			},
		}, {
			name: "networks", aliases: []string{"network", "net", "subnet", "subnets", "subnetsets", "networkinterfaces"},
			short: "networks, of NSX and of distributed switches",
			sources: []*source{
				{resource: kubeapi.Resource{Group: groupNetwork, Plural: "networks", Kind: "Network"}},
				{resource: kubeapi.Resource{Group: groupNetwork, Plural: "networkinterfaces", Kind: "NetworkInterface"}},
				{resource: kubeapi.Resource{Group: groupNetwork, Plural: "ippools", Kind: "IPPool"}},
				{resource: kubeapi.Resource{Group: groupNSX, Plural: "subnets", Kind: "Subnet"}},
				{resource: kubeapi.Resource{Group: groupNSX, Plural: "subnetsets", Kind: "SubnetSet"}},
				{resource: kubeapi.Resource{Group: groupNSX, Plural: "networkinfos", Kind: "NetworkInfo"}},
			},
		},
	}
}

var virtualMachine = kubeapi.Resource{Group: groupVM, Plural: "virtualmachines", Kind: "VirtualMachine"}

// names are all names of a kind.
func (k *kind) names() []string { return append([]string{k.name}, k.aliases...) }

// findKind returns the kind of a name, or nil.
func findKind(name string) *kind {
	all := kinds()
	i := slices.IndexFunc(all, func(k *kind) bool {
		return slices.ContainsFunc(k.names(), func(n string) bool { return strings.EqualFold(n, name) })
	})
	if i < 0 {
		return nil
	}
	return all[i]
}
