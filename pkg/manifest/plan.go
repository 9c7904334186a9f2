package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Plan is a cluster that somebody wants.
type Plan struct {
	Namespace, Name       string
	Release               string // its name, as topology.version wants it
	Class                 string // of a Cluster; a TanzuKubernetesCluster has none
	VMClass, StorageClass string
	ControlPlane          int // nodes
	Pools                 []Pool
	Variables             []tkg.Variable // further ones
	Pods, Services        string         // CIDR blocks; empty: the server's
	Tanzu                 bool           // a TanzuKubernetesCluster
}

// Pool is a pool of workers. What is empty is as for the cluster.
type Pool struct {
	Name                        string
	Replicas                    int
	Zone, VMClass, StorageClass string
}

// MaxNodes bounds the nodes of a pool: no cluster may have more (https://kubernetes.io/docs/setup/best-practices/cluster-large/).
const MaxNodes = 5000

// ParsePool reads NAME=NODES[,zone=ZONE][,vm-class=CLASS][,storage-class=CLASS].
func ParsePool(typed string) (p Pool, err error) {
	for i, part := range strings.Split(typed, ",") {
		key, value, found := strings.Cut(part, "=")
		if !found || key == "" || value == "" {
			return p, fmt.Errorf("%.80q is not NAME=NODES", part)
		}
		switch {
		case i == 0:
			p.Name = key
			if p.Replicas, err = parseNodes(value); err != nil {
				return p, err
			}
		case key == "zone":
			p.Zone = value
		case key == "vm-class":
			p.VMClass = value
		case key == "storage-class":
			p.StorageClass = value
		default:
			return p, fmt.Errorf("%.80q: a pool has zone, vm-class and storage-class", key)
		}
	}
	return p, nil
}

func parseNodes(typed string) (int, error) {
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 || n > MaxNodes {
		return 0, fmt.Errorf("%.80q is not a number of nodes", typed)
	}
	return n, nil
}

// ParseVariable reads NAME=VALUE. A value that is JSON is what that says; any other one is a text.
func ParseVariable(typed string) (tkg.Variable, error) {
	name, value, found := strings.Cut(typed, "=")
	if !found || name == "" {
		return tkg.Variable{}, errors.New("want NAME=VALUE")
	}
	return tkg.Variable{Name: name, Value: jsonOr(value)}, nil
}
