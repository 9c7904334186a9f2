package kube

import (
	"context"
	"encoding/base64"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// APIService is an API that the API server passes on to a service.
type APIService struct {
	Group, Version     string
	Namespace, Service string
	Port               int
	CA                 []byte
}

// AddAPIService registers it, and waits until the API server can reach it.
func (c *Client) AddAPIService(ctx context.Context, s APIService) error {
	resource := c.Dynamic.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	name := s.Version + "." + s.Group
	if _, err := resource.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"group": s.Group, "version": s.Version, "groupPriorityMinimum": int64(9900), "versionPriority": int64(15),
			"caBundle": base64.StdEncoding.EncodeToString(s.CA),
			"service":  map[string]any{"namespace": s.Namespace, "name": s.Service, "port": int64(s.Port)},
		},
	}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	return Eventually(ctx, func() error {
		return c.Typed.Discovery().RESTClient().Get().AbsPath("/apis/" + s.Group + "/" + s.Version).Do(ctx).Error()
	})
}
