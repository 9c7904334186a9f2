package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// twin is a TanzuKubernetesCluster.
type twin struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Topology struct {
			ControlPlane pool
			NodePools    []pool
		}
	}
	Status struct{ Phase string }
}

// pool is a control plane or a pool of workers.
type pool struct {
	Name, StorageClass string
	VMClass            string
	Replicas           *int64
	TKR                struct{ Reference struct{ Name string } }
}

const (
	twinFinalizer = "tanzukubernetescluster.run.tanzu.vmware.com"
	twinVersion   = "run.tanzu.vmware.com/v1alpha3"
	twinKind      = "TanzuKubernetesCluster"
	labelRelease  = "run.tanzu.vmware.com/tkr"
)

// makeTwins makes a Cluster of each TanzuKubernetesCluster, and tells it how that is.
func (a *Agent) makeTwins(ctx context.Context, all []cluster) error {
	list, err := list[twin](a.view, twins)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range list {
		if err := a.makeTwin(ctx, t, all); err != nil {
			errs = append(errs, fmt.Errorf("TanzuKubernetesCluster %s: %w", t.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (a *Agent) makeTwin(ctx context.Context, t twin, all []cluster) error {
	i := slices.IndexFunc(all, func(c cluster) bool { return c.Name == t.Name })
	kind := a.Supervisor.Dynamic.Resource(twins).Namespace(t.Namespace)
	if t.DeletionTimestamp != nil {
		if i < 0 {
			_, err := kind.Patch(ctx, t.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
			return err
		}
		if all[i].DeletionTimestamp == nil {
			if err := a.Supervisor.Dynamic.Resource(clusters).Namespace(t.Namespace).Delete(ctx, t.Name, metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
		return a.mirror(ctx, t, all[i])
	}
	if !slices.Contains(t.Finalizers, twinFinalizer) {
		patch := fmt.Appendf(nil, `{"metadata":{"finalizers":[%q]}}`, twinFinalizer)
		if _, err := kind.Patch(ctx, t.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	if i >= 0 && all[i].DeletionTimestamp != nil {
		return a.mirror(ctx, t, all[i])
	}
	if i < 0 || all[i].Annotations[generationOf] != fmt.Sprint(t.Generation) {
		options := metav1.ApplyOptions{FieldManager: twinFinalizer, Force: true}
		_, err := a.Supervisor.Dynamic.Resource(clusters).Namespace(t.Namespace).Apply(ctx, t.Name, t.cluster(a.Class), options)
		return err
	}
	return a.mirror(ctx, t, all[i])
}

// generationOf is an annotation of a Cluster: the generation of the TanzuKubernetesCluster that it was made of.
const generationOf = "vsphere-lab/generation"

// cluster is what a TanzuKubernetesCluster asks for, as a Cluster.
func (t twin) cluster(class string) *unstructured.Unstructured {
	size := t.Spec.Topology.ControlPlane
	controlPlane := map[string]any{}
	if size.Replicas != nil {
		controlPlane["replicas"] = *size.Replicas
	}
	var pools []any
	for _, p := range t.Spec.Topology.NodePools {
		made := map[string]any{"class": "node-pool", "name": p.Name}
		if p.Replicas != nil {
			made["replicas"] = *p.Replicas
		}
		if overrides := p.overrides(size); len(overrides) > 0 {
			made["variables"] = map[string]any{"overrides": overrides}
		}
		pools = append(pools, made)
	}
	blocks := func(cidr string) map[string]any { return map[string]any{"cidrBlocks": []any{cidr}} }
	topology := map[string]any{
		"classRef": map[string]any{"name": class}, "version": size.TKR.Reference.Name, "controlPlane": controlPlane,
		"variables": []any{variable("vmClass", size.VMClass), variable("storageClass", size.StorageClass)},
	}
	if pools != nil {
		topology["workers"] = map[string]any{"machineDeployments": pools}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": clusters.GroupVersion().String(), "kind": "Cluster",
		"metadata": map[string]any{
			"name": t.Name, "namespace": t.Namespace, "annotations": map[string]any{generationOf: fmt.Sprint(t.Generation)},
			"ownerReferences": []any{map[string]any{"apiVersion": twinVersion, "kind": twinKind, "name": t.Name, "uid": string(t.UID), "controller": true}},
		},
		"spec": map[string]any{
			"clusterNetwork": map[string]any{"pods": blocks("192.168.0.0/16"), "services": blocks("10.96.0.0/12"), "serviceDomain": "cluster.local"},
			"topology":       topology,
		},
	}}
}

// overrides are where a pool differs from the control plane.
func (p pool) overrides(from pool) []any {
	var all []any
	if p.VMClass != "" && p.VMClass != from.VMClass {
		all = append(all, variable("vmClass", p.VMClass))
	}
	if p.StorageClass != "" && p.StorageClass != from.StorageClass {
		all = append(all, variable("storageClass", p.StorageClass))
	}
	return all
}

func variable(name, value string) map[string]any { return map[string]any{"name": name, "value": value} }

// mirror tells a TanzuKubernetesCluster how its Cluster is.
func (a *Agent) mirror(ctx context.Context, t twin, c cluster) error {
	return a.Supervisor.Apply(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": twinVersion, "kind": twinKind, "metadata": map[string]any{"name": t.Name, "namespace": t.Namespace}, "status": t.statusOf(c),
	}})
}

// statusOf is how a TanzuKubernetesCluster says how its Cluster is.
func (t twin) statusOf(c cluster) map[string]any {
	ready := map[string]any{"type": "Ready", "status": "False", "severity": "Info", "lastTransitionTime": timestamp(c.CreationTimestamp)}
	if available := meta.FindStatusCondition(c.Status.Conditions, "Available"); available != nil {
		ready["status"], ready["lastTransitionTime"] = string(available.Status), timestamp(available.LastTransitionTime)
	}
	var workers int64
	for _, p := range t.Spec.Topology.NodePools {
		if p.Replicas != nil {
			workers += *p.Replicas
		}
	}
	status := map[string]any{
		"phase": t.phaseOf(c), "version": c.Spec.Topology.Version, "totalWorkerReplicas": workers, "conditions": []any{ready},
	}
	if host := c.Spec.ControlPlaneEndpoint.Host; host != "" {
		status["apiEndpoints"] = []any{map[string]any{"host": host, "port": int64(6443)}}
	}
	return status
}

// phaseOf translates the phase of a Cluster. One that has been running stays so when a machine of it fails.
func (t twin) phaseOf(c cluster) string {
	const running = "running"
	switch c.Status.Phase {
	case "Provisioned":
		switch {
		case meta.IsStatusConditionTrue(c.Status.Conditions, "RollingOut"):
			return "updating"
		case meta.IsStatusConditionTrue(c.Status.Conditions, "Available") || t.Status.Phase == running || t.Status.Phase == "updating":
			return running
		}
	case "Deleting":
		return "deleting"
	case "Failed":
		return "failed"
	}
	return "creating"
}

func timestamp(t metav1.Time) string { return t.UTC().Format(time.RFC3339) }

// describe says of a Cluster what a Supervisor does: its release, and where it may go.
func (a *Agent) describe(ctx context.Context, c cluster) error {
	if c.DeletionTimestamp != nil || c.Spec.Topology.Version == "" {
		return nil
	}
	name, upgrades := a.Release(c.Spec.Topology.Version)
	if name == "" || c.Labels[labelRelease] == name {
		return nil
	}
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": clusters.GroupVersion().String(), "kind": "Cluster",
		"metadata": map[string]any{"name": c.Name, "namespace": c.Namespace, "labels": map[string]any{labelRelease: name}},
	}}
	status := map[string]any{}
	if upgrades != "" {
		status["conditions"] = []any{map[string]any{
			"type": "UpdatesAvailable", "status": "True", "reason": "Available", "message": "[" + upgrades + "]", "lastTransitionTime": timestamp(metav1.Now()),
		}}
	}
	o.Object["status"] = status
	return a.Supervisor.Apply(ctx, o)
}
