// Package sitecmd shows what the Supervisors of the user's sessions hold (list), and chooses a context (use).
package sitecmd

import (
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// kind is what a list can show.
type kind struct {
	name    string
	aliases []string // kubectl's names and short names
	short   string   // what it lists, for the help
	sources []*survey.Source
	// rows makes the rows of what was read; nil: the columns are the server's own.
	rows func(*survey.Reading) []row
	// columns are those of all rows; nil: the server names some of them.
	columns []kubeapi.Column
	// whole means that it is of the whole Supervisor: there is no column for namespaces.
	whole bool
	// together means that a row joins what is in several namespaces: nothing is shown before all is there.
	together bool
	// mixed means that objects of different kinds are listed: there is a column for the kind.
	mixed bool
	// local makes the rows without a request; nil: sources are read.
	local func(*survey.Site) []row
	// title is the heading of the names; empty: NAME.
	title string
}

// row is one line of a list.
type row struct {
	server, namespace, name string
	resource, kind          string // as kubectl spells it; as objects spell it
	columns                 []kubeapi.Column
	cells                   []string          // one for each column
	brief                   map[string]string // cells of a table without -o wide, by heading, that are long else
	created                 time.Time
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

// rowOf returns a row about an item.
func rowOf(i survey.Item, columns []kubeapi.Column, cells ...string) row {
	return row{
		server: i.Place.Key.Server, namespace: i.Metadata.Namespace, name: i.Metadata.Name, resource: i.Source.Resource.String(), kind: i.Source.Resource.Kind,
		columns: columns, cells: cells, created: i.Metadata.Created,
	}
}

// served returns rows with the server's own columns.
func served(r *survey.Reading) (all []row) {
	for _, i := range r.Items {
		all = append(all, rowOf(i, i.Columns, i.Cells...))
	}
	return all
}

// kinds are what list knows, in the order of the help.
func kinds() []*kind {
	return []*kind{
		siteKind(), namespaceKind(), clusterKind(), releaseKind(),
		{
			name: "classes", aliases: []string{"class", "vmclass", "vmclasses", "virtualmachineclass", "virtualmachineclasses"},
			short: "sizes of virtual machines (VM classes)",
			sources: []*survey.Source{
				{Resource: kubeapi.Resource{Group: tkg.GroupVM, Plural: "virtualmachineclasses", Kind: "VirtualMachineClass"}},
				{Resource: kubeapi.Resource{Group: tkg.GroupVM, Plural: "virtualmachineclassbindings", Kind: "VirtualMachineClassBinding"}}, // In vSphere 7.
			},
		}, {
			name: "images", aliases: []string{"image", "vmi", "vmimage", "cvmi", "virtualmachineimage", "virtualmachineimages", "clustervirtualmachineimages"},
			short: "images of virtual machines", mixed: true,
			sources: []*survey.Source{
				{Resource: kubeapi.Resource{Group: tkg.GroupVM, Plural: "virtualmachineimages", Kind: "VirtualMachineImage"}},
				{Resource: kubeapi.Resource{Group: tkg.GroupVM, Plural: "clustervirtualmachineimages", Kind: "ClusterVirtualMachineImage"}, Cluster: true},
			},
		},
		storageKind(),
		{
			name: "zones", aliases: []string{"zone", "az", "availabilityzone", "availabilityzones"}, short: "vSphere Zones",
			sources: []*survey.Source{
				{Resource: kubeapi.Resource{Group: tkg.GroupTopology, Plural: "zones", Kind: "Zone"}},
				{Resource: kubeapi.Resource{Group: tkg.GroupTopology, Plural: "availabilityzones", Kind: "AvailabilityZone"}, Cluster: true},
			},
		},
		vmKind(), serviceKind(),
		{
			name: "libraries", aliases: []string{"library", "lib", "clib", "cclib", "contentlibrary", "contentlibraries", "clustercontentlibraries"},
			short: "content libraries", mixed: true,
			sources: []*survey.Source{
				{Resource: kubeapi.Resource{Group: tkg.GroupLibrary, Plural: "contentlibraries", Kind: "ContentLibrary"}},
				{Resource: kubeapi.Resource{Group: tkg.GroupLibrary, Plural: "clustercontentlibraries", Kind: "ClusterContentLibrary"}, Cluster: true},
			},
		},
		networkKind(),
	}
}

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
