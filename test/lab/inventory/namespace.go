package inventory

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Namespace is what stands in a vSphere Namespace before its users come.
type Namespace struct {
	Name  string
	Zones []string
	Class *Class // of its own, as before VKS 3.4
	// Live: its controllers are real. Then nothing stands in it that they would make, or make again.
	Live bool
}

// VMClass is a size of virtual machines.
type VMClass struct {
	Name       string
	CPUs       int
	Memory     string
	Guaranteed bool
}

var vmClasses = []VMClass{
	{Name: "best-effort-xsmall", CPUs: 2, Memory: "2Gi"},
	{Name: "best-effort-small", CPUs: 2, Memory: "4Gi"},
	{Name: "best-effort-medium", CPUs: 2, Memory: "8Gi"},
	{Name: "guaranteed-large", CPUs: 4, Memory: "16Gi", Guaranteed: true},
}

// Image is an image of a namespace's own library.
type Image struct{ Name, Item, Title, OS, Version string }

var images = []Image{
	{Name: "vmi-0a1b2c3d4e5f60718", Item: "0a1b2c3d-4e5f-4071-8a9b-c0d1e2f30201", Title: "ubuntu-22.04-cloudimg", OS: "ubuntu64Guest", Version: "22.04"},
	{Name: "vmi-5c6d7e8f901a2b3c4", Item: "5c6d7e8f-901a-4b3c-8d5e-6f7081920202", Title: "photon-5", OS: "vmwarePhoton64Guest", Version: "5.0"},
}

// VM is a virtual machine.
type VM struct {
	Namespace, Name, Owner  string
	Labels                  map[string]string
	Class, ImageKind, Image string
	UUID, IP, Zone          string
	Number                  int // of everything that numbers it
	Off                     bool
	Problem                 string
	Now                     string
}

// Objects are all of it.
func (n Namespace) Objects() ([]*unstructured.Unstructured, error) {
	vms, images := n.vms(), images
	if n.Live {
		vms, images = nil, nil
	}
	return render("namespace.yaml", struct {
		Name           string
		Zones          []string
		Class          *Class
		VMs            []VM
		StorageClasses []StorageClass
		VMClasses      []VMClass
		Images         []Image
		Now            string
	}{n.Name, n.Zones, n.Class, vms, storageClasses, vmClasses, images, now()})
}

// vms are three: one runs, one is off, one cannot be made.
func (n Namespace) vms() []VM {
	one := VM{
		Namespace: n.Name, Labels: map[string]string{"app": "demo"}, Class: "best-effort-xsmall", ImageKind: "VirtualMachineImage",
		Image: images[0].Name, Zone: n.Zones[0], Now: now(),
	}
	running, off, failed := one, one, one
	running.Name, running.UUID, running.IP, running.Number = "web-1", "421a7c0e-5b7d-4c55-9a6e-0d2b1c3e4f01", "192.0.2.11", 11
	off.Name, off.UUID, off.Off, off.Number = "web-2", "421a7c0e-5b7d-4c55-9a6e-0d2b1c3e4f02", true, 12
	failed.Name, failed.Image, failed.Problem = "web-3", "vmi-00000000000000000", "VirtualMachineImage vmi-00000000000000000 not found"
	return []VM{running, off, failed}
}
