package tkg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// Networks: those of NetOperator, for distributed switches, and those of NSX.
var (
	NetworkResource   = kubeapi.Resource{Group: GroupNetwork, Plural: "networks", Kind: "Network"}
	InterfaceResource = kubeapi.Resource{Group: GroupNetwork, Plural: "networkinterfaces", Kind: "NetworkInterface"}
	SubnetResource    = kubeapi.Resource{Group: GroupNSX, Plural: "subnets", Kind: "Subnet"}
	SubnetSetResource = kubeapi.Resource{Group: GroupNSX, Plural: "subnetsets", Kind: "SubnetSet"}
	InfoResource      = kubeapi.Resource{Group: GroupNSX, Plural: "networkinfos", Kind: "NetworkInfo"}
)

// NetworkFacts are what a list shows of a network, of an interface in one, or of a pool of addresses.
type NetworkFacts struct {
	Network string   // of an interface
	Address []string // of an interface; ranges of a subnet (CIDR); the first address of a pool, and how many follow
	State   string   // ready, or what is wrong; empty: it does not say
}

// NetworkFactsOf reads an object of NetOperator (netoperator.vmware.com/v1alpha1) or of NSX (crd.nsx.vmware.com/v1alpha1).
func NetworkFactsOf(o kubeapi.Object) NetworkFacts {
	var n struct {
		Spec struct {
			Network string `json:"networkName"`
			First   string `json:"startingAddress"`
			Count   int64  `json:"addressCount"`
		} `json:"spec"`
		Status struct {
			Conditions Conditions `json:"conditions"`
			IPs        []struct {
				IP string `json:"ip"`
			} `json:"ipConfigs"`
			Ranges  []string `json:"networkAddresses"`
			Subnets []struct {
				Ranges []string `json:"networkAddresses"`
			} `json:"subnets"`
		} `json:"status"`
	}
	o.Decode(&n)
	f := NetworkFacts{Network: n.Spec.Network, Address: n.Status.Ranges, State: n.Status.Conditions.network()}
	for _, ip := range n.Status.IPs {
		f.Address = append(f.Address, ip.IP)
	}
	for _, s := range n.Status.Subnets {
		f.Address = append(f.Address, s.Ranges...)
	}
	switch {
	case n.Spec.First != "" && n.Spec.Count > 1:
		f.Address = append(f.Address, fmt.Sprintf("%s and %d more", n.Spec.First, n.Spec.Count-1))
	case n.Spec.First != "":
		f.Address = append(f.Address, n.Spec.First)
	}
	return f
}

// network returns the state of a network. Conditions of NetOperator are true when something is wrong, except ready.
func (all Conditions) network() string {
	state := ""
	for _, c := range all {
		ready := strings.EqualFold(c.Type, "Ready")
		switch {
		case ready && c.Status == "True":
			state = "ready"
		case ready && c.Status == "False", !ready && c.Status == "True":
			reasons := slices.DeleteFunc([]string{c.Reason, c.Message}, func(s string) bool { return s == "" })
			if !ready && len(reasons) == 0 {
				reasons = []string{c.Type}
			}
			return strings.TrimSuffix("not ready: "+strings.Join(reasons, ": "), ": ")
		}
	}
	return state
}
