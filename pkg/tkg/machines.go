package tkg

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// What a cluster is made of.
var (
	MachineResource   = kubeapi.Resource{Group: GroupCAPI, Plural: "machines", Kind: "Machine"}
	BootstrapResource = kubeapi.Resource{Group: GroupTanzu, Plural: "clusterbootstraps", Kind: "ClusterBootstrap"}
	ZoneResource      = kubeapi.Resource{Group: GroupTopology, Plural: "zones", Kind: "Zone"}
	ClassResource     = kubeapi.Resource{Group: GroupVM, Plural: "virtualmachineclasses", Kind: "VirtualMachineClass"}
)

// LabelVMCluster is the label of the virtual machines of a cluster, with its name.
const LabelVMCluster = "capv.vmware.com/cluster.name"

const (
	labelControlPlane = "cluster.x-k8s.io/control-plane"
	labelPool         = "topology.cluster.x-k8s.io/deployment-name"
)

// Machine is a node of a cluster, in both versions of Cluster API.
type Machine struct {
	Spec struct {
		Version        string    `json:"version"`
		Zone           string    `json:"failureDomain"`
		Infrastructure Reference `json:"infrastructureRef"`
	} `json:"spec"`
	Status struct {
		Phase      string     `json:"phase"`
		Node       Reference  `json:"nodeRef"`
		Conditions Conditions `json:"conditions"`
		Next       struct {
			Conditions Conditions `json:"conditions"`
		} `json:"v1beta2"`
		Addresses []struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		} `json:"addresses"`
	} `json:"status"`

	Role string `json:"-"` // ControlPlaneRole, or the name of the pool
}

// MachineOf reads a Machine.
func MachineOf(o kubeapi.Object) (m Machine) {
	o.Decode(&m)
	m.Role = cmp.Or(o.Metadata.Labels[labelPool], "worker")
	if _, there := o.Metadata.Labels[labelControlPlane]; there {
		m.Role = ControlPlaneRole
	}
	return m
}

// ControlPlaneRole is the Role of a control plane node.
const ControlPlaneRole = "control plane"

// Address returns the address of the node within its network, or "".
func (m Machine) Address() string {
	for _, a := range m.Status.Addresses {
		if a.Type == "InternalIP" {
			return a.Address
		}
	}
	return ""
}

// All returns the conditions of a machine, the newer ones first.
func (m Machine) All() Conditions {
	return slices.Concat(m.Status.Next.Conditions, m.Status.Conditions)
}

// VM is a virtual machine, in all versions of VM Operator.
type VM struct {
	Spec struct {
		Class string    `json:"className"`
		Image Reference `json:"image"`
		// ImageName is the image in versions before v1alpha3.
		ImageName    string `json:"imageName"`
		StorageClass string `json:"storageClass"`
		Power        string `json:"powerState"`
		// PowerOffMode and RestartMode are Hard, Soft or TrySoft.
		PowerOffMode string `json:"powerOffMode"`
		RestartMode  string `json:"restartMode"`
		// NextRestart is the time (RFC 3339) of the last restart that was asked for.
		NextRestart string `json:"nextRestartTime"`
	} `json:"spec"`
	Status struct {
		Power string `json:"powerState"`
		// LastRestart is when it was restarted, in whole seconds.
		LastRestart string `json:"lastRestartTime"`
		Zone        string `json:"zone"`
		Host        string `json:"host"`
		OldIP       string `json:"vmIp"` // v1alpha1
		Network     struct {
			IP4 string `json:"primaryIP4"`
			IP6 string `json:"primaryIP6"`
		} `json:"network"`
		Conditions Conditions `json:"conditions"`
	} `json:"status"`
}

// VMOf reads a virtual machine.
func VMOf(o kubeapi.Object) (vm VM) {
	o.Decode(&vm)
	return vm
}

// Address returns the primary address, or "".
func (vm VM) Address() string {
	return cmp.Or(vm.Status.Network.IP4, vm.Status.Network.IP6, vm.Status.OldIP)
}

// Image returns the name of the image.
func (vm VM) Image() string { return cmp.Or(vm.Spec.Image.Name, vm.Spec.ImageName) }

// lacks are the conditions without which a virtual machine is not made, and what is missing if one is false. The first ones are causes.
var lacks = []struct{ condition, missing string }{
	{"VirtualMachineClassReady", "no class"},
	{"VirtualMachineImageReady", "no image"},
	{"VirtualMachineStorageReady", "no storage"},
	{"VirtualMachineNetworkReady", "no network"},
	{"VirtualMachineBootstrapReady", "no first configuration"},
	{"VirtualMachineConditionPlacementReady", "no place for it"},
	{"VirtualMachinePrereqReady", ""}, // v1alpha1
	{"VirtualMachineCreated", ""},
}

// State returns whether a virtual machine runs, or why it is not there, in a few words.
func (vm VM) State(o kubeapi.Object) string {
	switch power := strings.ToLower(vm.Status.Power); {
	case !o.Metadata.Deleted.IsZero():
		return "deleting"
	case power != "":
		return strings.TrimPrefix(power, "powered") // on, off, suspended
	}
	for _, l := range lacks {
		if c, _ := vm.Status.Conditions.Find(l.condition); c.Status == "False" {
			if missing := cmp.Or(l.missing, c.Reason); missing != "" {
				return "not made: " + missing
			}
		}
	}
	if vm.Status.Conditions.Word("VirtualMachineCreated") == "yes" {
		return "unknown"
	}
	return "not made yet"
}

// Bootstrap has the packages with which a cluster begins.
type Bootstrap struct {
	Spec struct {
		CNI pkg `json:"cni"`
		CSI pkg `json:"csi"`
	} `json:"spec"`
}

type pkg struct {
	Name string `json:"refName"`
}

// BootstrapOf reads a ClusterBootstrap.
func BootstrapOf(o kubeapi.Object) (b Bootstrap) {
	o.Decode(&b)
	return b
}
