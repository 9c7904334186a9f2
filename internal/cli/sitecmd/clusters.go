package sitecmd

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

var (
	capiCluster = kubeapi.Resource{Group: groupCAPI, Plural: "clusters", Kind: "Cluster"}
	tkcCluster  = kubeapi.Resource{Group: groupTanzu, Plural: "tanzukubernetesclusters", Kind: "TanzuKubernetesCluster"}
)

func clusterKind() *kind {
	return &kind{
		name: "clusters", aliases: []string{"cluster", "cl", "tkc", "tkcs", "tanzukubernetescluster", "tanzukubernetesclusters"},
		short: "TKG (VKS) clusters, and the contexts for them",
		sources: []*source{
			{resource: capiCluster, facts: func(o kubeapi.Object) any { return clusterFactsOf(o) }},
			{resource: tkcCluster, facts: func(o kubeapi.Object) any { return tkcFactsOf(o) }},
		},
		rows: clusterRows,
	}
}

// clusterFacts are what a list shows of a cluster.
type clusterFacts struct {
	version  string
	upgrades []string
	ready    int // nodes
	nodes    int
	endpoint string
	state    string
	class    string
}

// replicas are the counters of a part of a cluster (Cluster API v1beta2, and v1beta1 under status.v1beta2).
type replicas struct {
	Desired *int `json:"desiredReplicas"`
	Ready   int  `json:"readyReplicas"`
}

// clusterObject is what is read of a Cluster, in both versions of Cluster API.
type clusterObject struct {
	Spec struct {
		Endpoint endpoint `json:"controlPlaneEndpoint"`
		Paused   bool     `json:"paused"`
		Topology struct {
			Class    string `json:"class"` // v1beta1
			ClassRef struct {
				Name string `json:"name"`
			} `json:"classRef"`
			Version      string `json:"version"`
			ControlPlane struct {
				Replicas int `json:"replicas"`
			} `json:"controlPlane"`
			Workers struct {
				Pools []struct {
					Name     string `json:"name"`
					Class    string `json:"class"`
					Replicas int    `json:"replicas"`
					Zone     string `json:"failureDomain"`
				} `json:"machineDeployments"`
			} `json:"workers"`
			Variables []variable `json:"variables"`
		} `json:"topology"`
		Infrastructure reference `json:"infrastructureRef"`
	} `json:"spec"`
	Status struct {
		Phase        string     `json:"phase"`
		Observed     int64      `json:"observedGeneration"`
		Conditions   conditions `json:"conditions"`
		ControlPlane replicas   `json:"controlPlane"`
		Workers      replicas   `json:"workers"`
		Next         struct {   // in v1beta1
			Conditions   conditions `json:"conditions"`
			ControlPlane replicas   `json:"controlPlane"`
			Workers      replicas   `json:"workers"`
		} `json:"v1beta2"`
		Deprecated struct { // in v1beta2
			Before struct {
				Conditions conditions `json:"conditions"`
			} `json:"v1beta1"`
		} `json:"deprecated"`
	} `json:"status"`
}

type endpoint struct {
	Host string `json:"host"`
	Port int    `json:"port"`
}

func (e endpoint) String() string {
	if e.Host == "" {
		return ""
	}
	return net.JoinHostPort(strings.Trim(e.Host, "[]"), strconv.Itoa(e.Port))
}

type reference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func clusterFactsOf(o kubeapi.Object) clusterFacts {
	var c clusterObject
	o.Decode(&c)
	f := clusterFacts{
		version: c.Spec.Topology.Version, endpoint: c.Spec.Endpoint.String(), upgrades: upgradesOf(c.all()),
		class: orElse(c.Spec.Topology.Class, c.Spec.Topology.ClassRef.Name), state: c.state(o),
	}
	for _, part := range []replicas{c.Status.ControlPlane, c.Status.Workers, c.Status.Next.ControlPlane, c.Status.Next.Workers} {
		if part.Desired != nil {
			f.ready, f.nodes = f.ready+part.Ready, f.nodes+*part.Desired
		}
	}
	return f
}

// all returns the conditions of both versions of Cluster API, the newer ones first.
func (c clusterObject) all() conditions {
	return slices.Concat(c.Status.Next.Conditions, c.Status.Conditions, c.Status.Deprecated.Before.Conditions)
}

// state returns whether a cluster is ready, in a word or two. The phase Provisioned says only that its objects were made.
func (c clusterObject) state(o kubeapi.Object) string {
	available, found := c.all().find("Available")
	if !found {
		available, found = c.all().find("Ready")
	}
	switch {
	case !o.Metadata.Deleted.IsZero():
		return "deleting"
	case c.Spec.Paused:
		return "paused"
	case found && available.Status == "True" && !available.stale(o) && !(c.Status.Observed != 0 && c.Status.Observed < o.Metadata.Generation):
		return "ready"
	case found && available.Status == "True":
		return "changing"
	case found && available.Reason != "":
		return "not ready: " + available.Reason
	case found:
		return "not ready"
	}
	return orElse(strings.ToLower(c.Status.Phase), "unknown")
}

// tkcObject is what is read of a TanzuKubernetesCluster (v1alpha3, and v1alpha2).
type tkcObject struct {
	Spec struct {
		Topology struct {
			ControlPlane struct {
				Replicas int `json:"replicas"`
				Release  struct {
					Reference reference `json:"reference"`
				} `json:"tkr"`
			} `json:"controlPlane"`
		} `json:"topology"`
	} `json:"spec"`
	Status struct {
		Phase      string     `json:"phase"`
		Version    string     `json:"version"`
		Conditions conditions `json:"conditions"`
		Endpoints  []endpoint `json:"apiEndpoints"`
	} `json:"status"`
}

func tkcFactsOf(o kubeapi.Object) clusterFacts {
	var c tkcObject
	o.Decode(&c)
	f := clusterFacts{
		version: orElse(c.Spec.Topology.ControlPlane.Release.Reference.Name, releaseName(c.Status.Version)), upgrades: upgradesOf(c.Status.Conditions),
		state: orElse(c.Status.Phase, "unknown"),
	}
	if ready, found := c.Status.Conditions.find("Ready"); found {
		f.state = "not ready"
		if ready.Status == "True" {
			f.state = "ready"
		}
	}
	if len(c.Status.Endpoints) > 0 {
		f.endpoint = c.Status.Endpoints[0].String()
	}
	return f
}

// upgradesOf returns the releases that a cluster may be upgraded to, as topology.version wants them.
func upgradesOf(all conditions) (releases []string) {
	c, found := all.find("UpdatesAvailable")
	if !found || c.Status != "True" {
		return nil
	}
	for version := range strings.FieldsSeq(strings.Trim(c.Message, "[]")) {
		releases = append(releases, releaseName(version))
	}
	return releases
}

// releaseName returns the name of a release by its version: a name cannot have a plus sign.
func releaseName(version string) string { return strings.ReplaceAll(version, "+", "---") }

var clusterColumns = columnsOf("CONTEXT", "TOKEN", "VERSION", "UPGRADES", "NODES", "ENDPOINT", "STATE", "", "CLASS", "API", "AGE")

// clusterRows joins the twins of both APIs, and the contexts and tokens of the user.
func clusterRows(r *reading) (all []row) {
	type twins struct{ cluster, tkc *item }
	byName := map[string]*twins{}
	var order []string
	for i := range r.items {
		it := &r.items[i]
		id := it.place.key.Server + "\x00" + it.Metadata.Namespace + "\x00" + it.Metadata.Name
		if byName[id] == nil {
			byName[id] = &twins{}
			order = append(order, id)
		}
		if it.source.resource == capiCluster {
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
		f := it.facts.(clusterFacts)
		if t.cluster != nil && t.tkc != nil {
			apis = "both"
			f = f.orElse(t.tkc.facts.(clusterFacts))
		}
		key := it.place.clusterKey(it.Metadata.Namespace, it.Metadata.Name)
		all = append(all, it.row(clusterColumns, r.contextsOf(key), r.tokenOf(key), f.version, strings.Join(f.upgrades, ","), f.count(), f.endpoint, f.state, f.class, apis, r.age(it)))
	}
	return all
}

// orElse fills in what a cluster does not say from its twin.
func (f clusterFacts) orElse(twin clusterFacts) clusterFacts {
	f.version, f.endpoint = orElse(f.version, twin.version), orElse(f.endpoint, twin.endpoint)
	if len(f.upgrades) == 0 {
		f.upgrades = twin.upgrades
	}
	return f
}

// count returns the number of nodes that are ready, of all.
func (f clusterFacts) count() string {
	if f.nodes == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", f.ready, f.nodes)
}

// age returns how long ago an object was made.
func (r *reading) age(i *item) string {
	if i.Metadata.Created.IsZero() {
		return ""
	}
	return console.Span(r.env.Now().Sub(i.Metadata.Created))
}

// orElse returns the first text that is not empty.
func orElse(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
