package describecmd

import (
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/pending"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// serviceSources are what page.services reads. vms is a label selector for the virtual machines; empty: all.
func serviceSources(vms string) []*survey.Source {
	return append(pending.Sources(),
		&survey.Source{Resource: tkg.VMResource, Labels: vms, Aside: true, Facts: survey.Whole},
		&survey.Source{Resource: tkg.ServiceResource, Aside: true, Facts: survey.Whole},
	)
}

// labelsOf returns the labels of an item that is kept whole.
func labelsOf(i survey.Item) map[string]string { return i.Facts.(kubeapi.Object).Metadata.Labels }

// services adds the load balancers that belong, and why one has no address. The reading has serviceSources.
func (p *page) services(s *survey.Site, r *survey.Reading, belongs func(survey.Item, tkg.ServiceFacts) bool) {
	reasons := pending.Of(r, labelsOf)
	var rows [][]string
	for _, i := range r.Of(tkg.ServiceResource) {
		f := tkg.ServiceFactsOf(i.Facts.(kubeapi.Object))
		if !belongs(i, f) {
			continue
		}
		if why := reasons.Why(i, f); why != "" {
			f.Address = "pending"
			todo := "Ask your vSphere administrator whether addresses are left."
			if kubectl := kubectl(s, i.Place, i.Metadata.Namespace); kubectl != "" {
				todo += " Its events: " + kubectl + "describe virtualmachineservices " + failure.Quote(i.Metadata.Name)
			}
			p.wrong(fmt.Sprintf("The load balancer %s has no address: %s", i.Metadata.Name, why), todo)
		}
		rows = append(rows, []string{i.Metadata.Name, f.Service, f.Address, f.Ports})
	}
	p.table("Load balancers", []string{"NAME", "SERVICE", "ADDRESS", "PORTS"}, rows)
}
