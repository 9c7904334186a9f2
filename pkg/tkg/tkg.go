// Package tkg has the kinds of objects that users of a Supervisor work with, and reads the fields of them that people ask for: of Cluster
// API, the TKG Service, VM Operator and the others. Objects of other versions, with fields of other types, are read as far as they go.
package tkg

import "github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"

// The API groups.
const (
	GroupCAPI     = "cluster.x-k8s.io"
	GroupTanzu    = "run.tanzu.vmware.com"
	GroupVKS      = "kubernetes.vmware.com"
	GroupVM       = "vmoperator.vmware.com"
	GroupLibrary  = "imageregistry.vmware.com"
	GroupTopology = "topology.tanzu.vmware.com"
	GroupStorage  = "cns.vmware.com"
	GroupNetwork  = "netoperator.vmware.com"
	GroupNSX      = "crd.nsx.vmware.com"
)

// VMResource is a virtual machine of VM Operator.
var VMResource = kubeapi.Resource{Group: GroupVM, Plural: "virtualmachines", Kind: "VirtualMachine"}
