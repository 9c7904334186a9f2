package sitecmd

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func releaseKind() *kind {
	facts := func(o kubeapi.Object) any { return tkg.ReleaseFactsOf(o) }
	image := func(o kubeapi.Object) any { return tkg.SystemOf(o) }
	cluster := func(o kubeapi.Object) any { return tkg.ClusterFactsOf(o) }
	return &kind{
		name: "releases", aliases: []string{"release", "tkr", "tkrs", "kr", "tanzukubernetesrelease", "tanzukubernetesreleases", "kubernetesreleases"},
		short: "Kubernetes releases for clusters, by the name that a cluster's version wants", whole: true, together: true,
		sources: []*survey.Source{
			{Resource: tkg.VKSReleaseResource, Cluster: true, Facts: facts}, {Resource: tkg.TanzuReleaseResource, Cluster: true, Facts: facts},
			{Resource: tkg.VKSImageResource, Cluster: true, Aside: true, Facts: image}, {Resource: tkg.TanzuImageResource, Cluster: true, Aside: true, Facts: image},
			{Resource: tkg.ClusterResource, Aside: true, Facts: cluster},
		},
		rows: releaseRows, columns: releaseColumns,
	}
}

var releaseColumns = columnsOf("VERSION", "READY", "COMPATIBLE", "IMAGE", "CLUSTERS", "", "AGE")

// releaseRows joins releases with their images, without which no cluster can be made, and with the clusters that use them.
func releaseRows(r *survey.Reading) (all []row) {
	images, clusters := map[string]string{}, map[string][]string{}
	for _, i := range slices.Concat(r.Of(tkg.VKSImageResource), r.Of(tkg.TanzuImageResource)) {
		images[i.Place.Key.Server+" "+i.Metadata.Name] = i.Facts.(string)
	}
	for _, i := range r.Of(tkg.ClusterResource) {
		id := i.Place.Key.Server + " " + i.Facts.(tkg.ClusterFacts).Version
		clusters[id] = append(clusters[id], i.Metadata.Namespace+"/"+i.Metadata.Name)
	}
	seen := map[string]bool{}
	for _, i := range slices.Concat(r.Of(tkg.VKSReleaseResource), r.Of(tkg.TanzuReleaseResource)) {
		id := i.Place.Key.Server + " " + i.Metadata.Name
		if seen[id] {
			continue // It is there in both APIs.
		}
		seen[id] = true
		f := i.Facts.(tkg.ReleaseFacts)
		all = append(all, rowOf(i, releaseColumns, f.Version, f.Ready, f.Compatible, imageOf(r, f, i.Place, images), strings.Join(clusters[id], ","), r.Age(&i)))
	}
	order.By(all, func(a, b row) int {
		if a.server != b.server {
			return strings.Compare(a.server, b.server)
		}
		return tkg.Natural(a.name, b.name)
	})
	return all
}

// imageOf returns the operating systems for which a release has an image.
func imageOf(r *survey.Reading, f tkg.ReleaseFacts, p *survey.Place, images map[string]string) string {
	var systems []string
	for _, name := range f.Images {
		if system := images[p.Key.Server+" "+name]; system != "" {
			systems = append(systems, system)
		}
	}
	switch {
	case len(systems) > 0:
		slices.Sort(systems)
		return strings.Join(slices.Compact(systems), ",")
	case r.IsUnread(p, tkg.VKSImageResource, "") && r.IsUnread(p, tkg.TanzuImageResource, ""):
		return "unknown"
	}
	return "none"
}
