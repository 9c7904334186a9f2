// Package pending says why load balancers of a survey have no address.
package pending

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Sources are what Of needs beside the services and the virtual machines.
func Sources() []*survey.Source {
	pressed := func(o kubeapi.Object) any { return tkg.PressureOf(o) }
	return []*survey.Source{
		{Resource: tkg.EventResource, Aside: true, Quiet: true, Fields: "type=Warning", Facts: func(o kubeapi.Object) any { return tkg.EventFactsOf(o) }},
		{Resource: tkg.IPPoolResource, Aside: true, Quiet: true, Facts: pressed},
		{Resource: tkg.BalancerResource, Aside: true, Quiet: true, Cluster: true, Facts: pressed},
	}
}

// Reasons knows why load balancers have no address.
type Reasons struct {
	reading *survey.Reading
	unread  func(p *survey.Place, resource kubeapi.Resource, namespace string) bool
	events  map[string]string              // the last message by place, namespace, kind and name
	pools   map[*survey.Place]string       // what is wrong with the addresses
	labels  map[string][]map[string]string // of virtual machines, by place and namespace
	asked   int
}

// maxPending bounds for how many load balancers the virtual machines are looked through.
const maxPending = 1000

// Of returns what a reading of Sources says of load balancers. vmLabels returns the labels of a virtual machine.
func Of(r *survey.Reading, vmLabels func(survey.Item) map[string]string) *Reasons {
	p := &Reasons{reading: r, unread: r.IsUnread, events: map[string]string{}, pools: map[*survey.Place]string{}, labels: map[string][]map[string]string{}}
	for _, i := range r.Items {
		switch i.Source.Resource {
		case tkg.EventResource:
			if about := i.Facts.(tkg.EventFacts); about.Message != "" {
				p.events[in(i)+about.Kind+"\x00"+about.Name] = about.Message
			}
		case tkg.IPPoolResource, tkg.BalancerResource:
			if pressure := i.Facts.(string); pressure != "" {
				p.pools[i.Place] = i.Kind + " " + i.Metadata.Name + ": " + pressure
			}
		case tkg.VMResource:
			p.labels[in(i)] = append(p.labels[in(i)], vmLabels(i))
		}
	}
	return p
}

// in is the same for all objects of a namespace.
func in(i survey.Item) string {
	return strings.Join([]string{i.Place.Key.ID(), i.Metadata.Namespace, ""}, "\x00")
}

// Event returns the last warning about an object, or "".
func (p *Reasons) Event(i survey.Item, kind, name string) string {
	return p.events[in(i)+kind+"\x00"+name]
}

// Why says why a load balancer has no address: what the operators say of it, else what it lacks. It is "" for one that has an address.
func (p *Reasons) Why(i survey.Item, f tkg.ServiceFacts) string {
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
	case len(f.Selector) > 0 && p.asked <= maxPending && !p.unread(i.Place, tkg.VMResource, i.Metadata.Namespace) && !slices.ContainsFunc(p.labels[in(i)], selected):
		return "no virtual machine has the labels that it selects"
	case i.Metadata.Created.IsZero():
		return "the load balancer has given no address"
	}
	return "the load balancer has given no address for " + p.reading.Age(&i)
}
