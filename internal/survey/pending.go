package survey

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// PendingSources are what Pending needs beside the services and the virtual machines.
func PendingSources() []*Source {
	pressed := func(o kubeapi.Object) any { return tkg.PressureOf(o) }
	return []*Source{
		{Resource: tkg.EventResource, Aside: true, Quiet: true, Fields: "type=Warning", Facts: func(o kubeapi.Object) any { return tkg.EventFactsOf(o) }},
		{Resource: tkg.IPPoolResource, Aside: true, Quiet: true, Facts: pressed},
		{Resource: tkg.BalancerResource, Aside: true, Quiet: true, Cluster: true, Facts: pressed},
	}
}

// Pending knows why load balancers have no address.
type Pending struct {
	reading *Reading
	events  map[string]string              // the last message by place, namespace, kind and name
	pools   map[*Place]string              // what is wrong with the addresses
	labels  map[string][]map[string]string // of virtual machines, by place and namespace
	asked   int
}

// maxPending bounds for how many load balancers the virtual machines are looked through.
const maxPending = 1000

// Pending returns what a reading of PendingSources says of load balancers. vmLabels returns the labels of a virtual machine.
func (r *Reading) Pending(vmLabels func(Item) map[string]string) *Pending {
	p := &Pending{reading: r, events: map[string]string{}, pools: map[*Place]string{}, labels: map[string][]map[string]string{}}
	for _, i := range r.Items {
		switch i.Source.Resource {
		case tkg.EventResource:
			if about := i.Facts.(tkg.EventFacts); about.Message != "" {
				p.events[i.in()+about.Kind+"\x00"+about.Name] = about.Message
			}
		case tkg.IPPoolResource, tkg.BalancerResource:
			if pressure := i.Facts.(string); pressure != "" {
				p.pools[i.Place] = i.Kind + " " + i.Metadata.Name + ": " + pressure
			}
		case tkg.VMResource:
			p.labels[i.in()] = append(p.labels[i.in()], vmLabels(i))
		}
	}
	return p
}

// in is the same for all objects of a namespace.
func (i Item) in() string {
	return strings.Join([]string{i.Place.Key.ID(), i.Metadata.Namespace, ""}, "\x00")
}

// Event returns the last warning about an object, or "".
func (p *Pending) Event(i Item, kind, name string) string { return p.events[i.in()+kind+"\x00"+name] }

// Why says why a load balancer has no address: what the operators say of it, else what it lacks. It is "" for one that has an address.
func (p *Pending) Why(i Item, f tkg.ServiceFacts) string {
	if f.Kind != "LoadBalancer" || f.Address != "" {
		return ""
	}
	for _, kind := range []string{tkg.ServiceResource.Kind, "Service"} {
		if message := p.Event(i, kind, i.Metadata.Name); message != "" {
			return message
		}
	}
	if pressure := p.pools[i.Place]; pressure != "" {
		return pressure
	}
	p.asked++
	selected := func(labels map[string]string) bool { return tkg.HasLabels(labels, f.Selector) }
	switch {
	case len(f.Selector) > 0 && p.asked <= maxPending && !p.reading.IsUnread(i.Place, tkg.VMResource, i.Metadata.Namespace) && !slices.ContainsFunc(p.labels[i.in()], selected):
		return "no virtual machine has the labels that it selects"
	case i.Metadata.Created.IsZero():
		return "the load balancer has given no address"
	}
	return "the load balancer has given no address for " + p.reading.Age(&i)
}
