package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// node is a machine that runs, and its virtual machine.
type node struct {
	machine machine
	vm      virtualMachine
}

// nodes are the machines of a cluster that are on and have an address.
func (a *Agent) nodes(c cluster) ([]node, error) {
	all, err := list[machine](a.view, machines)
	if err != nil {
		return nil, err
	}
	running, err := list[virtualMachine](a.view, vms)
	if err != nil {
		return nil, err
	}
	var out []node
	for _, m := range all {
		i := slices.IndexFunc(running, func(vm virtualMachine) bool { return vm.Name == m.Name })
		if m.Spec.ClusterName == c.Name && i >= 0 && running[i].Status.Network.PrimaryIP4 != "" && running[i].Status.BiosUUID != "" {
			out = append(out, node{m, running[i]})
		}
	}
	return out, nil
}

// join makes each machine a node of its cluster, and takes away what ran on those that are gone.
func (a *Agent) join(ctx context.Context, g *guest, all []node) error {
	var errs []error
	for _, n := range all {
		if _, ok := g.nodes[n.vm.UID]; ok || n.vm.DeletionTimestamp != nil {
			continue
		}
		if err := a.startKubelet(ctx, g.client.Typed, n); err != nil {
			errs = append(errs, fmt.Errorf("node %s: %w", n.vm.Name, err))
			continue
		}
		a.log.Printf("node %s", n.vm.Name)
		g.nodes[n.vm.UID] = n.vm.Name
	}
	for uid, name := range g.nodes {
		if slices.ContainsFunc(all, func(n node) bool { return n.vm.UID == uid }) {
			continue
		}
		if err := stopKubelet(ctx, g.client.Typed, name); err != nil {
			errs = append(errs, err)
			continue
		}
		a.log.Printf("node %s is gone", name)
		delete(g.nodes, uid)
	}
	return errors.Join(errs...)
}

// What the control plane is made of: the kubelet of its nodes runs each as a static pod.
var components = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"}

const controlPlaneRole = "node-role.kubernetes.io/control-plane"

// startKubelet does what a kubelet does when it starts.
func (a *Agent) startKubelet(ctx context.Context, client kubernetes.Interface, n node) error {
	o := n.object()
	made, err := client.CoreV1().Nodes().Create(ctx, o, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		made, err = client.CoreV1().Nodes().Get(ctx, o.Name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	made.Status = o.Status
	if _, err := client.CoreV1().Nodes().UpdateStatus(ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if !n.machine.controlPlane() {
		return nil
	}
	for _, component := range components {
		if err := startStaticPod(ctx, client, n, component); err != nil {
			return err
		}
	}
	return a.tellExpiry(ctx, n)
}

func (n node) object() *corev1.Node {
	o := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.vm.Name, Labels: map[string]string{
			corev1.LabelHostname: n.vm.Name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64", corev1.LabelTopologyZone: n.vm.Status.Zone,
		}},
		Spec: corev1.NodeSpec{ProviderID: "vsphere://" + n.vm.Status.BiosUUID},
	}
	if n.machine.controlPlane() {
		o.Labels[controlPlaneRole] = ""
		o.Spec.Taints = []corev1.Taint{{Key: controlPlaneRole, Effect: corev1.TaintEffectNoSchedule}}
	}
	now := metav1.Now()
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, LastTransitionTime: now, LastHeartbeatTime: now}
	}
	size := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("4Gi"), corev1.ResourcePods: resource.MustParse("110")}
	o.Status = corev1.NodeStatus{
		Capacity: size, Allocatable: size,
		Conditions: []corev1.NodeCondition{
			condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady"),
			condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory"),
			condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure"),
			condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID"),
		},
		Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: n.vm.Status.Network.PrimaryIP4}, {Type: corev1.NodeHostName, Address: n.vm.Name}},
		NodeInfo: corev1.NodeSystemInfo{
			KubeletVersion: n.machine.Spec.Version, SystemUUID: n.vm.Status.BiosUUID, OSImage: "Ubuntu 22.04.5 LTS", KernelVersion: "5.15.0-139-generic",
			ContainerRuntimeVersion: "containerd://2.0.5+vmware.4", OperatingSystem: "linux", Architecture: "amd64",
		},
	}
	return o
}

// startStaticPod mirrors a pod that the kubelet has in a file.
func startStaticPod(ctx context.Context, client kubernetes.Interface, n node, component string) error {
	pods := client.CoreV1().Pods(metav1.NamespaceSystem)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: component + "-" + n.vm.Name, Labels: map[string]string{"component": component, "tier": "control-plane"},
			Annotations: map[string]string{corev1.MirrorPodAnnotationKey: n.vm.Name},
		},
		Spec: corev1.PodSpec{
			NodeName: n.vm.Name, HostNetwork: true, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{Name: component, Image: "registry.k8s.io/" + component + ":v1"}},
		},
	}
	made, err := pods.Create(ctx, pod, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		made, err = pods.Get(ctx, pod.Name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	now := metav1.Now()
	made.Status = corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &now, Conditions: []corev1.PodCondition{
		{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now}, {Type: corev1.ContainersReady, Status: corev1.ConditionTrue, LastTransitionTime: now},
	}}
	_, err = pods.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}

// stopKubelet removes the pods of a node that is no more. Cluster API has removed the node itself.
func stopKubelet(ctx context.Context, client kubernetes.Interface, name string) error {
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + name})
	if err != nil {
		return err
	}
	var errs []error
	for _, pod := range pods.Items {
		if err := client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *metav1.NewDeleteOptions(0)); !apierrors.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// certificateLife is how long the certificates are good that kubeadm makes.
const certificateLife = 365 * 24 * time.Hour

// tellExpiry says when the certificates of a machine expire, as somebody may who knows. Otherwise Cluster API asks the machine.
func (a *Agent) tellExpiry(ctx context.Context, n node) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"machine.cluster.x-k8s.io/certificates-expiry":%q}}}`, time.Now().Add(certificateLife).UTC().Format(time.RFC3339))
	kind := clusters.GroupVersion().WithResource("kubeadmconfigs")
	kind.Group = "bootstrap.cluster.x-k8s.io"
	_, err := a.Supervisor.Dynamic.Resource(kind).Namespace(n.machine.Namespace).Patch(ctx, n.machine.Spec.Bootstrap.ConfigRef.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
