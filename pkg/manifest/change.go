package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Change changes one thing of a cluster, if it still is what it was.
type Change struct {
	From, To   string
	Operations []kubeapi.Operation // none: nothing is to be done
	Appliers   []string            // of Scale: those who set the number back (kubeapi.Object.Appliers)
}

// pool is a pool of a Cluster or of a TanzuKubernetesCluster.
type pool struct {
	Name     string `json:"name"`
	Replicas *int   `json:"replicas"`
	Metadata struct {
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Release tanzuRelease `json:"tkr"`
}

type tanzuRelease struct {
	Reference struct {
		Name string `json:"name"`
	} `json:"reference"`
}

// sized is the part of both kinds of cluster that is changed.
type sized struct {
	Spec struct {
		Topology *struct {
			Version      string `json:"version"`
			ControlPlane struct {
				Replicas *int         `json:"replicas"`
				Release  tanzuRelease `json:"tkr"`
			} `json:"controlPlane"`
			Workers struct {
				Pools []pool `json:"machineDeployments"`
			} `json:"workers"`
			NodePools []pool `json:"nodePools"`
		} `json:"topology"`
	} `json:"spec"`
}

// ErrNoTopology is the error of a cluster that is not made after a class: its parts are changed one by one.
var ErrNoTopology = errors.New("it has no topology")

func sizedOf(o kubeapi.Object) (sized, error) {
	var s sized
	if o.Decode(&s); s.Spec.Topology == nil {
		return s, ErrNoTopology
	}
	return s, nil
}

// isTanzu reports whether an object is a TanzuKubernetesCluster.
func isTanzu(o kubeapi.Object) bool { return o.Kind == tkg.TanzuClusterResource.Kind }

// ReleaseOf returns the release that a cluster should have, as its object spells it.
func ReleaseOf(o kubeapi.Object) string {
	s, err := sizedOf(o)
	if err != nil {
		return ""
	}
	if isTanzu(o) {
		return s.Spec.Topology.ControlPlane.Release.Reference.Name
	}
	return s.Spec.Topology.Version
}

// topologyField is the path to a field below the topology.
func topologyField(below ...string) kubeapi.Field {
	return append(kubeapi.Field{"f:spec", "f:topology"}, below...)
}

// releaseAppliers returns those who set the release back when it is changed.
func releaseAppliers(o kubeapi.Object) []string {
	if isTanzu(o) {
		return o.Appliers(topologyField("f:controlPlane", "f:tkr", "f:reference", "f:name"))
	}
	return o.Appliers(topologyField("f:version"))
}

// same tests that the object is not another one of its name.
func same(o kubeapi.Object) kubeapi.Operation {
	return kubeapi.Operation{Op: "test", Path: "/metadata/uid", Value: o.Metadata.UID}
}

// set replaces a value if it is still the one that was read.
func set(path string, from, to any) []kubeapi.Operation {
	return []kubeapi.Operation{{Op: "test", Path: path, Value: from}, {Op: "replace", Path: path, Value: to}}
}

// Upgrade gives a cluster another release. Of a TanzuKubernetesCluster, all pools that name one get it.
func Upgrade(o kubeapi.Object, to string) (Change, error) {
	s, err := sizedOf(o)
	if err != nil {
		return Change{}, err
	}
	c := Change{From: ReleaseOf(o), To: to}
	if tkg.ReleaseName(c.From) == to {
		return c, nil
	}
	c.Operations = append(c.Operations, same(o))
	if !isTanzu(o) {
		c.Operations = append(c.Operations, set("/spec/topology/version", c.From, to)...)
		return c, nil
	}
	c.Operations = append(c.Operations, set("/spec/topology/controlPlane/tkr/reference/name", c.From, to)...)
	for i, p := range s.Spec.Topology.NodePools {
		if from := p.Release.Reference.Name; from != "" {
			c.Operations = append(c.Operations, set(fmt.Sprintf("/spec/topology/nodePools/%d/tkr/reference/name", i), from, to)...)
		}
	}
	return c, nil
}

// The annotations of a pool whose size an autoscaler decides
// (https://cluster-api.sigs.k8s.io/tasks/automated-machine-management/autoscaling).
const autoscaled = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-"

// PoolError is the error of a pool that cannot be scaled.
type PoolError struct {
	Name   string
	Pools  []string // those that there are; nil: the pool is there
	Reason string
}

// Error says why.
func (e *PoolError) Error() string {
	switch {
	case e.Reason != "":
		return fmt.Sprintf("the pool %s %s", e.Name, e.Reason)
	case len(e.Pools) == 0:
		return fmt.Sprintf("there is no pool %q: the cluster has none", e.Name)
	}
	return fmt.Sprintf("there is no pool %q; there are %s", e.Name, strings.Join(e.Pools, ", "))
}

// Scale gives a pool another number of nodes. The error is a *PoolError if that cannot be done.
func Scale(o kubeapi.Object, name string, nodes int) (Change, error) {
	s, err := sizedOf(o)
	if err != nil {
		return Change{}, err
	}
	pools, path := s.Spec.Topology.Workers.Pools, "/spec/topology/workers/machineDeployments"
	field := topologyField("f:workers", "f:machineDeployments", kubeapi.Element(name), "f:replicas")
	if isTanzu(o) {
		pools, path = s.Spec.Topology.NodePools, "/spec/topology/nodePools"
		field = topologyField("f:nodePools", kubeapi.Element(name), "f:replicas")
	}
	i := slices.IndexFunc(pools, func(p pool) bool { return p.Name == name })
	if i < 0 {
		e := &PoolError{Name: name}
		for _, p := range pools {
			e.Pools = append(e.Pools, p.Name)
		}
		return Change{}, e
	}
	for key := range pools[i].Metadata.Annotations {
		if strings.HasPrefix(key, autoscaled) {
			return Change{}, &PoolError{Name: name, Reason: "has an autoscaler, which decides how many nodes it has"}
		}
	}
	c, at := Change{To: fmt.Sprint(nodes), Appliers: o.Appliers(field)}, fmt.Sprintf("%s/%d", path, i)
	if p := pools[i].Replicas; p != nil {
		if c.From = fmt.Sprint(*p); *p == nodes {
			return c, nil
		}
	}
	// The name is tested too: the list may have changed meanwhile.
	c.Operations = []kubeapi.Operation{same(o), {Op: "test", Path: at + "/name", Value: name}}
	if p := pools[i].Replicas; p != nil {
		c.Operations = append(c.Operations, set(at+"/replicas", *p, nodes)...)
		return c, nil
	}
	c.Operations = append(c.Operations, kubeapi.Operation{Op: "add", Path: at + "/replicas", Value: nodes})
	return c, nil
}

// PoolSize is how many nodes a part of a cluster should have; nil: somebody else decides.
type PoolSize struct {
	Name  string
	Nodes *int
}

// Sizes returns the control plane (tkg.ControlPlaneRole) and the pools of a cluster.
func Sizes(o kubeapi.Object) []PoolSize {
	s, err := sizedOf(o)
	if err != nil {
		return nil
	}
	all := []PoolSize{{tkg.ControlPlaneRole, s.Spec.Topology.ControlPlane.Replicas}}
	for _, p := range slices.Concat(s.Spec.Topology.Workers.Pools, s.Spec.Topology.NodePools) {
		all = append(all, PoolSize{cmp.Or(p.Name, "worker"), p.Replicas})
	}
	return all
}
