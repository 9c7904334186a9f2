package tkg

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// The two APIs of a cluster.
var (
	ClusterResource      = kubeapi.Resource{Group: GroupCAPI, Plural: "clusters", Kind: "Cluster"}
	TanzuClusterResource = kubeapi.Resource{Group: GroupTanzu, Plural: "tanzukubernetesclusters", Kind: "TanzuKubernetesCluster"}
)

// ClusterFacts are what a list shows of a cluster.
type ClusterFacts struct {
	Version  string
	Upgrades []string
	Ready    int // nodes
	Nodes    int
	Endpoint string
	State    string
	Class    string
}

// Replicas are the counters of a part of a cluster (Cluster API v1beta2, and v1beta1 under status.v1beta2).
type Replicas struct {
	Desired *int `json:"desiredReplicas"`
	Ready   int  `json:"readyReplicas"`
}

// Cluster is what is read of a Cluster, in both versions of Cluster API.
type Cluster struct {
	Spec struct {
		Endpoint Endpoint `json:"controlPlaneEndpoint"`
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
			Variables []Variable `json:"variables"`
		} `json:"topology"`
		Infrastructure Reference `json:"infrastructureRef"`
	} `json:"spec"`
	Status struct {
		Phase        string     `json:"phase"`
		Observed     int64      `json:"observedGeneration"`
		Conditions   Conditions `json:"conditions"`
		ControlPlane Replicas   `json:"controlPlane"`
		Workers      Replicas   `json:"workers"`
		Next         struct {   // in v1beta1
			Conditions   Conditions `json:"conditions"`
			ControlPlane Replicas   `json:"controlPlane"`
			Workers      Replicas   `json:"workers"`
		} `json:"v1beta2"`
		Deprecated struct { // in v1beta2
			Before struct {
				Conditions Conditions `json:"conditions"`
			} `json:"v1beta1"`
		} `json:"deprecated"`
	} `json:"status"`
}

// Endpoint is the address of an API server.
type Endpoint struct {
	Host string `json:"host"`
	Port int    `json:"port"`
}

// String returns HOST:PORT, or "" without a host.
func (e Endpoint) String() string {
	if e.Host == "" {
		return ""
	}
	return net.JoinHostPort(strings.Trim(e.Host, "[]"), strconv.Itoa(e.Port))
}

// Reference names another object.
type Reference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// ClusterFactsOf reads a Cluster.
func ClusterFactsOf(o kubeapi.Object) ClusterFacts {
	var c Cluster
	o.Decode(&c)
	f := ClusterFacts{
		Version: c.Spec.Topology.Version, Endpoint: c.Spec.Endpoint.String(), Upgrades: upgradesOf(c.All()),
		Class: cmp.Or(c.Spec.Topology.Class, c.Spec.Topology.ClassRef.Name), State: c.State(o),
	}
	for _, part := range []Replicas{c.Status.ControlPlane, c.Status.Workers, c.Status.Next.ControlPlane, c.Status.Next.Workers} {
		if part.Desired != nil {
			f.Ready, f.Nodes = f.Ready+part.Ready, f.Nodes+*part.Desired
		}
	}
	return f
}

// All returns the conditions of both versions of Cluster API, the newer ones first.
func (c Cluster) All() Conditions {
	return slices.Concat(c.Status.Next.Conditions, c.Status.Conditions, c.Status.Deprecated.Before.Conditions)
}

// stale reports whether the status is of an earlier generation of the object.
func (c Cluster) stale(o kubeapi.Object) bool {
	return c.Status.Observed != 0 && c.Status.Observed < o.Metadata.Generation
}

// State returns whether a cluster is ready, in a word or two. The phase Provisioned says only that its objects were made.
func (c Cluster) State(o kubeapi.Object) string {
	available, found := c.All().Find("Available")
	if !found {
		available, found = c.All().Find("Ready")
	}
	switch {
	case !o.Metadata.Deleted.IsZero():
		return "deleting"
	case c.Spec.Paused:
		return "paused"
	case found && available.Status == "True" && !available.Stale(o) && !c.stale(o):
		return "ready"
	case found && available.Status == "True":
		return "changing"
	case found && available.Reason != "":
		return "not ready: " + available.Reason
	case found:
		return "not ready"
	}
	return cmp.Or(strings.ToLower(c.Status.Phase), "unknown")
}

// TanzuCluster is what is read of a TanzuKubernetesCluster (v1alpha3, and v1alpha2).
type TanzuCluster struct {
	Spec struct {
		Topology struct {
			ControlPlane struct {
				Replicas int `json:"replicas"`
				Release  struct {
					Reference Reference `json:"reference"`
				} `json:"tkr"`
			} `json:"controlPlane"`
		} `json:"topology"`
	} `json:"spec"`
	Status struct {
		Phase      string     `json:"phase"`
		Version    string     `json:"version"`
		Conditions Conditions `json:"conditions"`
		Endpoints  []Endpoint `json:"apiEndpoints"`
	} `json:"status"`
}

// TanzuClusterFactsOf reads a TanzuKubernetesCluster.
func TanzuClusterFactsOf(o kubeapi.Object) ClusterFacts {
	var c TanzuCluster
	o.Decode(&c)
	f := ClusterFacts{
		Version: cmp.Or(c.Spec.Topology.ControlPlane.Release.Reference.Name, ReleaseName(c.Status.Version)), Upgrades: upgradesOf(c.Status.Conditions),
		State: cmp.Or(c.Status.Phase, "unknown"),
	}
	if ready, found := c.Status.Conditions.Find("Ready"); found {
		f.State = "not ready"
		if ready.Status == "True" {
			f.State = "ready"
		}
	}
	if len(c.Status.Endpoints) > 0 {
		f.Endpoint = c.Status.Endpoints[0].String()
	}
	return f
}

// upgradesOf returns the releases that a cluster may be upgraded to, as topology.version wants them.
func upgradesOf(all Conditions) (releases []string) {
	c, found := all.Find("UpdatesAvailable")
	if !found || c.Status != "True" {
		return nil
	}
	for version := range strings.FieldsSeq(strings.Trim(c.Message, "[]")) {
		releases = append(releases, strings.Clone(ReleaseName(version))) // The message may be long.
	}
	return releases
}

// ReleaseName returns the name of a release by its version: a name cannot have a plus sign.
func ReleaseName(version string) string { return strings.ReplaceAll(version, "+", "---") }

// OrElse fills in what a cluster does not say from its twin.
func (f ClusterFacts) OrElse(twin ClusterFacts) ClusterFacts {
	f.Version, f.Endpoint, f.State = cmp.Or(f.Version, twin.Version), cmp.Or(f.Endpoint, twin.Endpoint), cmp.Or(f.State, twin.State)
	if len(f.Upgrades) == 0 {
		f.Upgrades = twin.Upgrades
	}
	return f
}

// Count returns the number of nodes that are ready, of all.
func (f ClusterFacts) Count() string {
	if f.Nodes == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", f.Ready, f.Nodes)
}
