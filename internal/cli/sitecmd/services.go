package sitecmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

var (
	vmService  = kubeapi.Resource{Group: groupVM, Plural: "virtualmachineservices", Kind: "VirtualMachineService"}
	event      = kubeapi.Resource{Plural: "events", Kind: "Event"}
	ipPool     = kubeapi.Resource{Group: groupNetwork, Plural: "ippools", Kind: "IPPool"}
	lbSettings = kubeapi.Resource{Group: groupNetwork, Plural: "loadbalancerconfigs", Kind: "LoadBalancerConfig"}
)

// The labels of what a cluster has in its vSphere Namespace (cloud-provider-vsphere, Cluster API).
const (
	labelCluster          = "cluster.x-k8s.io/cluster-name"
	labelServiceCluster   = "run.tanzu.vmware.com/cluster.name"
	labelServiceName      = "run.tanzu.vmware.com/service.name"
	labelServiceNamespace = "run.tanzu.vmware.com/service.namespace"
)

func serviceKind() *kind {
	pressed := func(o kubeapi.Object) any { return pressureOf(o) }
	return &kind{
		name: "services", aliases: []string{"service", "svc", "vmservice", "vmservices", "virtualmachineservice", "virtualmachineservices", "loadbalancers", "lb"},
		short: "load balancers, the cluster's Service behind each, and why one has no address",
		sources: []*source{
			{resource: vmService, facts: func(o kubeapi.Object) any { return serviceFactsOf(o) }},
			{resource: virtualMachine, aside: true, quiet: true, facts: func(o kubeapi.Object) any { return o.Metadata.Labels }},
			{resource: event, aside: true, quiet: true, fields: "type=Warning", facts: func(o kubeapi.Object) any { return eventFactsOf(o) }},
			{resource: ipPool, aside: true, quiet: true, facts: pressed}, {resource: lbSettings, aside: true, quiet: true, cluster: true, facts: pressed},
		},
		rows: serviceRows,
	}
}

type serviceFacts struct {
	kind, address, ports string
	cluster, service     string
	selector             map[string]string
}

func serviceFactsOf(o kubeapi.Object) serviceFacts {
	var s struct {
		Spec struct {
			Type  string `json:"type"`
			IP    string `json:"loadBalancerIP"`
			Ports []struct {
				Port     int    `json:"port"`
				Protocol string `json:"protocol"`
			} `json:"ports"`
			Selector map[string]string `json:"selector"`
		} `json:"spec"`
		Status struct {
			LoadBalancer struct {
				Ingress []struct {
					IP       string `json:"ip"`
					Hostname string `json:"hostname"`
				} `json:"ingress"`
			} `json:"loadBalancer"`
		} `json:"status"`
	}
	o.Decode(&s)
	f := serviceFacts{kind: s.Spec.Type, selector: s.Spec.Selector, cluster: orElse(o.Metadata.Labels[labelServiceCluster], o.Metadata.Labels[labelCluster])}
	if name := o.Metadata.Labels[labelServiceName]; name != "" {
		f.service = o.Metadata.Labels[labelServiceNamespace] + "/" + name
	} else if slices.ContainsFunc(o.Metadata.Owners, func(owner kubeapi.Owner) bool { return owner.Kind == "VSphereCluster" || owner.Kind == "WCPCluster" }) {
		f.service = "(API server)"
	}
	var addresses, ports []string
	for _, i := range s.Status.LoadBalancer.Ingress {
		addresses = append(addresses, orElse(i.IP, i.Hostname))
	}
	for _, p := range s.Spec.Ports {
		ports = append(ports, fmt.Sprintf("%d/%s", p.Port, orElse(p.Protocol, "TCP")))
	}
	f.address, f.ports = strings.Join(addresses, ","), strings.Join(ports, ",")
	return f
}

type eventFacts struct{ kind, name, message string }

func eventFactsOf(o kubeapi.Object) eventFacts {
	var e struct {
		Message string    `json:"message"`
		Type    string    `json:"type"`
		About   reference `json:"involvedObject"`
	}
	o.Decode(&e)
	if e.Type != "Warning" {
		return eventFacts{}
	}
	return eventFacts{e.About.Kind, e.About.Name, e.Message}
}

// pressureOf returns what is wrong with a pool of addresses, or "".
func pressureOf(o kubeapi.Object) string {
	var p struct {
		Status struct {
			Conditions conditions `json:"conditions"`
		} `json:"status"`
	}
	o.Decode(&p)
	for _, c := range p.Status.Conditions {
		if (strings.HasSuffix(c.Type, "Pressure") || strings.EqualFold(c.Type, "full")) && strings.EqualFold(c.Status, "true") {
			return orElse(c.Message, c.Reason, c.Type)
		}
	}
	return ""
}

var serviceColumns = columnsOf("TYPE", "ADDRESS", "CLUSTER", "SERVICE", "WHY PENDING", "", "PORTS", "AGE")

func serviceRows(r *reading) (all []row) {
	for _, i := range r.of(vmService) {
		f := i.facts.(serviceFacts)
		why := ""
		if f.kind == "LoadBalancer" && f.address == "" {
			f.address, why = "pending", r.whyPending(i, f)
		}
		all = append(all, i.row(serviceColumns, f.kind, f.address, f.cluster, f.service, why, f.ports, r.age(&i)))
	}
	return all
}

// whyPending says why a load balancer has no address: what the operators say of it, else what it lacks.
func (r *reading) whyPending(i item, f serviceFacts) string {
	in := func(other item) bool {
		return other.place == i.place && other.Metadata.Namespace == i.Metadata.Namespace
	}
	for _, e := range slices.Backward(r.of(event)) {
		about := e.facts.(eventFacts)
		if in(e) && about.name == i.Metadata.Name && (about.kind == vmService.Kind || about.kind == "Service") && about.message != "" {
			return about.message
		}
	}
	for _, pool := range slices.Concat(r.of(ipPool), r.of(lbSettings)) {
		if pressure := pool.facts.(string); pool.place == i.place && pressure != "" {
			return pool.Kind + " " + pool.Metadata.Name + ": " + pressure
		}
	}
	machines := 0
	for _, vm := range r.of(virtualMachine) {
		if in(vm) && hasLabels(vm.facts.(map[string]string), f.selector) {
			machines++
		}
	}
	switch {
	case len(f.selector) > 0 && machines == 0 && !r.isUnread(i.place, virtualMachine, i.Metadata.Namespace):
		return "no virtual machine has the labels that it selects"
	case i.Metadata.Created.IsZero():
		return "the load balancer has given no address"
	}
	return "the load balancer has given no address for " + r.age(&i)
}

func hasLabels(labels, wanted map[string]string) bool {
	for name, value := range wanted {
		if labels[name] != value {
			return false
		}
	}
	return true
}
