package provision

import (
	"context"
	"encoding/json"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// The kinds that an agent looks at.
var (
	services = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	clusters = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"}
	machines = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machines"}
	vms      = schema.GroupVersionResource{Group: "vmoperator.vmware.com", Version: "v1alpha3", Resource: "virtualmachines"}
	twins    = schema.GroupVersionResource{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Resource: "tanzukubernetesclusters"}
)

// view is a copy of a namespace that the API server keeps up to date.
type view struct {
	namespace string
	informers dynamicinformer.DynamicSharedInformerFactory
}

// newView returns when the copy is complete. It calls changed whenever it changes, until ctx ends.
func newView(ctx context.Context, client dynamic.Interface, namespace string, changed func()) (*view, error) {
	v := &view{namespace, dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { changed() }, UpdateFunc: func(any, any) { changed() }, DeleteFunc: func(any) { changed() },
	}
	for _, kind := range []schema.GroupVersionResource{services, clusters, machines, vms, twins} {
		if _, err := v.informers.ForResource(kind).Informer().AddEventHandler(handler); err != nil {
			return nil, err
		}
	}
	v.informers.Start(ctx.Done())
	for kind, ok := range v.informers.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return nil, errors.Join(errors.New("no list of "+kind.String()), ctx.Err())
		}
	}
	return v, nil
}

// list reads all objects of a kind as T, which has the fields that matter.
func list[T any](v *view, kind schema.GroupVersionResource) ([]T, error) {
	all, err := v.informers.ForResource(kind).Lister().ByNamespace(v.namespace).List(labels.Everything())
	if err != nil {
		return nil, err
	}
	out := make([]T, len(all))
	for i, o := range all {
		text, err := json.Marshal(o)
		if err == nil {
			err = json.Unmarshal(text, &out[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

type cluster struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ControlPlaneRef      struct{ Name string }
		ControlPlaneEndpoint struct{ Host string }
		Topology             struct{ Version string }
	}
	Status struct {
		Phase      string
		Conditions []metav1.Condition
	}
}

type machine struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ClusterName, Version string
		Bootstrap            struct{ ConfigRef struct{ Name string } }
	}
}

// controlPlane reports whether a machine is one of the control plane.
func (m machine) controlPlane() bool {
	_, ok := m.Labels["cluster.x-k8s.io/control-plane"]
	return ok
}

type virtualMachine struct {
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		BiosUUID string
		Zone     string
		Network  struct{ PrimaryIP4 string }
	}
}
