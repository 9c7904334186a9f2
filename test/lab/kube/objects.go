package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// Client fills an API server as its administrator.
type Client struct {
	Typed   kubernetes.Interface
	Dynamic dynamic.Interface
}

// NewClient makes the client of an API server.
func (s *APIServer) NewClient() (*Client, error) {
	typed, err := kubernetes.NewForConfig(s.REST)
	if err != nil {
		return nil, err
	}
	d, err := dynamic.NewForConfig(s.REST)
	return &Client{typed, d}, err
}

// The kinds that stand for a TKG cluster.
var (
	clusters = schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "clusters"}
	tkcs     = schema.GroupVersionResource{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Resource: "tanzukubernetesclusters"}
	crds     = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// CreateCRDs defines both kinds in the versions that Supervisors serve, and waits until they are.
func (c *Client) CreateCRDs(ctx context.Context) error {
	for _, d := range []*unstructured.Unstructured{
		crd(clusters, "Cluster", "v1beta1", "v1beta2"),
		crd(tkcs, "TanzuKubernetesCluster", "v1alpha2", "v1alpha3"),
	} {
		if _, err := c.Dynamic.Resource(crds).Create(ctx, d, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	for _, gvr := range []schema.GroupVersionResource{clusters, tkcs} {
		if err := Eventually(ctx, func() error {
			_, err := c.Dynamic.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// crd defines a kind with any fields; the last version is the stored one.
func crd(gvr schema.GroupVersionResource, kind string, versions ...string) *unstructured.Unstructured {
	var list []any
	for i, v := range versions {
		list = append(list, map[string]any{
			"name": v, "served": true, "storage": i == len(versions)-1,
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
		})
	}
	singular := gvr.Resource[:len(gvr.Resource)-1]
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{
			"name": gvr.Resource + "." + gvr.Group,
			// The group k8s.io is reserved; CAPI has this approval too.
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, a lab"},
		},
		"spec": map[string]any{
			"group": gvr.Group, "scope": "Namespaced",
			"names":    map[string]any{"plural": gvr.Resource, "singular": singular, "kind": kind, "listKind": kind + "List"},
			"versions": list,
		},
	}}
}

// AddNamespace creates a namespace unless it is there.
func (c *Client) AddNamespace(ctx context.Context, name string) error {
	_, err := c.Typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	return ignoreExists(err)
}

// AddCluster creates a Cluster, with its TanzuKubernetesCluster if twin is set, and returns its UID.
func (c *Client) AddCluster(ctx context.Context, namespace, name, endpoint string, twin bool) (string, error) {
	spec := map[string]any{}
	if endpoint != "" {
		spec["controlPlaneEndpoint"] = map[string]any{"host": endpoint, "port": int64(6443)}
	}
	made, err := c.Dynamic.Resource(clusters).Namespace(namespace).Create(ctx, object(clusters, "Cluster", namespace, name, spec), metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	if twin {
		spec := map[string]any{"topology": map[string]any{"controlPlane": map[string]any{"replicas": int64(1)}}}
		_, err = c.Dynamic.Resource(tkcs).Namespace(namespace).Create(ctx, object(tkcs, "TanzuKubernetesCluster", namespace, name, spec), metav1.CreateOptions{})
	}
	return string(made.GetUID()), err
}

func object(gvr schema.GroupVersionResource, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gvr.GroupVersion().String(), "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": name}, "spec": spec,
	}}
}

// DeleteCluster removes a Cluster, its twin and its kubeconfig.
func (c *Client) DeleteCluster(ctx context.Context, namespace, name string) error {
	all := []error{c.deleteKubeconfig(ctx, namespace, name)}
	for _, gvr := range []schema.GroupVersionResource{tkcs, clusters} {
		if err := c.Dynamic.Resource(gvr).Namespace(namespace).Delete(ctx, name, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
			all = append(all, err)
		}
	}
	if err := c.Typed.CoreV1().Secrets(namespace).Delete(ctx, name+"-kubeconfig", metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// FindCluster looks a Cluster up. Without a namespace its name must be unique.
func (c *Client) FindCluster(ctx context.Context, namespace, name string) (uid, endpoint string, found bool, err error) {
	list, err := c.Dynamic.Resource(clusters).Namespace(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(list.Items) != 1 {
		return "", "", false, err
	}
	endpoint, _, err = unstructured.NestedString(list.Items[0].Object, "spec", "controlPlaneEndpoint", "host")
	return string(list.Items[0].GetUID()), endpoint, true, err
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
