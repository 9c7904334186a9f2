package sitecmd

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

var (
	tanzuRelease = kubeapi.Resource{Group: groupTanzu, Plural: "tanzukubernetesreleases", Kind: "TanzuKubernetesRelease"}
	vksRelease   = kubeapi.Resource{Group: groupVKS, Plural: "kubernetesreleases", Kind: "KubernetesRelease"}
	tanzuImage   = kubeapi.Resource{Group: groupTanzu, Plural: "osimages", Kind: "OSImage"}
	vksImage     = kubeapi.Resource{Group: groupVKS, Plural: "osimages", Kind: "OSImage"}
)

func releaseKind() *kind {
	facts := func(o kubeapi.Object) any { return releaseFactsOf(o) }
	image := func(o kubeapi.Object) any { return osOf(o) }
	cluster := func(o kubeapi.Object) any { return clusterFactsOf(o) }
	return &kind{
		name: "releases", aliases: []string{"release", "tkr", "tkrs", "kr", "tanzukubernetesrelease", "tanzukubernetesreleases", "kubernetesreleases"},
		short: "Kubernetes releases for clusters, by the name that a cluster's version wants", whole: true,
		sources: []*source{
			{resource: vksRelease, cluster: true, facts: facts}, {resource: tanzuRelease, cluster: true, facts: facts},
			{resource: vksImage, cluster: true, aside: true, facts: image}, {resource: tanzuImage, cluster: true, aside: true, facts: image},
			{resource: capiCluster, aside: true, facts: cluster},
		},
		rows: releaseRows,
	}
}

type releaseFacts struct {
	version, ready, compatible string
	images                     []string // names of OSImages
}

func releaseFactsOf(o kubeapi.Object) releaseFacts {
	var r struct {
		Spec struct {
			Version string      `json:"version"`
			Images  []reference `json:"osImages"`
		} `json:"spec"`
		Status struct {
			Conditions conditions `json:"conditions"`
		} `json:"status"`
	}
	o.Decode(&r)
	f := releaseFacts{version: r.Spec.Version, ready: r.Status.Conditions.word("Ready"), compatible: r.Status.Conditions.word("Compatible")}
	for _, label := range []string{"incompatible", "deactivated", "invalid"} { // A label without a value.
		if _, there := o.Metadata.Labels[label]; there {
			f.compatible = label
		}
	}
	for _, image := range r.Spec.Images {
		f.images = append(f.images, image.Name)
	}
	return f
}

// osOf returns the operating system of an OSImage.
func osOf(o kubeapi.Object) string {
	var i struct {
		Spec struct {
			OS struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"os"`
		} `json:"spec"`
	}
	o.Decode(&i)
	return orElse(strings.TrimSpace(i.Spec.OS.Name+" "+i.Spec.OS.Version), "yes")
}

// word returns the status of a condition in a word.
func (all conditions) word(name string) string {
	switch c, _ := all.find(name); c.Status {
	case "True":
		return "yes"
	case "False":
		return "no"
	}
	return "unknown"
}

var releaseColumns = columnsOf("VERSION", "READY", "COMPATIBLE", "IMAGE", "CLUSTERS", "", "AGE")

// releaseRows joins releases with their images, without which no cluster can be made, and with the clusters that use them.
func releaseRows(r *reading) (all []row) {
	images, clusters := map[string]string{}, map[string][]string{}
	for _, i := range slices.Concat(r.of(vksImage), r.of(tanzuImage)) {
		images[i.place.key.Server+" "+i.Metadata.Name] = i.facts.(string)
	}
	for _, i := range r.of(capiCluster) {
		id := i.place.key.Server + " " + i.facts.(clusterFacts).version
		clusters[id] = append(clusters[id], i.Metadata.Namespace+"/"+i.Metadata.Name)
	}
	seen := map[string]bool{}
	for _, i := range slices.Concat(r.of(vksRelease), r.of(tanzuRelease)) {
		id := i.place.key.Server + " " + i.Metadata.Name
		if seen[id] {
			continue // It is there in both APIs.
		}
		seen[id] = true
		f := i.facts.(releaseFacts)
		all = append(all, i.row(releaseColumns, f.version, f.ready, f.compatible, f.image(r, i.place, images), strings.Join(clusters[id], ","), r.age(&i)))
	}
	slices.SortStableFunc(all, func(a, b row) int {
		if a.server != b.server {
			return strings.Compare(a.server, b.server)
		}
		return natural(a.name, b.name)
	})
	return all
}

// image returns the operating systems for which a release has an image.
func (f releaseFacts) image(r *reading, p *place, images map[string]string) string {
	var systems []string
	for _, name := range f.images {
		if system := images[p.key.Server+" "+name]; system != "" {
			systems = append(systems, system)
		}
	}
	switch {
	case len(systems) > 0:
		slices.Sort(systems)
		return strings.Join(slices.Compact(systems), ",")
	case r.isUnread(p, vksImage, "") && r.isUnread(p, tanzuImage, ""):
		return "unknown"
	}
	return "none"
}
