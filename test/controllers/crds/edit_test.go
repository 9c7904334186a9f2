package main

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func parse(t *testing.T, text string) object {
	t.Helper()
	var o object
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

const twoVersions = `
kind: CustomResourceDefinition
metadata: {name: NAMEs.example.com}
status: {conditions: []}
spec:
  versions:
  - {name: v1alpha2, served: true, storage: true, schema: {openAPIV3Schema: {properties: {spec: {type: object}, status: {type: object}}}}}
  - {name: v1alpha3, served: true, storage: false, schema: {openAPIV3Schema: {properties: {spec: {type: object}, status: {type: object}}}}}
`

// flags returns "served storage" by version.
func flags(o object) map[string][2]any {
	out := map[string][2]any{}
	for _, v := range versions(o) {
		out[v["name"].(string)] = [2]any{v["served"], v["storage"]}
	}
	return out
}

func TestNewestIsStored(t *testing.T) {
	o := tanzu(parse(t, twoVersions))
	if got := flags(o); got["v1alpha2"] != [2]any{true, false} || got["v1alpha3"] != [2]any{true, true} {
		t.Errorf("%v", got)
	}
	if _, ok := o["status"]; ok {
		t.Error("the status is still there")
	}
}

func TestNextTanzuKubernetesCluster(t *testing.T) {
	o := parse(t, twoVersions)
	at(o, "metadata")["name"] = "tanzukubernetesclusters.run.tanzu.vmware.com"
	at(o, "spec")["versions"] = at(o, "spec")["versions"].([]any)[:1]
	all := versions(tanzu(o))
	if got := flags(o); len(all) != 2 || got["v1alpha2"] != [2]any{true, false} || got["v1alpha3"] != [2]any{true, true} {
		t.Fatalf("%v", got)
	}
	for i, open := range []bool{false, true} { // v1alpha2 stays as it is.
		spec := at(all[i], "schema", "openAPIV3Schema", "properties", "spec")
		if got := spec["x-kubernetes-preserve-unknown-fields"] == true; got != open {
			t.Errorf("%s: %v", all[i]["name"], spec)
		}
	}
}

func TestCoreHasContractsAndConversion(t *testing.T) {
	o := core(parse(t, twoVersions))
	labels := at(o, "metadata", "labels")
	if labels[contract1] != "v1beta1" || labels[contract2] != "v1beta2" {
		t.Errorf("%v", labels)
	}
	if path := at(o, "spec", "conversion", "webhook", "clientConfig", "service")["path"]; path != "/convert" {
		t.Errorf("%v", path)
	}
	checks := core(parse(t, `
kind: ValidatingWebhookConfiguration
metadata: {name: validating}
webhooks:
- {name: one, rules: [{apiGroups: [cluster.x-k8s.io]}]}
- {name: other, rules: [{apiGroups: [addons.cluster.x-k8s.io]}]}
`))
	if name := at(checks, "metadata")["name"]; name != "capi-validating" {
		t.Errorf("%v", name)
	}
	if left := checks["webhooks"].([]any); len(left) != 1 || left[0].(object)["name"] != "one" {
		t.Errorf("%v", left)
	}
}

// Without its webhooks, a kind is served as it is stored.
func TestKubeadmIsNotConverted(t *testing.T) {
	if got := flags(kubeadm(parse(t, twoVersions))); len(got) != 1 || got["v1alpha2"] != [2]any{true, true} {
		t.Errorf("%v", got)
	}
}

// Who asks for a version with fields that the stored one lacks is told, unless a webhook converts them.
func TestVersionsThatAreNotConverted(t *testing.T) {
	const definition = `
kind: CustomResourceDefinition
metadata: {name: machines.example.com}
spec:
  versions:
  - {name: v1alpha1, storage: false, schema: {openAPIV3Schema: {type: object, properties: {vmIp: {type: string}}}}}
  - {name: v1alpha2, storage: false, schema: {openAPIV3Schema: {type: object, properties: {image: {type: string}}}}}
  - {name: v1alpha3, storage: false, schema: {openAPIV3Schema: {type: object, properties: {disks: {type: array, items: {type: object}}}}}}
  - {name: v1alpha4, storage: true, schema: {openAPIV3Schema: {type: object, properties: {image: {type: object}, disks: {type: array, items: {type: object}}}}}}
`
	for _, v := range versions(warn(parse(t, definition))) {
		want := v["name"] == "v1alpha1" || v["name"] == "v1alpha2"
		text, _ := v["deprecationWarning"].(string)
		if v["deprecated"] == true != want || strings.Contains(text, "v1alpha4") != want {
			t.Errorf("%s: %v %q", v["name"], v["deprecated"], text)
		}
	}
	o := parse(t, definition)
	at(o, "spec")["conversion"] = object{"strategy": "Webhook"}
	for _, v := range versions(warn(o)) {
		if v["deprecated"] != nil {
			t.Errorf("%s: %v", v["name"], v["deprecated"])
		}
	}
}

func TestDecode(t *testing.T) {
	all, err := decode([]byte("---\n# nothing\n--- \nkind: A\n---\nkind: B\n"))
	if err != nil || len(all) != 2 || all[0]["kind"] != "A" || all[1]["kind"] != "B" {
		t.Errorf("%v %v", all, err)
	}
}

// A module with another content is refused.
func TestChecksum(t *testing.T) {
	s := sources[0]
	s.Sum = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	if dir, err := s.download(); err == nil {
		t.Errorf("%s", dir)
	}
}
