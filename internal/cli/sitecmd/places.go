package sitecmd

import (
	"strconv"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func namespaceKind() *kind {
	return &kind{
		name: "namespaces", aliases: []string{"namespace", "ns"}, short: "vSphere Namespaces, and the contexts for them", whole: true,
		sources: []*survey.Source{{Resource: tkg.ClusterResource, Facts: counted, Bare: true}, {Resource: tkg.VMResource, Facts: counted, Bare: true}},
		rows:    namespaceRows, columns: namespaceColumns,
	}
}

// counted keeps nothing of an object.
func counted(kubeapi.Object) any { return nil }

var namespaceColumns = columnsOf("CONTEXT", "CLUSTERS", "VMS", "STATE")

// namespaceRows returns the namespaces that were looked into.
func namespaceRows(r *survey.Reading) (all []row) {
	counts := map[string]int{}
	for _, i := range r.Items {
		counts[i.Place.Key.Server+" "+i.Metadata.Namespace+" "+i.Source.Resource.Plural]++
	}
	seen := map[string]bool{}
	for _, p := range r.Places {
		for _, ns := range r.Known[p] {
			made := row{server: p.Key.Server, name: ns, resource: "namespaces", columns: namespaceColumns}
			if seen[made.key()] {
				continue
			}
			seen[made.key()] = true
			count := func(s *survey.Source) string {
				if r.IsUnread(p, s.Resource, ns) {
					return "?"
				}
				return strconv.Itoa(counts[p.Key.Server+" "+ns+" "+s.Resource.Plural])
			}
			made.cells = []string{r.ContextIn(p, ns), count(r.Sources[0]), count(r.Sources[1]), namespaceState(r, p, ns)}
			all = append(all, made)
		}
	}
	return all
}

// namespaceState says whether a namespace can be used.
func namespaceState(r *survey.Reading, p *survey.Place, ns string) string {
	switch {
	case r.Listed[p] != nil && !r.Listed[p][ns]:
		return "gone"
	case r.IsUnread(p, tkg.ClusterResource, ns) && r.IsUnread(p, tkg.VMResource, ns):
		return "closed to you, or gone"
	}
	return "open"
}
