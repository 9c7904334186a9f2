package tkg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

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

type ServiceFacts struct {
	Kind, Address, Ports string
	Cluster, Service     string
	Selector             map[string]string
}

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
	f := ServiceFacts{Kind: s.Spec.Type, Selector: s.Spec.Selector, Cluster: orElse(o.Metadata.Labels[LabelServiceCluster], o.Metadata.Labels[LabelCluster])}
	if name := o.Metadata.Labels[LabelServiceName]; name != "" {
		f.Service = o.Metadata.Labels[LabelServiceNamespace] + "/" + name
	} else if slices.ContainsFunc(o.Metadata.Owners, func(owner kubeapi.Owner) bool { return owner.Kind == "VSphereCluster" || owner.Kind == "WCPCluster" }) {
		f.Service = "(API server)"
	}
	var addresses, ports []string
	for _, i := range s.Status.LoadBalancer.Ingress {
		addresses = append(addresses, orElse(i.IP, i.Hostname))
	}
	for _, p := range s.Spec.Ports {
		ports = append(ports, fmt.Sprintf("%d/%s", p.Port, orElse(p.Protocol, "TCP")))
	}
	f.Address, f.Ports = strings.Join(addresses, ","), strings.Join(ports, ",")
	return f
}

type EventFacts struct{ Kind, Name, Message string }

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

// pressureOf returns what is wrong with a pool of addresses, or "".
func PressureOf(o kubeapi.Object) string {
	var p struct {
		Status struct {
			Conditions Conditions `json:"conditions"`
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

func HasLabels(labels, wanted map[string]string) bool {
	for name, value := range wanted {
		if labels[name] != value {
			return false
		}
	}
	return true
}
