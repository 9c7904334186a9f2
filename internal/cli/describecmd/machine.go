package describecmd

import (
	"cmp"
	"context"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/pending"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// machine returns the page of a virtual machine. failed is the error of a place that could not be asked.
func machine(ctx context.Context, s *survey.Site, o describeOptions) (p *page, failed, err error) {
	f, err := lookup.One(ctx, s, o.Named, &survey.Source{Resource: tkg.VMResource, Facts: survey.WholeIf(o.Name)})
	if err != nil {
		return nil, nil, err
	}
	i := f.Items[0]
	object := i.Facts.(kubeapi.Object)
	vm := tkg.VMOf(object)
	around := s.At(i.Place).Read(ctx, []string{i.Metadata.Namespace}, serviceSources(""), nil)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	failed = cmp.Or(f.Failed, tell(around))
	p = &page{title: fmt.Sprintf("Virtual machine %s/%s at %s: %s", i.Metadata.Namespace, i.Metadata.Name, i.Place.Title, vm.State(object))}
	p.complain("The virtual machine", vm.Status.Conditions)
	if len(p.problems) > 0 || vm.Status.Power == "" {
		warning := pending.Of(around, labelsOf).Event(i, tkg.VMResource.Kind, i.Metadata.Name)
		if warning != "" {
			p.wrong("A warning: "+safetext.Line(warning, maxMessage), "")
		}
	}
	if want, is := vm.Spec.Power, vm.Status.Power; want != "" && is != "" && want != is {
		p.wrong(fmt.Sprintf("It should be %s and is %s", want, is), soon)
	}
	p.fact("Cluster", object.Metadata.Labels[tkg.LabelVMCluster])
	p.fact("Class", vm.Spec.Class)
	p.fact("Image", vm.Image())
	p.fact("Storage class", vm.Spec.StorageClass)
	p.fact("Address", vm.Address())
	p.fact("Zone", vm.Status.Zone)
	p.fact("Host", vm.Status.Host)
	p.fact("Age", around.Age(&i))
	p.services(s, around, func(_ survey.Item, f tkg.ServiceFacts) bool {
		return len(f.Selector) > 0 && tkg.HasLabels(object.Metadata.Labels, f.Selector)
	})
	p.table("Conditions", conditionHeadings, conditionRows(vm.Status.Conditions, object))
	return p, failed, nil
}
