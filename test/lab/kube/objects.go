package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/restmapper"
)

// Client fills an API server as its administrator.
type Client struct {
	Typed   kubernetes.Interface
	Dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

// NewClient makes the client of an API server.
func (s *APIServer) NewClient() (*Client, error) {
	typed, err := kubernetes.NewForConfig(s.REST)
	if err != nil {
		return nil, err
	}
	d, err := dynamic.NewForConfig(s.REST)
	return &Client{typed, d, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(typed.Discovery()))}, err
}

// The kinds that stand for a TKG cluster.
var (
	clusters = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"}
	tkcs     = schema.GroupVersionResource{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Resource: "tanzukubernetesclusters"}
	// What a Cluster says of its infrastructure.
	infrastructures = schema.GroupVersionResource{Group: "vmware.infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "vsphereclusters"}
	crds            = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// AddNamespace creates a namespace unless it is there.
func (c *Client) AddNamespace(ctx context.Context, name string) error {
	_, err := c.Typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	return ignoreExists(err)
}

// ClusterSpec is a TKG cluster to create.
type ClusterSpec struct {
	Namespace, Name string
	Endpoint        string // host of its API server; empty: it has none yet
	Twin            bool   // with a TanzuKubernetesCluster
	Paused          bool   // nobody looks after it
}

// AddCluster creates the Cluster of a TKG cluster, and returns its UID.
func (c *Client) AddCluster(ctx context.Context, s ClusterSpec) (string, error) {
	spec := map[string]any{
		"clusterNetwork":    clusterNetwork(),
		"infrastructureRef": map[string]any{"apiGroup": infrastructures.Group, "kind": "VSphereCluster", "name": s.infrastructure()},
	}
	if s.Endpoint != "" {
		spec["controlPlaneEndpoint"] = s.endpoint()
	}
	if err := c.addInfrastructure(ctx, s); err != nil {
		return "", err
	}
	if s.Paused {
		spec["paused"] = true
	}
	made, err := c.Dynamic.Resource(clusters).Namespace(s.Namespace).Create(ctx, object(clusters, "Cluster", s.Namespace, s.Name, spec), metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	if s.Twin {
		size := map[string]any{"replicas": int64(1), "vmClass": "best-effort-small", "storageClass": "wcpglobal"}
		pool := maps.Clone(size)
		pool["name"] = "node-pool-1"
		spec := map[string]any{"topology": map[string]any{"controlPlane": size, "nodePools": []any{pool}}}
		_, err = c.Dynamic.Resource(tkcs).Namespace(s.Namespace).Create(ctx, object(tkcs, "TanzuKubernetesCluster", s.Namespace, s.Name, spec), metav1.CreateOptions{})
	}
	return string(made.GetUID()), err
}

// addInfrastructure makes what Cluster API asks about the address of a cluster. It is ready when it has one.
func (c *Client) addInfrastructure(ctx context.Context, s ClusterSpec) error {
	o := object(infrastructures, "VSphereCluster", s.Namespace, s.infrastructure(), map[string]any{})
	if s.Endpoint != "" {
		o.Object["spec"] = map[string]any{"controlPlaneEndpoint": s.endpoint()}
		o.Object["status"] = map[string]any{"ready": true}
	}
	return c.Apply(ctx, o)
}

func (s ClusterSpec) infrastructure() string { return s.Name + "-infra" }

func (s ClusterSpec) endpoint() map[string]any {
	return map[string]any{"host": s.Endpoint, "port": int64(6443)}
}

func clusterNetwork() map[string]any {
	blocks := func(cidr string) map[string]any { return map[string]any{"cidrBlocks": []any{cidr}} }
	return map[string]any{"pods": blocks("192.168.0.0/16"), "services": blocks("10.96.0.0/12"), "serviceDomain": "cluster.local"}
}

func object(gvr schema.GroupVersionResource, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gvr.GroupVersion().String(), "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": name}, "spec": spec,
	}}
}

// DeleteCluster removes a Cluster, its twin and its kubeconfig, and returns when they are gone.
func (c *Client) DeleteCluster(ctx context.Context, namespace, name string) error {
	all := []error{c.deleteKubeconfig(ctx, namespace, name), c.unpause(ctx, namespace, name)}
	for _, gvr := range []schema.GroupVersionResource{tkcs, clusters} {
		kind := c.Dynamic.Resource(gvr).Namespace(namespace)
		if err := kind.Delete(ctx, name, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
			all = append(all, err)
		}
		all = append(all, Eventually(ctx, func() error {
			_, err := kind.Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return errors.Join(fmt.Errorf("%s is still there", name), err)
		}))
	}
	return errors.Join(all...)
}

// unpause makes Cluster API look after a Cluster, since it deletes none that is paused.
func (c *Client) unpause(ctx context.Context, namespace, name string) error {
	patch := []byte(`{"spec":{"paused":false}}`)
	_, err := c.Dynamic.Resource(clusters).Namespace(namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// Cluster is a Cluster that was found.
type Cluster struct {
	Namespace, Name, UID string
	Endpoint             string // host of its API server; empty: it has none yet
}

// FindCluster looks a Cluster up. Without a namespace its name must be unique.
func (c *Client) FindCluster(ctx context.Context, namespace, name string) (found Cluster, ok bool, err error) {
	list, err := c.Dynamic.Resource(clusters).Namespace(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(list.Items) != 1 {
		return Cluster{}, false, err
	}
	o := list.Items[0]
	endpoint, _, err := unstructured.NestedString(o.Object, "spec", "controlPlaneEndpoint", "host")
	return Cluster{o.GetNamespace(), o.GetName(), string(o.GetUID()), endpoint}, true, err
}

// Bind gives subjects (User or Group) a cluster role, in one namespace or everywhere.
func (c *Client) Bind(ctx context.Context, namespace, role string, subjects ...rbacv1.Subject) error {
	meta := metav1.ObjectMeta{Namespace: namespace, GenerateName: "lab-"}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
	var err error
	if namespace == "" {
		_, err = c.Typed.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: meta, RoleRef: ref, Subjects: subjects}, metav1.CreateOptions{})
	} else {
		_, err = c.Typed.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
			ObjectMeta: meta, RoleRef: ref, Subjects: subjects}, metav1.CreateOptions{})
	}
	return err
}

// User is a subject of RBAC.
func User(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
}

// Group is one of many.
func Group(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: name}
}

// AddRole creates a cluster role.
func (c *Client) AddRole(ctx context.Context, name string, rules ...rbacv1.PolicyRule) error {
	_, err := c.Typed.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{})
	return err
}

// patience bounds Eventually: controllers of a fresh API server take a moment.
const patience = time.Minute

// Eventually repeats fn until it works.
func Eventually(ctx context.Context, fn func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := fn()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
