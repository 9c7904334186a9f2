package manifest

import (
	"cmp"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// object is a part of an object, as JSON has it.
type object = map[string]any

// jsonOr returns what a JSON text holds, or any other text as it is.
func jsonOr(text string) any {
	var v any
	if bounded.JSON([]byte(text), &v) != nil {
		return text
	}
	return v
}

// The variables of every ClusterClass of a Supervisor.
const (
	varVMClass      = "vmClass"
	varStorageClass = "storageClass"
)

// poolClass is the class of the workers in every ClusterClass of a Supervisor.
const poolClass = "node-pool"

// Object returns the object to create, in an API version of its kind.
func (p Plan) Object(version string, o Offers) map[string]any {
	if p.Tanzu {
		return p.tanzu(version)
	}
	return p.cluster(version, o)
}

func (p Plan) named(group, version, kind string, spec object) object {
	return object{"apiVersion": group + "/" + version, "kind": kind, "metadata": object{"name": p.Name, "namespace": p.Namespace}, "spec": spec}
}

// cluster is a Cluster with a topology
// (https://cluster-api.sigs.k8s.io/tasks/experimental-features/cluster-class/operate-cluster).
func (p Plan) cluster(version string, o Offers) object {
	class, _ := o.class(p.Class)
	topology := object{"version": p.Release, "controlPlane": object{"replicas": p.ControlPlane}, "variables": p.variables()}
	shared := class.Namespace != "" && class.Namespace != p.Namespace
	switch {
	case version != "v1beta1" && shared:
		topology["classRef"] = object{"name": p.Class, "namespace": class.Namespace}
	case version != "v1beta1":
		topology["classRef"] = object{"name": p.Class}
	case shared:
		topology["class"], topology["classNamespace"] = p.Class, class.Namespace
	default:
		topology["class"] = p.Class
	}
	workers := poolClass
	if len(class.Pools) > 0 && !slices.Contains(class.Pools, poolClass) {
		workers = class.Pools[0]
	}
	var pools []any
	for _, pool := range p.Pools {
		made := object{"class": workers, "name": pool.Name, "replicas": pool.Replicas}
		if pool.Zone != "" {
			made["failureDomain"] = pool.Zone
		}
		if overrides := pool.overrides(p); len(overrides) > 0 {
			made["variables"] = object{"overrides": overrides}
		}
		pools = append(pools, made)
	}
	if pools != nil {
		topology["workers"] = object{"machineDeployments": pools}
	}
	spec := object{"topology": topology}
	if network := p.network(); len(network) > 0 {
		network["serviceDomain"] = "cluster.local"
		spec["clusterNetwork"] = network
	}
	return p.named(tkg.GroupCAPI, version, "Cluster", spec)
}

func (p Plan) variables() []any {
	all := []any{object{"name": varVMClass, "value": p.VMClass}, object{"name": varStorageClass, "value": p.StorageClass}}
	for _, v := range p.Variables {
		all = append(all, object{"name": v.Name, "value": v.Value})
	}
	return all
}

// overrides are where a pool differs from the cluster.
func (pool Pool) overrides(p Plan) (all []any) {
	if pool.VMClass != "" && pool.VMClass != p.VMClass {
		all = append(all, object{"name": varVMClass, "value": pool.VMClass})
	}
	if pool.StorageClass != "" && pool.StorageClass != p.StorageClass {
		all = append(all, object{"name": varStorageClass, "value": pool.StorageClass})
	}
	return all
}

func (p Plan) network() object {
	network := object{}
	for name, block := range map[string]string{"pods": p.Pods, "services": p.Services} {
		if block != "" {
			network[name] = object{"cidrBlocks": []any{block}}
		}
	}
	return network
}

// tanzu is a TanzuKubernetesCluster, in v1alpha3 or v1alpha2.
func (p Plan) tanzu(version string) object {
	release := object{"reference": object{"name": p.Release}}
	control := object{"replicas": p.ControlPlane, "vmClass": p.VMClass, "storageClass": p.StorageClass, "tkr": release}
	topology := object{"controlPlane": control}
	var pools []any
	for _, pool := range p.Pools {
		made := object{
			"name": pool.Name, "replicas": pool.Replicas, "vmClass": cmp.Or(pool.VMClass, p.VMClass),
			"storageClass": cmp.Or(pool.StorageClass, p.StorageClass), "tkr": release,
		}
		if pool.Zone != "" {
			made["failureDomain"] = pool.Zone
		}
		pools = append(pools, made)
	}
	if pools != nil {
		topology["nodePools"] = pools
	}
	spec := object{"topology": topology}
	if network := p.network(); len(network) > 0 {
		spec["settings"] = object{"network": network}
	}
	return p.named(tkg.GroupTanzu, version, "TanzuKubernetesCluster", spec)
}
