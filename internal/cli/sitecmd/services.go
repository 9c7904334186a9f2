package sitecmd

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/pending"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func serviceKind() *kind {
	return &kind{
		name: "services", aliases: []string{"service", "svc", "vmservice", "vmservices", "virtualmachineservice", "virtualmachineservices", "loadbalancers", "lb"},
		short: "load balancers, the cluster's Service behind each, and why one has no address",
		sources: append(pending.Sources(),
			&survey.Source{Resource: tkg.ServiceResource, Facts: func(o kubeapi.Object) any { return tkg.ServiceFactsOf(o) }},
			&survey.Source{Resource: tkg.VMResource, Aside: true, Quiet: true, Bare: true, Facts: func(o kubeapi.Object) any { return o.Metadata.Labels }},
		),
		rows: serviceRows, columns: serviceColumns,
	}
}

const pendingColumn = "WHY PENDING"

var serviceColumns = columnsOf("TYPE", "ADDRESS", "CLUSTER", "SERVICE", pendingColumn, "", "PORTS", "AGE")

func serviceRows(r *survey.Reading) (all []row) {
	reasons := pending.Of(r, func(i survey.Item) map[string]string { return i.Facts.(map[string]string) })
	for _, i := range r.Of(tkg.ServiceResource) {
		f := i.Facts.(tkg.ServiceFacts)
		why := reasons.Why(i, f)
		if why != "" {
			f.Address = "pending"
		}
		all = append(all, rowOf(i, serviceColumns, f.Kind, f.Address, f.Cluster, f.Service, why, f.Ports, r.Age(&i)))
	}
	return all
}
