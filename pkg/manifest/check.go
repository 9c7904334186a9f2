package manifest

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
)

// Problem is why a cluster would be refused, or would never be ready.
type Problem struct {
	Part Part
	Text string // a sentence without a full stop
}

// maxName bounds the name of a cluster: the names of its nodes and Secrets are longer, and some are labels.
const maxName = 42

// Check returns what is wrong with a plan, by what the vSphere Namespace offers. The server finds some of it only once it makes the cluster.
func (p Plan) Check(o Offers) (all []Problem) {
	wrong := func(part Part, format string, args ...any) {
		all = append(all, Problem{part, fmt.Sprintf(format, args...)})
	}
	p.checkName(o, wrong)
	p.checkRelease(o, wrong)
	if !p.Tanzu {
		p.checkClass(o, wrong)
	}
	p.checkSize(wrong)
	p.checkPlace(o, wrong)
	p.checkNetwork(wrong)
	return all
}

// wrongFunc adds a problem.
type wrongFunc = func(part Part, format string, args ...any)

func (p Plan) checkName(o Offers, wrong wrongFunc) {
	if !address.IsLabel(p.Name) || len(p.Name) > maxName || p.Name[0] >= '0' && p.Name[0] <= '9' {
		wrong(Name, "%.80q is not a name of a cluster: lower-case letters, digits and dashes, at most %d, a letter first", p.Name, maxName)
	}
	for _, n := range o.Names {
		switch {
		case n.Name != p.Name:
		case n.Left:
			wrong(Name, "the name %s was used before (there is %s): the cluster may advertise the address of the earlier one, and never come up", p.Name, n.By)
		default:
			wrong(Name, "there is %s %s already", n.By, p.Name)
		}
	}
}

func (p Plan) checkRelease(o Offers, wrong wrongFunc) {
	if !o.knows(Releases) {
		return
	}
	r, found := o.find(p.Release)
	if !found {
		wrong(Releases, "there is no release %s", p.Release)
		return
	}
	if why := r.Unusable(); why != "" {
		wrong(Releases, "the release %s %s", p.Release, why)
	}
}

func (p Plan) checkClass(o Offers, wrong wrongFunc) {
	class, found := o.class(p.Class)
	switch {
	case !found && o.knows(Classes):
		wrong(Classes, "there is no ClusterClass %s", p.Class)
		return
	case !found:
		return
	case !class.Supports(p.Release):
		wrong(Classes, "the ClusterClass %s is for Kubernetes %s to %s, and the release is %s", p.Class, class.Oldest, class.Newest, p.Release)
	}
	set := []string{varVMClass, varStorageClass}
	for _, v := range p.Variables {
		if slices.Contains(set, v.Name) {
			wrong(Classes, "the variable %s is set twice", v.Name)
		}
		set = append(set, v.Name)
	}
	for _, name := range class.Required {
		if !slices.Contains(set, name) {
			wrong(Classes, "the ClusterClass %s wants the variable %s", p.Class, name)
		}
	}
	for _, name := range set {
		if len(class.Variables) > 0 && !slices.Contains(class.Variables, name) {
			wrong(Classes, "the ClusterClass %s has no variable %s", p.Class, name)
		}
	}
}

func (p Plan) checkSize(wrong wrongFunc) {
	if p.ControlPlane < 1 || p.ControlPlane%2 == 0 || p.ControlPlane > 7 {
		wrong(Size, "a control plane has 1, 3 or 5 nodes, not %d: etcd needs a majority", p.ControlPlane)
	}
	var names []string
	for _, pool := range p.Pools {
		if !address.IsLabel(pool.Name) {
			wrong(Size, "%.80q is not a name of a pool: lower-case letters, digits and dashes", pool.Name)
		}
		if slices.Contains(names, pool.Name) {
			wrong(Size, "there are two pools %s", pool.Name)
		}
		names = append(names, pool.Name)
	}
}

// checkPlace checks what nodes are made of, and where.
func (p Plan) checkPlace(o Offers, wrong wrongFunc) {
	vms, storage, zones := []string{p.VMClass}, []string{p.StorageClass}, []string{}
	for _, pool := range p.Pools {
		vms, storage, zones = append(vms, pool.VMClass), append(storage, pool.StorageClass), append(zones, pool.Zone)
	}
	for _, name := range distinct(vms) {
		if o.knows(VMs) && !slices.ContainsFunc(o.VMs, func(c VMClass) bool { return c.Name == name }) {
			wrong(VMs, "the VM class %s is not bound to the vSphere Namespace %s", name, p.Namespace)
		}
	}
	for _, name := range distinct(storage) {
		i := slices.IndexFunc(o.Storage, func(s StorageClass) bool { return s.Name == name })
		switch {
		case i < 0 && o.knows(Storage):
			wrong(Storage, "the vSphere Namespace %s may not use the storage class %s", p.Namespace, name)
		case i >= 0 && o.Storage[i].Full():
			wrong(Storage, "nothing is left of the storage class %s: %s of %s are used", name, o.Storage[i].Used, o.Storage[i].Limit)
		}
	}
	for _, name := range distinct(zones) {
		if o.knows(Zones) && !slices.Contains(o.Zones, name) {
			wrong(Zones, "the vSphere Namespace %s has no zone %s", p.Namespace, name)
		}
	}
}

// distinct returns each name once. Empty ones are left out.
func distinct(names []string) []string {
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
}

func (p Plan) checkNetwork(wrong wrongFunc) {
	var blocks []netip.Prefix
	for _, typed := range []string{p.Pods, p.Services} {
		if typed == "" {
			continue
		}
		block, err := netip.ParsePrefix(typed)
		if err != nil || block != block.Masked() {
			wrong(Network, "%.80q is not a block of addresses such as 192.168.0.0/16", typed)
			continue
		}
		blocks = append(blocks, block)
	}
	if len(blocks) == 2 && blocks[0].Overlaps(blocks[1]) {
		wrong(Network, "the addresses of pods (%s) and of services (%s) overlap", blocks[0], blocks[1])
	}
}

// Needed returns the parts that a plan does not say and cannot do without.
func (p Plan) Needed() (parts []Part) {
	for _, part := range []struct {
		part Part
		said bool
	}{{Releases, p.Release != ""}, {Classes, p.Class != "" || p.Tanzu}, {VMs, p.VMClass != ""}, {Storage, p.StorageClass != ""}} {
		if !part.said {
			parts = append(parts, part.part)
		}
	}
	return parts
}
