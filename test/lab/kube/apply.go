package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Apply creates objects in their order, each with its status, which a controller would have written. An owner may lack its UID
// if it exists.
func (c *Client) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	for _, o := range objects {
		if err := c.apply(ctx, o); err != nil {
			return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}

func (c *Client) apply(ctx context.Context, o *unstructured.Unstructured) error {
	if err := c.findOwners(ctx, o); err != nil {
		return err
	}
	kind, err := c.kind(ctx, o.GroupVersionKind(), o.GetNamespace())
	if err != nil {
		return err
	}
	options := metav1.ApplyOptions{FieldManager: "lab", Force: true}
	body := o.DeepCopy()
	delete(body.Object, "status")
	if _, err := kind.Apply(ctx, o.GetName(), body, options); err != nil {
		return err
	}
	status, ok := o.Object["status"]
	if !ok {
		return nil
	}
	body = &unstructured.Unstructured{Object: map[string]any{"status": status}}
	body.SetGroupVersionKind(o.GroupVersionKind())
	body.SetName(o.GetName())
	_, err = kind.ApplyStatus(ctx, o.GetName(), body, options)
	if apierrors.IsNotFound(err) { // The kind has no subresource for it.
		_, err = kind.Apply(ctx, o.GetName(), o, options)
	}
	return err
}

// kind is where the objects of a kind are. Discovery tells of a new kind a moment later.
func (c *Client) kind(ctx context.Context, gvk schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, error) {
	var mapping *meta.RESTMapping
	if err := Eventually(ctx, func() (err error) {
		if mapping, err = c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version); err != nil {
			c.mapper.Reset()
		}
		return err
	}); err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return c.Dynamic.Resource(mapping.Resource), nil
	}
	return c.Dynamic.Resource(mapping.Resource).Namespace(namespace), nil
}

func (c *Client) findOwners(ctx context.Context, o *unstructured.Unstructured) error {
	owners := o.GetOwnerReferences()
	for i, owner := range owners {
		kind, err := c.kind(ctx, schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind), o.GetNamespace())
		if err != nil {
			return err
		}
		found, err := kind.Get(ctx, owner.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		owners[i].UID = found.GetUID()
	}
	if len(owners) > 0 {
		o.SetOwnerReferences(owners)
	}
	return nil
}
