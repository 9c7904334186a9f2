package manifestcmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/storage"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

var (
	bindingResource = kubeapi.Resource{Group: tkg.GroupVM, Plural: "virtualmachineclassbindings", Kind: "VirtualMachineClassBinding"} // In vSphere 7.
	zonesResource   = kubeapi.Resource{Group: tkg.GroupTopology, Plural: "availabilityzones", Kind: "AvailabilityZone"}
)

// quiet returns a source whose absence nobody is told of here. Without facts, its names are read.
func quiet(r kubeapi.Resource, ofSite bool, facts func(kubeapi.Object) any) *survey.Source {
	if facts == nil {
		return &survey.Source{Resource: r, Cluster: ofSite, Facts: func(kubeapi.Object) any { return nil }, Bare: true, Aside: true, Quiet: true}
	}
	return &survey.Source{Resource: r, Cluster: ofSite, Facts: facts, Aside: true, Quiet: true}
}

// releaseSources are the releases and their images.
func releaseSources() []*survey.Source {
	facts := func(o kubeapi.Object) any { return tkg.ReleaseFactsOf(o) }
	return []*survey.Source{
		quiet(tkg.VKSReleaseResource, true, facts), quiet(tkg.TanzuReleaseResource, true, facts),
		quiet(tkg.VKSImageResource, true, nil), quiet(tkg.TanzuImageResource, true, nil),
	}
}

// offerSources are what a vSphere Namespace has for clusters.
func offerSources() []*survey.Source {
	class := func(o kubeapi.Object) any { return tkg.ClassOf(o) }
	size := func(o kubeapi.Object) any { return tkg.Size(o) }
	return append(releaseSources(),
		quiet(tkg.ClusterClassResource, false, class),
		quiet(tkg.ClassResource, false, size), quiet(bindingResource, false, nil),
		quiet(tkg.PolicyQuotaResource, false, func(o kubeapi.Object) any { return tkg.PolicyUsageOf(o) }),
		quiet(tkg.QuotaResource, false, func(o kubeapi.Object) any { return tkg.QuotaUsageOf(o) }),
		quiet(tkg.ZoneResource, false, nil), quiet(zonesResource, true, nil),
		quiet(tkg.ClusterResource, false, nil), quiet(tkg.TanzuClusterResource, false, nil),
		quiet(tkg.BootstrapResource, false, nil), quiet(tkg.ServiceResource, false, survey.Whole),
	)
}

// readOffers reads what a vSphere Namespace offers, beside the classes that a Supervisor has for all of them.
func readOffers(ctx context.Context, s *survey.Site, p *survey.Place, plan manifest.Plan) (manifest.Offers, error) {
	at := s.At(p)
	r := at.Read(ctx, []string{plan.Namespace}, offerSources(), nil)
	if err := ctx.Err(); err != nil {
		return manifest.Offers{}, err
	}
	if err := tell(r); err != nil {
		return manifest.Offers{}, err
	}
	shared := at.Read(ctx, []string{tkg.ClassNamespace}, []*survey.Source{offerSources()[4]}, nil)
	if err := ctx.Err(); err != nil {
		return manifest.Offers{}, err
	}
	o := manifest.Offers{Releases: releasesOf(r, p), Unread: unread(r, shared, p, plan.Namespace)}
	for _, i := range slices.Concat(r.Of(tkg.ClusterClassResource), shared.Of(tkg.ClusterClassResource)) {
		o.Classes = append(o.Classes, i.Facts.(tkg.Class))
	}
	for _, i := range slices.Concat(r.Of(tkg.ClassResource), r.Of(bindingResource)) {
		size, _ := i.Facts.(string)
		o.VMs = append(o.VMs, manifest.VMClass{Name: i.Metadata.Name, Size: size})
	}
	o.Storage = storageOf(r)
	zones := r.Of(tkg.ZoneResource)
	if len(zones) == 0 {
		zones = r.Of(zonesResource)
	}
	for _, i := range zones {
		o.Zones = append(o.Zones, i.Metadata.Name)
	}
	o.Names = namesOf(s, r, p, plan)
	noteUnread(s.Env, o, plan)
	return o, nil
}

// noteUnread says what cannot be checked of a plan.
func noteUnread(e *console.Env, o manifest.Offers, plan manifest.Plan) {
	zoned := slices.ContainsFunc(plan.Pools, func(p manifest.Pool) bool { return p.Zone != "" })
	var words []string
	for _, part := range o.Unread {
		if part == manifest.Zones && !zoned || part == manifest.Classes && (plan.Tanzu || len(o.Classes) > 0) {
			continue
		}
		words = append(words, string(part))
	}
	if len(words) > 0 {
		e.Notef("you may not list there, so that it is not checked: %s", survey.SomeOf(words))
	}
}

// tell prints what could not be read.
func tell(r *survey.Reading) error {
	return r.Tell(func(err error) { failure.Explain(console.Prose(r.Env.ErrOut), err) })
}

// releasesOf joins releases with their images.
func releasesOf(r *survey.Reading, p *survey.Place) (all []manifest.Release) {
	images, known := map[string]bool{}, !r.IsUnread(p, tkg.VKSImageResource, "") || !r.IsUnread(p, tkg.TanzuImageResource, "")
	for _, i := range slices.Concat(r.Of(tkg.VKSImageResource), r.Of(tkg.TanzuImageResource)) {
		images[i.Metadata.Name] = true
	}
	seen := map[string]bool{}
	for _, i := range slices.Concat(r.Of(tkg.VKSReleaseResource), r.Of(tkg.TanzuReleaseResource)) {
		if seen[i.Metadata.Name] {
			continue // It is there in both APIs.
		}
		seen[i.Metadata.Name] = true
		f := i.Facts.(tkg.ReleaseFacts)
		there := slices.ContainsFunc(f.Images, func(name string) bool { return images[name] })
		all = append(all, manifest.Release{Name: i.Metadata.Name, ReleaseFacts: f, Image: there || !known})
	}
	return all
}

// storageOf returns the storage classes, with what the tightest quota of each leaves.
func storageOf(r *survey.Reading) (all []manifest.StorageClass) {
	for _, s := range storage.Of(r) {
		all = append(all, manifest.StorageClass{Name: s.Name, Usage: s.Usage})
	}
	return all
}

// unread returns the parts of which nothing could be read.
func unread(r, shared *survey.Reading, p *survey.Place, ns string) (parts []manifest.Part) {
	for _, of := range []struct {
		part      manifest.Part
		resources []kubeapi.Resource
		in        string
	}{
		{manifest.Releases, []kubeapi.Resource{tkg.VKSReleaseResource, tkg.TanzuReleaseResource}, ""},
		{manifest.VMs, []kubeapi.Resource{tkg.ClassResource, bindingResource}, ns},
		{manifest.Storage, []kubeapi.Resource{tkg.PolicyQuotaResource, tkg.QuotaResource}, ns},
		{manifest.Zones, []kubeapi.Resource{tkg.ZoneResource, zonesResource}, ns},
	} {
		if !slices.ContainsFunc(of.resources, func(one kubeapi.Resource) bool { return !r.IsUnread(p, one, of.in) }) {
			parts = append(parts, of.part)
		}
	}
	if r.IsUnread(p, tkg.ClusterClassResource, ns) || shared.IsUnread(p, tkg.ClusterClassResource, tkg.ClassNamespace) {
		parts = append(parts, manifest.Classes) // One that is not found may be in the other place.
	}
	return parts
}

// namesOf returns what has the name of the plan, or is left of an earlier cluster of that name.
func namesOf(s *survey.Site, r *survey.Reading, p *survey.Place, plan manifest.Plan) (all []manifest.TakenName) {
	for _, i := range slices.Concat(r.Of(tkg.ClusterResource), r.Of(tkg.TanzuClusterResource)) {
		if i.Metadata.Name == plan.Name {
			return []manifest.TakenName{{Name: plan.Name, By: "a " + i.Kind}}
		}
	}
	left := func(by string) { all = append(all, manifest.TakenName{Name: plan.Name, By: by, Left: true}) }
	for _, i := range r.Of(tkg.BootstrapResource) {
		if i.Metadata.Name == plan.Name {
			left("a ClusterBootstrap of that name")
		}
	}
	for _, i := range r.Of(tkg.ServiceResource) {
		if f := tkg.ServiceFactsOf(i.Facts.(kubeapi.Object)); f.Cluster == plan.Name {
			left(fmt.Sprintf("the load balancer %s", i.Metadata.Name))
		}
	}
	if s.TokenOf(p.ClusterKey(plan.Namespace, plan.Name)) != "none" {
		left("a credential of yours for it")
	}
	return all[:min(len(all), 1)]
}
