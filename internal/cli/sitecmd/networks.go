package sitecmd

import (
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// networkResources are in the order of the list.
var networkResources = []kubeapi.Resource{
	tkg.NetworkResource, tkg.SubnetResource, tkg.SubnetSetResource, tkg.InfoResource, tkg.IPPoolResource, tkg.InterfaceResource,
}

func networkKind() *kind {
	k := &kind{
		name: "networks", aliases: []string{"network", "net", "subnet", "subnets", "subnetsets", "networkinterfaces"},
		short: "networks, addresses and interfaces, of NSX and of distributed switches", mixed: true, rows: networkRows, columns: networkColumns,
	}
	for _, r := range networkResources {
		k.sources = append(k.sources, &survey.Source{Resource: r, Facts: func(o kubeapi.Object) any { return tkg.NetworkFactsOf(o) }})
	}
	return k
}

var networkColumns = columnsOf("NETWORK", "ADDRESS", "STATE", "", "AGE")

func networkRows(r *survey.Reading) (all []row) {
	for _, resource := range networkResources {
		for _, i := range r.Of(resource) {
			f := i.Facts.(tkg.NetworkFacts)
			all = append(all, rowOf(i, networkColumns, f.Network, strings.Join(f.Address, ","), f.State, r.Age(&i)))
		}
	}
	order.By(all, func(a, b row) int {
		return strings.Compare(a.server+" "+a.namespace, b.server+" "+b.namespace)
	})
	return all
}
