package tkg

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// Load balancers, and what may be wrong with them.
var (
	ServiceResource  = kubeapi.Resource{Group: GroupVM, Plural: "virtualmachineservices", Kind: "VirtualMachineService"}
	EventResource    = kubeapi.Resource{Plural: "events", Kind: "Event"}
	IPPoolResource   = kubeapi.Resource{Group: GroupNetwork, Plural: "ippools", Kind: "IPPool"}
	BalancerResource = kubeapi.Resource{Group: GroupNetwork, Plural: "loadbalancerconfigs", Kind: "LoadBalancerConfig"}
)

// The labels of what a cluster has in its vSphere Namespace (cloud-provider-vsphere, Cluster API).
const (
	LabelCluster          = "cluster.x-k8s.io/cluster-name"
	LabelServiceCluster   = "run.tanzu.vmware.com/cluster.name"
	LabelServiceName      = "run.tanzu.vmware.com/service.name"
	LabelServiceNamespace = "run.tanzu.vmware.com/service.namespace"
)

// ServiceFacts are what a list shows of a VirtualMachineService.
type ServiceFacts struct {
	Kind, Address, Ports string
	Cluster, Service     string // of the cluster: its name, and NAMESPACE/NAME of the Service
	Infra                string // the infrastructure of a cluster whose API server it is for
	Selector             map[string]string
}

// ServiceFactsOf reads a VirtualMachineService.
func ServiceFactsOf(o kubeapi.Object) ServiceFacts {
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
	f := ServiceFacts{Kind: s.Spec.Type, Selector: s.Spec.Selector, Cluster: cmp.Or(o.Metadata.Labels[LabelServiceCluster], o.Metadata.Labels[LabelCluster])}
	if name := o.Metadata.Labels[LabelServiceName]; name != "" {
		f.Service = o.Metadata.Labels[LabelServiceNamespace] + "/" + name
	}
	for _, owner := range o.Metadata.Owners {
		if isInfra(owner.Kind) {
			f.Infra = owner.Name
			f.Service = cmp.Or(f.Service, "(API server)")
		}
	}
	var addresses, ports []string
	for _, i := range s.Status.LoadBalancer.Ingress {
		addresses = append(addresses, cmp.Or(i.IP, i.Hostname))
	}
	for _, p := range s.Spec.Ports {
		ports = append(ports, fmt.Sprintf("%d/%s", p.Port, cmp.Or(p.Protocol, "TCP")))
	}
	f.Address, f.Ports = strings.Join(addresses, ","), strings.Join(ports, ",")
	return f
}

// EventFacts are a warning, and what it is about.
type EventFacts struct{ Kind, Name, Message string }

// EventFactsOf reads an Event. Of one that is no warning nothing is kept.
func EventFactsOf(o kubeapi.Object) EventFacts {
	var e struct {
		Message string    `json:"message"`
		Type    string    `json:"type"`
		About   Reference `json:"involvedObject"`
	}
	o.Decode(&e)
	if e.Type != "Warning" {
		return EventFacts{}
	}
	return EventFacts{e.About.Kind, e.About.Name, e.Message}
}

// PressureOf returns what is wrong with a pool of addresses, or "".
func PressureOf(o kubeapi.Object) string {
	var p struct {
		Status struct {
			Conditions Conditions `json:"conditions"`
		} `json:"status"`
	}
	o.Decode(&p)
	for _, c := range p.Status.Conditions {
		if (strings.HasSuffix(c.Type, "Pressure") || strings.EqualFold(c.Type, "full")) && strings.EqualFold(c.Status, "true") {
			return cmp.Or(c.Message, c.Reason, c.Type)
		}
	}
	return ""
}

// HasLabels reports whether labels have all the wanted values.
func HasLabels(labels, wanted map[string]string) bool {
	for name, value := range wanted {
		if labels[name] != value {
			return false
		}
	}
	return true
}
