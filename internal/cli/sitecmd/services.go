package sitecmd

import (
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func serviceKind() *kind {
	pressed := func(o kubeapi.Object) any { return tkg.PressureOf(o) }
	return &kind{
		name: "services", aliases: []string{"service", "svc", "vmservice", "vmservices", "virtualmachineservice", "virtualmachineservices", "loadbalancers", "lb"},
		short: "load balancers, the cluster's Service behind each, and why one has no address",
		sources: []*survey.Source{
			{Resource: tkg.ServiceResource, Facts: func(o kubeapi.Object) any { return tkg.ServiceFactsOf(o) }},
			{Resource: tkg.VMResource, Aside: true, Quiet: true, Facts: func(o kubeapi.Object) any { return o.Metadata.Labels }},
			{Resource: tkg.EventResource, Aside: true, Quiet: true, Fields: "type=Warning", Facts: func(o kubeapi.Object) any { return tkg.EventFactsOf(o) }},
			{Resource: tkg.IPPoolResource, Aside: true, Quiet: true, Facts: pressed}, {Resource: tkg.BalancerResource, Aside: true, Quiet: true, Cluster: true, Facts: pressed},
		},
		rows: serviceRows,
	}
}

var serviceColumns = columnsOf("TYPE", "ADDRESS", "CLUSTER", "SERVICE", "WHY PENDING", "", "PORTS", "AGE")

func serviceRows(r *survey.Reading) (all []row) {
	for _, i := range r.Of(tkg.ServiceResource) {
		f := i.Facts.(tkg.ServiceFacts)
		why := ""
		if f.Kind == "LoadBalancer" && f.Address == "" {
			f.Address, why = "pending", whyPending(r, i, f)
		}
		all = append(all, rowOf(i, serviceColumns, f.Kind, f.Address, f.Cluster, f.Service, why, f.Ports, r.Age(&i)))
	}
	return all
}

// whyPending says why a load balancer has no address: what the operators say of it, else what it lacks.
func whyPending(r *survey.Reading, i survey.Item, f tkg.ServiceFacts) string {
	in := func(other survey.Item) bool {
		return other.Place == i.Place && other.Metadata.Namespace == i.Metadata.Namespace
	}
	for _, e := range slices.Backward(r.Of(tkg.EventResource)) {
		about := e.Facts.(tkg.EventFacts)
		if in(e) && about.Name == i.Metadata.Name && (about.Kind == tkg.ServiceResource.Kind || about.Kind == "Service") && about.Message != "" {
			return about.Message
		}
	}
	for _, pool := range slices.Concat(r.Of(tkg.IPPoolResource), r.Of(tkg.BalancerResource)) {
		if pressure := pool.Facts.(string); pool.Place == i.Place && pressure != "" {
			return pool.Kind + " " + pool.Metadata.Name + ": " + pressure
		}
	}
	machines := 0
	for _, vm := range r.Of(tkg.VMResource) {
		if in(vm) && tkg.HasLabels(vm.Facts.(map[string]string), f.Selector) {
			machines++
		}
	}
	switch {
	case len(f.Selector) > 0 && machines == 0 && !r.IsUnread(i.Place, tkg.VMResource, i.Metadata.Namespace):
		return "no virtual machine has the labels that it selects"
	case i.Metadata.Created.IsZero():
		return "the load balancer has given no address"
	}
	return "the load balancer has given no address for " + r.Age(&i)
}
