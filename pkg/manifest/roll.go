package manifest

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Roll is how far a change of a cluster is.
type Roll struct {
	Done        bool
	New, Wanted int    // nodes that are as they should be, and ready; how many there should be
	Old         int    // nodes that will go
	Waits       string // what the cluster waits for, in its controllers' words; may be empty
}

// RollOf judges a cluster by its object and its Machines. release is the one that all nodes should have; asked is the object that has the
// sizes.
func RollOf(o, asked kubeapi.Object, machines []kubeapi.Object) Roll {
	var c tkg.Cluster
	o.Decode(&c)
	release := tkg.ReleaseName(ReleaseOf(asked))
	r := Roll{}
	have := map[string]int{}
	for _, machine := range machines {
		m := tkg.MachineOf(machine)
		current, _ := m.All().Find("UpToDate")
		ready, known := m.All().Find("Ready")
		switch {
		case !machine.Metadata.Deleted.IsZero() || !ofRelease(m.Spec.Version, release) || current.Status == "False":
			r.Old++
		case known && ready.Status == "True":
			r.New++
			have[m.Role]++
		}
	}
	r.Done = r.Old == 0 && c.State(o) == "ready" && settled(c, o)
	for _, size := range Sizes(asked) {
		wanted := have[size.Name]
		if size.Nodes != nil {
			wanted = *size.Nodes
		}
		r.Wanted += wanted
		r.Done = r.Done && have[size.Name] == wanted
	}
	r.Waits = waits(c)
	return r
}

// ofRelease reports whether a node has the Kubernetes of a release. A node says a shorter version: v1.33.3+vmware.1-fips of
// v1.33.3---vmware.1-fips-vkr.1.
func ofRelease(version, release string) bool {
	rest, found := strings.CutPrefix(release, tkg.ReleaseName(version))
	return version != "" && found && (rest == "" || rest[0] == '-')
}

// settled reports whether the controllers are done with the last change, as far as they say.
func settled(c tkg.Cluster, o kubeapi.Object) bool {
	if reconciled, found := c.All().Find("TopologyReconciled"); found && (reconciled.Status != "True" || reconciled.Stale(o)) {
		return false
	}
	return !slices.ContainsFunc([]string{"RollingOut", "ScalingUp", "ScalingDown"}, func(name string) bool {
		going, _ := c.All().Find(name)
		return going.Status == "True"
	})
}

// waits returns what the conditions of a cluster say of a change.
func waits(c tkg.Cluster) string {
	for _, name := range []string{"TopologyReconciled", "RollingOut", "ScalingUp", "ScalingDown", "Available"} {
		condition, found := c.All().Find(name)
		goes := name == "RollingOut" || strings.HasPrefix(name, "Scaling")
		if found && condition.Message != "" && (condition.Status == "True") == goes {
			return strings.Join(strings.Fields(condition.Message), " ")
		}
	}
	return ""
}
