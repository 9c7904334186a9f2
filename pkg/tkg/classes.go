package tkg

import (
	"cmp"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// ClusterClassResource is the kind of cluster that a Cluster is made after.
var ClusterClassResource = kubeapi.Resource{Group: GroupCAPI, Plural: "clusterclasses", Kind: "ClusterClass"}

// ClassNamespace is where a Supervisor has the ClusterClasses for all vSphere Namespaces, since VKS 3.4.
const ClassNamespace = "vmware-system-vks-public"

// The labels of a ClusterClass that say for which minor versions of Kubernetes it is.
const (
	labelOldest = "kubernetes.vmware.com/min-version-supported"
	labelNewest = "kubernetes.vmware.com/max-version-supported"
)

// Class is a ClusterClass.
type Class struct {
	Namespace, Name string
	Oldest, Newest  string // minor versions of Kubernetes; empty: it does not say
	Pools           []string
	Required        []string // variables without which no cluster can be made
	Variables       []string // all of them
}

// ClassOf reads a ClusterClass.
func ClassOf(o kubeapi.Object) Class {
	type variable struct {
		Name        string `json:"name"`
		Required    bool   `json:"required"`
		Definitions []struct {
			Required bool `json:"required"`
		} `json:"definitions"`
	}
	var c struct {
		Spec struct {
			Variables []variable `json:"variables"`
			Workers   struct {
				Pools []struct {
					Class string `json:"class"`
				} `json:"machineDeployments"`
			} `json:"workers"`
		} `json:"spec"`
		Status struct {
			Variables []variable `json:"variables"` // also those of extensions
		} `json:"status"`
	}
	o.Decode(&c)
	class := Class{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Oldest: o.Metadata.Labels[labelOldest], Newest: o.Metadata.Labels[labelNewest]}
	for _, p := range c.Spec.Workers.Pools {
		class.Pools = append(class.Pools, p.Class)
	}
	for _, v := range slices.Concat(c.Status.Variables, c.Spec.Variables) {
		if slices.Contains(class.Variables, v.Name) {
			continue
		}
		class.Variables = append(class.Variables, v.Name)
		required := v.Required
		for _, d := range v.Definitions {
			required = required || d.Required
		}
		if required {
			class.Required = append(class.Required, v.Name)
		}
	}
	return class
}

// Supports reports whether the class is for the Kubernetes of a release.
func (c Class) Supports(release string) bool {
	version, ok := Minor(release)
	if !ok {
		return true // The server knows.
	}
	if oldest, ok := Minor(c.Oldest); ok && compare(version, oldest) < 0 {
		return false
	}
	newest, ok := Minor(c.Newest)
	return !ok || compare(version, newest) <= 0
}

func compare(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// Size returns the CPUs and the memory of a VM class, as "2 CPUs, 4Gi"; what is not said is left out.
func Size(o kubeapi.Object) string {
	var c struct {
		Spec struct {
			Hardware struct {
				CPUs   any `json:"cpus"`
				Memory any `json:"memory"`
			} `json:"hardware"`
		} `json:"spec"`
	}
	o.Decode(&c)
	cpus, memory := quantityOf(c.Spec.Hardware.CPUs), quantityOf(c.Spec.Hardware.Memory)
	switch {
	case cpus == "":
		return memory
	case memory == "":
		return cpus + " CPUs"
	}
	return cpus + " CPUs, " + memory
}
