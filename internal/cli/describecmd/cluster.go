package describecmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/pending"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// clusterPage is the page of a cluster while it is made.
type clusterPage struct {
	*page
	item    survey.Item // of its Cluster, else of its TanzuKubernetesCluster
	object  kubeapi.Object
	cluster tkg.Cluster
	facts   tkg.ClusterFacts
	parts   *survey.Reading  // what it is made of
	pending *pending.Reasons // of parts
}

// cluster returns the page of a cluster. failed is the error of a place that could not be asked.
func cluster(ctx context.Context, s *survey.Site, o describeOptions) (p *page, failed, err error) {
	f, err := lookup.One(ctx, s, o.Named, &survey.Source{Resource: tkg.ClusterResource, Facts: survey.WholeIf(o.Name)}, &survey.Source{Resource: tkg.TanzuClusterResource, Facts: survey.WholeIf(o.Name)})
	if err != nil {
		return nil, nil, err
	}
	c := clusterPage{page: &page{}, item: f.Items[0], object: f.Items[0].Facts.(kubeapi.Object)}
	var twin tkg.ClusterFacts
	for _, i := range f.Items {
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
	c.parts = s.At(c.item.Place).Read(ctx, []string{ns}, clusterSources(name, c.cluster.Spec.Infrastructure.Name), nil)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	failed = cmp.Or(f.Failed, tell(c.parts))
	c.pending = pending.Of(c.parts, labelsOf)
	c.title = fmt.Sprintf("Cluster %s/%s at %s: %s", ns, name, c.item.Place.Title, c.state())
	if deleted := c.object.Metadata.Deleted; deleted.IsZero() {
		c.problems(s)
	} else {
		c.wrong("Its deletion began "+console.Span(s.Env.Now().Sub(deleted))+" ago", "If this does not end, ask your vSphere administrator what holds it.")
	}
	c.describe(s)
	c.pools()
	c.nodes()
	c.balancers(s)
	c.table("Conditions", conditionHeadings, conditionRows(c.cluster.All(), c.object))
	return c.page, failed, nil
}

// state returns the state of the cluster, for a title. A reason that only repeats it is left out.
func (c clusterPage) state() string {
	return strings.TrimSuffix(strings.TrimSuffix(c.facts.State, ": NotAvailable"), ": NotReady")
}

// problems finds what is wrong with the cluster, the causes first.
func (c clusterPage) problems(s *survey.Site) {
	c.readdressed()
	c.version()
	c.young(s)
	c.complain("The cluster", c.cluster.All())
	c.behind(s)
}

// growing is how long nobody wonders that a new cluster is not ready.
const growing = 15 * time.Minute

// young says of a new cluster how to wait for it.
func (c clusterPage) young(s *survey.Site) {
	created := c.item.Metadata.Created
	if len(c.page.problems) > 0 || created.IsZero() || s.Env.Now().Sub(created) > growing || c.facts.State == "ready" || c.cluster.Spec.Paused {
		return
	}
	c.wrong("It was created "+c.parts.Age(&c.item)+" ago, and is not ready yet", "Making a cluster takes some minutes. To wait for it, type: "+loginCommand(s, c.item.Place)+" --wait 15m")
}

// clusterSources are what a cluster is made of, and what may be wrong with it. infra is the name of its VSphereCluster.
func clusterSources(name, infra string) []*survey.Source {
	release := func(o kubeapi.Object) any { return tkg.ReleaseFactsOf(o) }
	nothing := func(kubeapi.Object) any { return nil }
	return append(serviceSources(tkg.LabelVMCluster+"="+name),
		&survey.Source{Resource: tkg.MachineResource, Labels: tkg.LabelCluster + "=" + name, Aside: true, Facts: survey.Whole},
		&survey.Source{Resource: tkg.CoreServiceResource, Aside: true, Quiet: true, Facts: survey.Whole},
		&survey.Source{Resource: tkg.InfraResource, Fields: "metadata.name=" + infra, Aside: true, Quiet: true, Facts: survey.Whole},
		&survey.Source{Resource: tkg.BootstrapResource, Aside: true, Facts: survey.Whole},
		&survey.Source{Resource: tkg.VKSReleaseResource, Cluster: true, Aside: true, Quiet: true, Facts: release},
		&survey.Source{Resource: tkg.TanzuReleaseResource, Cluster: true, Aside: true, Quiet: true, Facts: release},
		&survey.Source{Resource: tkg.VKSImageResource, Cluster: true, Aside: true, Quiet: true, Bare: true, Facts: nothing},
		&survey.Source{Resource: tkg.TanzuImageResource, Cluster: true, Aside: true, Quiet: true, Bare: true, Facts: nothing},
	)
}

// readdressed finds a cluster that advertises the address of an earlier one of its name.
func (c clusterPage) readdressed() {
	p := tkg.EndpointParts{Cluster: c.object, Infra: c.objects(tkg.InfraResource), Balancers: c.objects(tkg.ServiceResource)}
	if c.parts.IsUnread(c.item.Place, tkg.ServiceResource, c.item.Metadata.Namespace) {
		p.Services = c.objects(tkg.CoreServiceResource)
	}
	if err := p.Readdressed(""); err != nil {
		c.wrong("The cluster: "+err.Error(), failure.Readdressed)
	}
}

// objects returns the parts of a resource.
func (c clusterPage) objects(resource kubeapi.Resource) (all []kubeapi.Object) {
	for _, i := range c.parts.Of(resource) {
		all = append(all, i.Facts.(kubeapi.Object))
	}
	return all
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
func (c clusterPage) behind(s *survey.Site) {
	if c.cluster.Spec.Paused {
		todo := ""
		if kubectl := kubectl(s, c.item.Place, c.item.Metadata.Namespace); kubectl != "" {
			todo = fmt.Sprintf(`Whoever paused it may have a reason. To go on, type: %spatch clusters.cluster.x-k8s.io %s --type merge -p '{"spec":{"paused":false}}'`,
				kubectl, failure.Quote(c.item.Metadata.Name))
		}
		c.wrong("It is paused: no controller looks at it", todo)
	}
	if observed := c.cluster.Status.Observed; observed != 0 && observed < c.object.Metadata.Generation {
		c.wrong("Its controllers have not seen the last change yet", soon)
	}
	if len(c.cluster.All()) == 0 {
		c.wrong("Its controllers have said nothing about it yet", soon)
	}
	if infra, found := c.cluster.All().Find("InfrastructureReady"); c.facts.Endpoint == "" && (!found || infra.Status != "False") {
		c.wrong("Its API server has no address yet", soon)
	}
	if message := c.pending.Event(c.item, tkg.ClusterResource.Kind, c.item.Metadata.Name); message != "" && c.facts.State != "ready" {
		c.wrong("A warning: "+safetext.Line(message, maxMessage), "")
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

// pools adds the control plane and the pools of workers: how many nodes they should have, and have.
func (c clusterPage) pools() {
	type pool struct{ wanted, nodes, ready int }
	topology := c.cluster.Spec.Topology
	names, pools := []string{tkg.ControlPlaneRole}, map[string]*pool{tkg.ControlPlaneRole: {wanted: topology.ControlPlane.Replicas}}
	for _, p := range topology.Workers.Pools {
		names, pools[p.Name] = append(names, p.Name), &pool{wanted: p.Replicas}
	}
	for _, o := range c.objects(tkg.MachineResource) {
		m := tkg.MachineOf(o)
		if pools[m.Role] == nil {
			names, pools[m.Role] = append(names, m.Role), &pool{}
		}
		pools[m.Role].nodes++
		if m.All().Word("Ready") == "yes" {
			pools[m.Role].ready++
		}
	}
	if c.parts.IsUnread(c.item.Place, tkg.MachineResource, c.item.Metadata.Namespace) {
		return
	}
	var rows [][]string
	for _, name := range names {
		p := pools[name]
		if p.wanted+p.nodes == 0 {
			continue
		}
		if p.nodes < p.wanted && c.cluster.All().Word("ControlPlaneInitialized") == "yes" {
			c.wrong(fmt.Sprintf("It should have %d nodes in %q, and has %d", p.wanted, name, p.nodes), soon)
		}
		wanted := "" // An autoscaler decides, or an older API says it elsewhere.
		if p.wanted > 0 {
			wanted = strconv.Itoa(p.wanted)
		}
		rows = append(rows, []string{name, wanted, strconv.Itoa(p.nodes), strconv.Itoa(p.ready)})
	}
	c.table("Control plane and pools", []string{"NAME", "WANTED", "NODES", "READY"}, rows)
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
	for _, o := range c.objects(tkg.MachineResource) {
		m := tkg.MachineOf(o)
		vm, found := vms[o.Metadata.Name]
		if !found {
			vm = vms[m.Spec.Infrastructure.Name]
		}
		if ready, _ := m.All().Find("Ready"); ready.Status == "False" {
			c.wrong(strings.TrimSuffix(fmt.Sprintf("The node %s is not ready: %s", o.Metadata.Name, cmp.Or(messageOf(ready), ready.Reason)), ": "), "")
		}
		rows = append(rows, []string{o.Metadata.Name, m.Role, m.All().Word("Ready"), vm.Spec.Class, cmp.Or(m.Spec.Zone, vm.Status.Zone), cmp.Or(vm.Address(), m.Address()), vm.Status.Power, m.Spec.Version})
	}
	c.table("Nodes", []string{"NAME", "ROLE", "READY", "CLASS", "ZONE", "ADDRESS", "POWER", "VERSION"}, rows)
}

// balancers adds the load balancers of the cluster.
func (c clusterPage) balancers(s *survey.Site) {
	c.services(s, c.parts, func(_ survey.Item, f tkg.ServiceFacts) bool {
		own := f.Infra != "" && f.Infra == c.cluster.Spec.Infrastructure.Name
		return own || f.Cluster == c.item.Metadata.Name
	})
}
