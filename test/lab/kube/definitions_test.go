package kube

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes"
	clienttesting "k8s.io/client-go/testing"
)

const definitions = `[
	{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.com"}, "spec": {
		"group": "example.com", "names": {"plural": "things"},
		"versions": [{"name": "v0", "storage": false, "served": false}, {"name": "v1", "storage": true, "served": true}, {"name": "v2", "storage": false, "served": true}],
		"conversion": {"webhook": {"clientConfig": {"service": {"name": "w", "path": "/convert"}}}}
	}},
	{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "checks"}, "webhooks": [
		{"clientConfig": {"service": {"name": "w", "path": "/validate"}}}, {"clientConfig": {"url": "https://127.0.0.1/mine"}}
	]}
]`

var thing = schema.GroupResource{Group: "example.com", Resource: "things"}

func TestDefinitions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "definitions.json")
	if err := os.WriteFile(path, []byte(definitions), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDefinitions(path)
	if err != nil || len(d.kinds) != 1 || len(d.checks) != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	v1, v2 := thing.WithVersion("v1"), thing.WithVersion("v2")
	if stored, served, err := versions(d.kinds[0]); err != nil || stored != v1 || !slices.Equal(served, []schema.GroupVersionResource{v1, v2}) {
		t.Errorf("%v %v %v", stored, served, err)
	}
	hook := Webhook{URL: "https://127.77.1.11:9443", CA: []byte("ca")}
	config, _, _ := unstructured.NestedMap(hook.lead(d.kinds[0]).Object, "spec", "conversion", "webhook", "clientConfig")
	if config["url"] != "https://127.77.1.11:9443/convert" || config["caBundle"] != "Y2E=" || config["service"] != nil {
		t.Errorf("%v", config)
	}
	webhooks, _, _ := unstructured.NestedSlice(hook.lead(d.checks[0]).Object, "webhooks")
	for i, want := range []string{"https://127.77.1.11:9443/validate", "https://127.0.0.1/mine"} {
		if url, _, _ := unstructured.NestedString(webhooks[i].(map[string]any), "clientConfig", "url"); url != want {
			t.Errorf("%q and not %q", url, want)
		}
	}
	if _, ok, _ := unstructured.NestedMap(d.kinds[0].Object, "spec", "conversion", "webhook", "clientConfig", "service"); !ok {
		t.Error("the definition itself has changed")
	}
}

type teller struct {
	kubernetes.Interface
	told discovery.DiscoveryInterface
}

func (t teller) Discovery() discovery.DiscoveryInterface { return t.told }

// A kind that is served is not always one that discovery tells of.
func TestAwaitDiscovery(t *testing.T) {
	told := &fake.FakeDiscovery{Fake: &clienttesting.Fake{}}
	told.Resources = []*metav1.APIResourceList{{GroupVersion: "example.com/v1", APIResources: []metav1.APIResource{{Name: "things"}}}}
	c := &Client{Typed: teller{told: told}}
	v1, v2 := thing.WithVersion("v1"), thing.WithVersion("v2")
	if err := c.awaitDiscovery(t.Context(), []schema.GroupVersionResource{v1}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.awaitDiscovery(ctx, []schema.GroupVersionResource{v1, v2})
	if err == nil || !strings.Contains(err.Error(), "example.com/v2") {
		t.Errorf("%v", err)
	}
}
