package describecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/storage"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// namespaceResource is the kind of a vSphere Namespace itself.
var namespaceResource = kubeapi.Resource{Plural: "namespaces", Kind: "Namespace"}

// namespaceSources are the vSphere Namespace of a name, and what it holds.
func namespaceSources(name string) []*survey.Source {
	return append(serviceSources(""), []*survey.Source{
		{Resource: namespaceResource, Cluster: true, Fields: "metadata.name=" + name, Aside: true, Quiet: true},
		{Resource: tkg.ClusterResource, Aside: true, Facts: func(o kubeapi.Object) any { return tkg.ClusterFactsOf(o) }},
		{Resource: tkg.ClassResource, Aside: true},
		{Resource: tkg.ZoneResource, Aside: true},
		{Resource: tkg.PolicyQuotaResource, Aside: true, Facts: func(o kubeapi.Object) any { return tkg.PolicyUsageOf(o) }},
		{Resource: tkg.QuotaResource, Aside: true, Facts: func(o kubeapi.Object) any { return tkg.QuotaUsageOf(o) }},
	}...)
}

// namespace returns the page of a vSphere Namespace. failed is the error of a place that could not be asked.
func namespace(ctx context.Context, s *survey.Site, o describeOptions) (p *page, failed, err error) {
	var places []*survey.Place
	for _, at := range s.Places {
		if slices.Contains(at.Namespaces, o.Name) {
			places = append(places, at)
		}
	}
	if len(places) == 0 { // An administrator has contexts for some of them.
		if places, err = having(ctx, s, o.Name); len(places) == 0 {
			return nil, nil, cmp.Or(ctx.Err(), err, survey.Unknown(o.What, o.Name, s.NamespacesOf()))
		}
	}
	places = slices.CompactFunc(places, func(a, b *survey.Place) bool { return a.Key.Server == b.Key.Server }) // Of several users.
	if len(places) > 1 {
		var servers []string
		for _, at := range places {
			servers = append(servers, at.Title)
		}
		return nil, nil, failure.Hint(fmt.Errorf("there are several namespaces %q: at %s", o.Name, strings.Join(servers, ", at ")), "Say which with --server.")
	}
	at := places[0]
	r := s.At(at).Read(ctx, []string{o.Name}, namespaceSources(o.Name), nil)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	failed = tell(r)
	p = &page{title: fmt.Sprintf("vSphere Namespace %s at %s", o.Name, at.Title)}
	exists := slices.ContainsFunc(r.Of(namespaceResource), func(i survey.Item) bool { return i.Metadata.Name == o.Name })
	prune := loginCommand(s, at) + " --prune"
	switch {
	case failed != nil:
	case !exists && !r.IsUnread(at, namespaceResource, ""):
		p.wrong("It is gone", "To remove its context, type: "+prune)
	case r.IsUnread(at, tkg.ClusterResource, o.Name) && r.IsUnread(at, tkg.VMResource, o.Name):
		p.wrong("You may see nothing in it: your role was taken away, or it is gone", "Ask your vSphere administrator. If it is gone, type: "+prune)
	}
	p.fact("Context", s.ContextIn(at, o.Name))
	var zones, classes []string
	for _, i := range r.Of(tkg.ZoneResource) {
		zones = append(zones, i.Metadata.Name)
	}
	for _, i := range r.Of(tkg.ClassResource) {
		classes = append(classes, i.Metadata.Name)
	}
	p.fact("Zones", strings.Join(zones, ", "))
	p.fact("VM classes", survey.SomeOf(classes))
	p.clusters(s, r)
	p.machines(r)
	p.services(s, r, func(survey.Item, tkg.ServiceFacts) bool { return true })
	p.storage(r)
	return p, failed, nil
}

// having returns the places that have a vSphere Namespace for certain. The error is that of a place that could not be asked.
func having(ctx context.Context, s *survey.Site, ns string) (some []*survey.Place, err error) {
	errs := make([]error, len(s.Places))
	var wg sync.WaitGroup
	for i, p := range s.Places {
		wg.Go(func() {
			server := s.Connect(p)
			defer server.Close()
			_, errs[i] = server.Get(ctx, namespaceResource, "", ns)
		})
	}
	wg.Wait()
	for i, p := range s.Places {
		switch {
		case errs[i] == nil:
			some = append(some, p)
		case !errors.Is(errs[i], wire.ErrForbidden) && !errors.Is(errs[i], wire.ErrNotFound):
			err = errors.Join(err, fmt.Errorf("namespaces at %s: %w", p.Title, errs[i]))
		}
	}
	return some, err
}

// clusters adds the clusters of a namespace.
func (p *page) clusters(s *survey.Site, r *survey.Reading) {
	var rows [][]string
	for _, i := range r.Of(tkg.ClusterResource) {
		f := i.Facts.(tkg.ClusterFacts)
		if f.State != "ready" {
			p.wrong(fmt.Sprintf("The cluster %s is %s", i.Metadata.Name, f.State), fmt.Sprintf("See why: kubectl vsphere describe cluster %s", failure.Quote(i.Metadata.Namespace+"/"+i.Metadata.Name)))
		}
		rows = append(rows, []string{i.Metadata.Name, s.ContextsOf(i.Place.ClusterKey(i.Metadata.Namespace, i.Metadata.Name)), f.Version, f.Count(), f.State})
	}
	p.table("Clusters", []string{"NAME", "CONTEXT", "VERSION", "NODES", "STATE"}, rows)
}

// machines adds the virtual machines of a namespace.
func (p *page) machines(r *survey.Reading) {
	var rows [][]string
	for _, i := range r.Of(tkg.VMResource) {
		object := i.Facts.(kubeapi.Object)
		vm := tkg.VMOf(object)
		if len(failedOf(vm.Status.Conditions)) > 0 {
			p.wrong(fmt.Sprintf("The virtual machine %s has a problem", i.Metadata.Name), fmt.Sprintf("See which: kubectl vsphere describe vm %s", failure.Quote(i.Metadata.Namespace+"/"+i.Metadata.Name)))
		}
		rows = append(rows, []string{i.Metadata.Name, vm.State(object), vm.Spec.Class, vm.Address()})
	}
	p.table("Virtual machines", []string{"NAME", "STATE", "CLASS", "ADDRESS"}, rows)
}

// storage adds the storage classes of a namespace.
func (p *page) storage(r *survey.Reading) {
	var rows [][]string
	for _, s := range storage.Of(r) {
		if left, err := resource.ParseQuantity(s.Left()); err == nil && left.Sign() <= 0 && s.Limit != "0" {
			p.wrong(fmt.Sprintf("Nothing is left of the storage class %s: %s of %s are used", s.Name, s.Used, s.Limit), "Delete volumes, or ask your vSphere administrator for a higher limit.")
		}
		rows = append(rows, []string{s.Name, s.Used, s.Reserved, s.Limit, s.Left()})
	}
	p.table("Storage", []string{"CLASS", "USED", "RESERVED", "LIMIT", "LEFT"}, rows)
}
