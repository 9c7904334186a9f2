package kube

import (
	"context"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// newFrontProxy makes the CA by which an aggregated API knows its API server, and the flags that make the API server show
// a certificate of it. The CA must not be the one of clients: whoever has a certificate of it says whom it acts for.
func newFrontProxy(dir string) (*pki.CA, []string, error) {
	ca, err := pki.NewCA(pkix.Name{CommonName: "front-proxy-ca"})
	if err != nil {
		return nil, nil, err
	}
	const name = "front-proxy-client"
	pair, err := ca.Client(name)
	if err != nil {
		return nil, nil, err
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(pair.Write(dir, name), os.WriteFile(path("front-proxy-ca.crt"), ca.PEM, 0o600)); err != nil {
		return nil, nil, err
	}
	return ca, []string{
		"--requestheader-client-ca-file=" + path("front-proxy-ca.crt"),
		"--requestheader-allowed-names=" + name,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + path("front-proxy-client.crt"),
		"--proxy-client-key-file=" + path("front-proxy-client.key"),
	}, nil
}

// AggregatedAPI is an API of some groups that a process on this host serves for an API server.
type AggregatedAPI struct {
	Groups             []string
	Version            string
	Namespace, Service string
	Host               string // an address of this machine
	Port               int
	CA                 []byte
}

// ServerName is what its certificate must be for.
func (a AggregatedAPI) ServerName() string { return a.Service + "." + a.Namespace + ".svc" }

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// Aggregate makes the API server pass an API on, and waits until it does. Endpoints on loopback are refused by validation. An external
// name is not, and an address may stand for it: then no /etc/hosts needs to know a name.
func (c *Client) Aggregate(ctx context.Context, a AggregatedAPI) error {
	if err := c.AddNamespace(ctx, a.Namespace); err != nil {
		return err
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: a.Service},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: a.Host},
	}
	if _, err := c.Typed.CoreV1().Services(a.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	for _, group := range a.Groups {
		if _, err := c.Dynamic.Resource(apiServices).Create(ctx, a.apiService(group), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	for _, group := range a.Groups {
		if err := Eventually(ctx, func() error {
			return c.Typed.Discovery().RESTClient().Get().AbsPath("/apis", group, a.Version).Do(ctx).Error()
		}); err != nil {
			return err
		}
	}
	return nil
}

func (a AggregatedAPI) apiService(group string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": a.Version + "." + group},
		"spec": map[string]any{
			"group": group, "version": a.Version, "groupPriorityMinimum": int64(9900), "versionPriority": int64(15),
			"caBundle": base64.StdEncoding.EncodeToString(a.CA),
			"service":  map[string]any{"name": a.Service, "namespace": a.Namespace, "port": int64(a.Port)},
		},
	}}
}
