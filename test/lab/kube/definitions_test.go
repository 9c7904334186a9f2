package kube

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const definitions = `[
	{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.com"}, "spec": {
		"group": "example.com", "names": {"plural": "things"},
		"versions": [{"name": "v1", "storage": true}, {"name": "v2", "storage": false}],
		"conversion": {"webhook": {"clientConfig": {"service": {"name": "w", "path": "/convert"}}}}
	}},
	{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "checks"}, "webhooks": [
		{"clientConfig": {"service": {"name": "w", "path": "/validate"}}}, {"clientConfig": {"url": "https://127.0.0.1/mine"}}
	]}
]`

func TestDefinitions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "definitions.json")
	if err := os.WriteFile(path, []byte(definitions), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDefinitions(path)
	if err != nil || len(d.kinds) != 1 || len(d.checks) != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	if gvr, err := stored(d.kinds[0]); err != nil || gvr != (schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"}) {
		t.Errorf("%v %v", gvr, err)
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
