package describecmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// clusterPage is the page of a cluster while it is made.
type clusterPage struct {
	*page
	item    survey.Item // of its Cluster, else of its TanzuKubernetesCluster
	object  kubeapi.Object
	cluster tkg.Cluster
	facts   tkg.ClusterFacts
	parts   *survey.Reading // what it is made of
	pending *survey.Pending
}

// cluster returns the page of a cluster. failed is the error of a place that could not be asked.
func cluster(ctx context.Context, s *survey.Site, o describeOptions) (p *page, failed, err error) {
	f, err := find(ctx, s, o, &survey.Source{Resource: tkg.ClusterResource, Facts: whole}, &survey.Source{Resource: tkg.TanzuClusterResource, Facts: whole})
	if err != nil {
		return nil, nil, err
	}
	c := clusterPage{page: &page{}, item: f.items[0], object: f.items[0].Facts.(kubeapi.Object)}
	var twin tkg.ClusterFacts
	for _, i := range f.items {
		if i.Source.Resource == tkg.TanzuClusterResource {
			twin = tkg.TanzuClusterFactsOf(i.Facts.(kubeapi.Object))
			continue
		}
		c.item, c.object = i, i.Facts.(kubeapi.Object)
		c.facts = tkg.ClusterFactsOf(c.object)
	}
	c.facts = c.facts.OrElse(twin)
	c.object.Decode(&c.cluster)
	ns, name := c.item.Metadata.Namespace, c.item.Metadata.Name
	c.parts = s.At(c.item.Place).Read(ctx, []string{ns}, clusterSources(name), nil)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	failed = cmp.Or(f.failed, tell(c.parts))
	c.pending = c.parts.Pending(func(i survey.Item) map[string]string { return i.Facts.(kubeapi.Object).Metadata.Labels })
	c.title = fmt.Sprintf("Cluster %s/%s at %s: %s", ns, name, c.item.Place.Title, c.facts.State)
	c.readdressed()
	c.version()
	c.complain("The cluster", c.cluster.All())
	c.behind()
	c.describe(s)
	c.nodes()
	c.balancers()
	c.table("Conditions", conditionHeadings, conditionRows(c.cluster.All(), c.object))
	return c.page, failed, nil
}

// clusterSources are what a cluster is made of, and what may be wrong with it.
func clusterSources(name string) []*survey.Source {
	release := func(o kubeapi.Object) any { return tkg.ReleaseFactsOf(o) }
	nothing := func(kubeapi.Object) any { return nil }
	return append(survey.PendingSources(),
		&survey.Source{Resource: tkg.MachineResource, Labels: tkg.LabelCluster + "=" + name, Aside: true, Facts: whole},
		&survey.Source{Resource: tkg.VMResource, Labels: tkg.LabelVMCluster + "=" + name, Aside: true, Facts: whole},
		&survey.Source{Resource: tkg.ServiceResource, Aside: true, Facts: func(o kubeapi.Object) any { return tkg.ServiceFactsOf(o) }},
		&survey.Source{Resource: tkg.BootstrapResource, Aside: true, Facts: whole},
		&survey.Source{Resource: tkg.VKSReleaseResource, Cluster: true, Aside: true, Quiet: true, Facts: release},
		&survey.Source{Resource: tkg.TanzuReleaseResource, Cluster: true, Aside: true, Quiet: true, Facts: release},
		&survey.Source{Resource: tkg.VKSImageResource, Cluster: true, Aside: true, Quiet: true, Facts: nothing},
		&survey.Source{Resource: tkg.TanzuImageResource, Cluster: true, Aside: true, Quiet: true, Facts: nothing},
	)
}

// readdressed finds a cluster that advertises the address of an earlier one of its name: its own load balancer has another address, and so
// it never comes up.
func (c clusterPage) readdressed() {
	advertised := c.cluster.Spec.Endpoint.Host
	infra := c.cluster.Spec.Infrastructure.Name
	for _, i := range c.parts.Of(tkg.ServiceResource) {
		f := i.Facts.(tkg.ServiceFacts)
		if infra == "" || f.Infra != infra || f.Address == "" || advertised == "" || slices.Contains(strings.Split(f.Address, ","), advertised) {
			continue
		}
		c.wrong(fmt.Sprintf("It advertises %s, the address of an earlier cluster of its name. Its load balancer has %s. It will not come up", advertised, f.Address),
			"Delete it, and create it with a name that was not used before.")
	}
}

// version finds a version that no release has, or one without an image.
func (c clusterPage) version() {
	const choose = "Choose a release with an image: kubectl vsphere list releases"
	version := c.cluster.Spec.Topology.Version
	if version == "" || c.facts.State == "ready" {
		return
	}
	releases := slices.Concat(c.parts.Of(tkg.VKSReleaseResource), c.parts.Of(tkg.TanzuReleaseResource))
	i := slices.IndexFunc(releases, func(r survey.Item) bool { return r.Metadata.Name == version })
	switch {
	case strings.Contains(version, "+"):
		c.wrong("Its version "+version+" is not the name of a release", "Use its name: "+tkg.ReleaseName(version))
	case len(releases) == 0:
	case i < 0:
		c.wrong("There is no release "+version, choose)
	case !c.hasImage(releases[i]):
		c.wrong("The release "+version+" has no image", "Images of new releases come minutes later. "+choose)
	}
}

// hasImage reports whether one of the images of a release is there, as far as images may be listed.
func (c clusterPage) hasImage(release survey.Item) bool {
	if c.parts.IsUnread(release.Place, tkg.VKSImageResource, "") && c.parts.IsUnread(release.Place, tkg.TanzuImageResource, "") {
		return true
	}
	images := slices.Concat(c.parts.Of(tkg.VKSImageResource), c.parts.Of(tkg.TanzuImageResource))
	return slices.ContainsFunc(images, func(i survey.Item) bool {
		return slices.Contains(release.Facts.(tkg.ReleaseFacts).Images, i.Metadata.Name)
	})
}

// behind finds a cluster whose controllers have not seen its last change, and one that they leave alone.
func (c clusterPage) behind() {
	if c.cluster.Spec.Paused {
		c.wrong("It is paused: no controller looks at it", "")
	}
	if observed := c.cluster.Status.Observed; observed != 0 && observed < c.object.Metadata.Generation {
		c.wrong("Its controllers have not seen the last change yet", "Wait a minute. If this does not change, ask your vSphere administrator.")
	}
	if len(c.cluster.All()) == 0 {
		c.wrong("Its controllers have said nothing about it yet", "Wait a minute. If this does not change, ask your vSphere administrator.")
	}
	if c.facts.Endpoint == "" {
		c.wrong("Its API server has no address yet", "")
	}
	if message := c.pending.Event(c.item, tkg.ClusterResource.Kind, c.item.Metadata.Name); message != "" && c.facts.State != "ready" {
		c.wrong("A warning: "+message, "")
	}
}

// describe adds the facts.
func (c clusterPage) describe(s *survey.Site) {
	key := c.item.Place.ClusterKey(c.item.Metadata.Namespace, c.item.Metadata.Name)
	c.fact("Context", s.ContextsOf(key))
	c.fact("Token", s.TokenOf(key))
	c.fact("Version", c.facts.Version)
	c.fact("Upgrades", strings.Join(c.upgrades(), ", "))
	c.fact("Class", c.facts.Class)
	c.fact("Endpoint", c.facts.Endpoint)
	c.fact("Nodes ready", c.facts.Count())
	for _, i := range c.parts.Of(tkg.BootstrapResource) {
		if i.Metadata.Name == c.item.Metadata.Name {
			b := tkg.BootstrapOf(i.Facts.(kubeapi.Object))
			c.fact("Network (CNI)", b.Spec.CNI.Name)
			c.fact("Storage (CSI)", b.Spec.CSI.Name)
		}
	}
	for _, v := range c.cluster.Spec.Topology.Variables {
		if value, ok := v.Value.(string); ok && slices.Contains([]string{"vmClass", "storageClass"}, v.Name) {
			c.fact(map[string]string{"vmClass": "VM class", "storageClass": "Storage class"}[v.Name], value)
		}
	}
	c.fact("Age", c.parts.Age(&c.item))
}

// upgrades returns the releases that the cluster is offered. It marks those without an image.
func (c clusterPage) upgrades() (all []string) {
	releases := slices.Concat(c.parts.Of(tkg.VKSReleaseResource), c.parts.Of(tkg.TanzuReleaseResource))
	for _, name := range c.facts.Upgrades {
		i := slices.IndexFunc(releases, func(r survey.Item) bool { return r.Metadata.Name == name })
		if i >= 0 && !c.hasImage(releases[i]) {
			name += " (no image yet)"
		}
		all = append(all, name)
	}
	return all
}

// nodes adds the nodes with their virtual machines.
func (c clusterPage) nodes() {
	vms := map[string]tkg.VM{}
	for _, i := range c.parts.Of(tkg.VMResource) {
		vm := tkg.VMOf(i.Facts.(kubeapi.Object))
		vms[i.Metadata.Name] = vm
		c.complain("The virtual machine "+i.Metadata.Name, vm.Status.Conditions)
	}
	var rows [][]string
	for _, i := range c.parts.Of(tkg.MachineResource) {
		m := tkg.MachineOf(i.Facts.(kubeapi.Object))
		vm, found := vms[i.Metadata.Name]
		if !found {
			vm = vms[m.Spec.Infrastructure.Name]
		}
		if ready, _ := m.All().Find("Ready"); ready.Status == "False" {
			c.wrong(strings.TrimSuffix(fmt.Sprintf("The node %s is not ready: %s", i.Metadata.Name, cmp.Or(ready.Message, ready.Reason)), ": "), "")
		}
		address := vm.Address()
		for _, a := range m.Status.Addresses {
			if a.Type == "InternalIP" {
				address = cmp.Or(address, a.Address)
			}
		}
		rows = append(rows, []string{i.Metadata.Name, m.Role, m.All().Word("Ready"), vm.Spec.Class, cmp.Or(m.Spec.Zone, vm.Status.Zone), address, vm.Status.Power, m.Spec.Version})
	}
	c.table("Nodes", []string{"NAME", "ROLE", "READY", "CLASS", "ZONE", "ADDRESS", "POWER", "VERSION"}, rows)
}

// balancers adds the load balancers of the cluster.
func (c clusterPage) balancers() {
	var rows [][]string
	for _, i := range c.parts.Of(tkg.ServiceResource) {
		f := i.Facts.(tkg.ServiceFacts)
		own := f.Infra != "" && f.Infra == c.cluster.Spec.Infrastructure.Name
		if f.Cluster != c.item.Metadata.Name && !own {
			continue
		}
		why := c.pending.Why(i, f)
		if why != "" {
			f.Address = "pending"
			c.wrong(fmt.Sprintf("The load balancer %s has no address: %s", i.Metadata.Name, why), "")
		}
		rows = append(rows, []string{i.Metadata.Name, f.Service, f.Address, f.Ports})
	}
	c.table("Load balancers", []string{"NAME", "SERVICE", "ADDRESS", "PORTS"}, rows)
}
