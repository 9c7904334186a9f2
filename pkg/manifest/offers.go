// Package manifest writes the objects that make clusters, of what a vSphere Namespace offers, and finds what the server would refuse, or
// would take and never finish. It says which single field makes a cluster larger or newer, and how far that is. It knows no network.
package manifest

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Part is what an offer, or a problem, is about.
type Part string

// The parts of a cluster.
const (
	Name     Part = "name"
	Releases Part = "releases"
	Classes  Part = "classes"
	VMs      Part = "VM classes"
	Storage  Part = "storage classes"
	Zones    Part = "zones"
	Size     Part = "size"
	Network  Part = "network"
)

// Offers are what a vSphere Namespace has for clusters.
type Offers struct {
	Releases []Release
	Classes  []tkg.Class
	VMs      []VMClass
	Storage  []StorageClass
	Zones    []string
	Names    []TakenName
	Unread   []Part // what could not be read: nothing is said about it
}

// Release is a release of Kubernetes.
type Release struct {
	Name string
	tkg.ReleaseFacts
	Image bool // an image of it is there, as far as is known
}

// VMClass is a size of nodes.
type VMClass struct{ Name, Size string }

// StorageClass is one that the vSphere Namespace may use.
type StorageClass struct {
	Name string
	tkg.Usage
}

// TakenName is the name of a cluster that is there, or was.
type TakenName struct {
	Name string
	By   string // what has it: "a Cluster"; with Left, what is left of an earlier cluster
	Left bool
}

// Unusable says why no cluster can be made of a release; "" means that one can.
func (r Release) Unusable() string {
	switch {
	case r.Compatible != "yes" && r.Compatible != "no" && r.Compatible != "unknown" && r.Compatible != "":
		return "is marked as " + r.Compatible
	case r.Compatible == "no":
		return "is not compatible with this Supervisor"
	case r.Ready == "no":
		return "is not ready"
	case !r.Image:
		return "has no image yet: those of new releases come minutes later"
	}
	return ""
}

// Full reports whether nothing is left of the storage class.
func (s StorageClass) Full() bool {
	left := s.Left()
	return left == "0" || strings.HasPrefix(left, "-")
}

// knows reports whether a part was read.
func (o Offers) knows(p Part) bool { return !slices.Contains(o.Unread, p) }

// Usable returns the releases of which a cluster can be made, the newest first.
func (o Offers) Usable() []Release {
	some := slices.DeleteFunc(slices.Clone(o.Releases), func(r Release) bool { return r.Unusable() != "" })
	order.By(some, func(a, b Release) int { return tkg.Natural(b.Name, a.Name) })
	return some
}

// ClassesFor returns the classes that support a release, the best first: the newest of those that say what they support.
func (o Offers) ClassesFor(release string) []tkg.Class {
	some := slices.DeleteFunc(slices.Clone(o.Classes), func(c tkg.Class) bool { return !c.Supports(release) })
	order.By(some, func(a, b tkg.Class) int {
		if said := (a.Newest != ""); said != (b.Newest != "") {
			if said {
				return -1
			}
			return 1
		}
		return tkg.Natural(b.Name, a.Name)
	})
	return some
}

// find returns the release of a name, or of a version as people write it.
func (o Offers) find(release string) (Release, bool) {
	i := slices.IndexFunc(o.Releases, func(r Release) bool { return r.Name == tkg.ReleaseName(release) })
	if i < 0 {
		return Release{}, false
	}
	return o.Releases[i], true
}

// class returns the class of a name.
func (o Offers) class(name string) (tkg.Class, bool) {
	i := slices.IndexFunc(o.Classes, func(c tkg.Class) bool { return c.Name == name })
	if i < 0 {
		return tkg.Class{}, false
	}
	return o.Classes[i], true
}
