package inventory

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Cluster is a TKG cluster whose API server runs: what its providers made. Cluster API sees that it is complete.
type Cluster struct {
	Namespace, Name, Endpoint string
	Number                    int // tells its machines from those of other clusters
	Class                     Class
	CNI                       string // name of the package
	Zones                     []string
	Twin                      bool // a TanzuKubernetesCluster too
	SSHKey, SSHPassword       string
}

// Machine is a node of a cluster.
type Machine struct {
	Name, UUID, IP, Zone string
	ControlPlane         bool
	Labels               map[string]string
	VM                   VM
}

// Service is a load balancer for a Service of a cluster.
type Service struct{ Name, IP string }

type clusterData struct {
	Cluster
	Release                          Release
	ClassRef, Labels, PoolLabels     map[string]string
	Machines, ControlPlanes, Workers []Machine
	Services                         []Service
	Now                              string
}

const clusterLabel = "cluster.x-k8s.io/cluster-name"

// Objects are those on the Supervisor.
func (c Cluster) Objects() ([]*unstructured.Unstructured, error) {
	return render("cluster.yaml", c.data())
}

// Nodes are those in the cluster.
func (c Cluster) Nodes() ([]*unstructured.Unstructured, error) { return render("nodes.yaml", c.data()) }

func (c Cluster) data() clusterData {
	d := clusterData{
		Cluster: c, Release: Current, Now: now(),
		ClassRef:   map[string]string{"name": c.Class.Name},
		Labels:     map[string]string{clusterLabel: c.Name},
		PoolLabels: map[string]string{clusterLabel: c.Name, "topology.cluster.x-k8s.io/deployment-name": "node-pool-1"},
		Services:   []Service{{Name: "hello", IP: fmt.Sprintf("192.0.2.%d", 100+c.Number)}, {Name: "pending"}},
	}
	if c.Class.Namespace != c.Namespace {
		d.ClassRef["namespace"] = c.Class.Namespace
	}
	d.ControlPlanes = []Machine{c.machine("control-plane-x7k2p", 1, true)}
	d.Workers = []Machine{c.machine("node-pool-1-7f6d8-4mzqc", 2, false), c.machine("node-pool-1-7f6d8-r9w5t", 3, false)}
	d.Machines = append(d.Machines, append(d.ControlPlanes, d.Workers...)...)
	return d
}

func (c Cluster) machine(suffix string, n int, controlPlane bool) Machine {
	m := Machine{
		Name: c.Name + "-" + suffix, ControlPlane: controlPlane, Zone: c.Zones[n%len(c.Zones)],
		UUID: fmt.Sprintf("4239c1a0-7e11-4f0b-8d7c-%06d%06d", c.Number, n), IP: fmt.Sprintf("192.0.2.%d", 20*c.Number+n),
	}
	role := "node"
	m.Labels = map[string]string{clusterLabel: c.Name}
	if controlPlane {
		role, m.Labels["cluster.x-k8s.io/control-plane"] = "controlplane", ""
	} else {
		m.Labels["topology.cluster.x-k8s.io/deployment-name"] = "node-pool-1"
	}
	m.VM = VM{
		Namespace: c.Namespace, Name: m.Name, Owner: m.Name, Class: "best-effort-small", ImageKind: "ClusterVirtualMachineImage", Image: Current.Image,
		Labels: map[string]string{clusterLabel: c.Name, "capv.vmware.com/cluster.name": c.Name, "capv.vmware.com/cluster.role": role},
		UUID:   m.UUID, IP: m.IP, Zone: m.Zone, Number: 20*c.Number + n, Now: now(),
	}
	return m
}
