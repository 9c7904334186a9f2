package sitecmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func clusterKind() *kind {
	return &kind{
		name: "clusters", aliases: []string{"cluster", "cl", "tkc", "tkcs", "tanzukubernetescluster", "tanzukubernetesclusters"},
		short: "TKG (VKS) clusters, and the contexts for them",
		sources: []*survey.Source{
			{Resource: tkg.ClusterResource, Facts: func(o kubeapi.Object) any { return tkg.ClusterFactsOf(o) }},
			{Resource: tkg.TanzuClusterResource, Facts: func(o kubeapi.Object) any { return tkg.TanzuClusterFactsOf(o) }},
		},
		rows: clusterRows, columns: clusterColumns,
	}
}

const upgradesColumn = "UPGRADES"

var clusterColumns = columnsOf("CONTEXT", "TOKEN", "VERSION", upgradesColumn, "NODES", "ENDPOINT", "STATE", "", "CLASS", "API", "AGE")

// clusterRows joins the twins of both APIs, and the contexts and tokens of the user.
func clusterRows(r *survey.Reading) (all []row) {
	type twins struct{ cluster, tkc *survey.Item }
	byName := map[string]*twins{}
	var order []string
	for i := range r.Items {
		it := &r.Items[i]
		id := it.Place.Key.Server + "\x00" + it.Metadata.Namespace + "\x00" + it.Metadata.Name
		if byName[id] == nil {
			byName[id] = &twins{}
			order = append(order, id)
		}
		if it.Source.Resource == tkg.ClusterResource {
			byName[id].cluster = it
		} else {
			byName[id].tkc = it
		}
	}
	for _, id := range order {
		t := byName[id]
		it, apis := t.cluster, "Cluster"
		if it == nil {
			it, apis = t.tkc, "TanzuKubernetesCluster"
		}
		f := it.Facts.(tkg.ClusterFacts)
		if t.cluster != nil && t.tkc != nil {
			apis = "both"
			f = f.OrElse(t.tkc.Facts.(tkg.ClusterFacts))
		}
		key := it.Place.ClusterKey(it.Metadata.Namespace, it.Metadata.Name)
		made := rowOf(*it, clusterColumns, r.ContextsOf(key), r.TokenOf(key), f.Version, strings.Join(f.Upgrades, ","), f.Count(), f.Endpoint, f.State, f.Class, apis, r.Age(it))
		if others := len(f.Upgrades) - 1; others > 0 {
			made.brief = map[string]string{upgradesColumn: fmt.Sprintf("%s +%d", slices.MaxFunc(f.Upgrades, tkg.Natural), others)}
		}
		all = append(all, made)
	}
	return all
}
