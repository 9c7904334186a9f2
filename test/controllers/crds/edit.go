package main

import (
	"encoding/json"
	"slices"
	"strings"
)

// The labels by which Cluster API finds the versions of a kind that follow its contracts.
const (
	contract1 = "cluster.x-k8s.io/v1beta1"
	contract2 = "cluster.x-k8s.io/v1beta2"
)

// plain takes a definition as it is, without what an API server wrote.
func plain(o object) object {
	delete(o, "status")
	return o
}

// core is what the lab's Cluster API serves webhooks of. Who installs it replaces each service by the address.
func core(o object) object {
	if o["kind"] != "CustomResourceDefinition" {
		metadata := at(o, "metadata")
		metadata["name"] = "capi-" + metadata["name"].(string)
		o["webhooks"] = slices.DeleteFunc(o["webhooks"].([]any), elsewhere)
		return o
	}
	label(o, contract1, "v1beta1")
	label(o, contract2, "v1beta2")
	at(o, "spec")["conversion"] = object{"strategy": "Webhook", "webhook": object{
		"conversionReviewVersions": []any{"v1"},
		"clientConfig":             object{"service": object{"name": "webhook-service", "namespace": "system", "path": "/convert"}},
	}}
	return plain(o)
}

// elsewhere reports whether a webhook is for kinds that a site does not have. ExtensionConfigs are there since the controller of
// ClusterClasses waits for them.
func elsewhere(webhook any) bool {
	for _, rule := range webhook.(object)["rules"].([]any) {
		groups := rule.(object)["apiGroups"].([]any)
		if slices.Contains(groups, "cluster.x-k8s.io") || slices.Contains(groups, "runtime.cluster.x-k8s.io") {
			return false
		}
	}
	return true
}

// checks makes an edit that leaves the webhooks of some resources, for the namespaces in which clusters are made. Its name says who
// serves them.
func checks(server string, resources ...string) func(object) object {
	return func(o object) object {
		metadata := at(o, "metadata")
		metadata["name"] = server + "-" + metadata["name"].(string)
		var left []any
		for _, w := range o["webhooks"].([]any) {
			webhook := w.(object)
			if !slices.ContainsFunc(webhook["rules"].([]any), func(rule any) bool {
				return slices.Contains(resources, rule.(object)["resources"].([]any)[0].(string))
			}) {
				continue
			}
			webhook["namespaceSelector"] = object{"matchLabels": object{provisionLabel: "true"}}
			left = append(left, webhook)
		}
		o["webhooks"] = left
		return o
	}
}

// provisionLabel is that of the namespaces in which clusters are made.
const provisionLabel = "vsphere-lab/provision"

// kubeadm's kinds are converted by nobody: only the stored version is left.
func kubeadm(o object) object {
	label(o, contract2, "v1beta2")
	stored := slices.DeleteFunc(versions(o), func(v object) bool { return v["storage"] == false })
	at(o, "spec")["versions"] = list(stored)
	return plain(o)
}

// provider is CAPV, which follows the older contract.
func provider(o object) object {
	label(o, contract1, "v1beta1")
	return plain(o)
}

// tanzu stores the newest version of every kind: no webhook converts, and what the stored version does not know is lost.
func tanzu(o object) object {
	all := versions(o)
	if strings.HasPrefix(at(o, "metadata")["name"].(string), "tanzukubernetesclusters.") {
		all = append(all, nextCluster(all[0]))
		at(o, "spec")["versions"] = list(all)
	}
	newest := slices.MaxFunc(all, func(a, b object) int { return strings.Compare(a["name"].(string), b["name"].(string)) })
	for _, v := range all {
		v["storage"] = v["name"] == newest["name"]
	}
	return plain(o)
}

// nextCluster makes v1alpha3 of a TanzuKubernetesCluster of v1alpha2. It has no public definition, and may have more fields.
func nextCluster(v1alpha2 object) object {
	v := clone(v1alpha2)
	v["name"] = "v1alpha3"
	properties := at(v, "schema", "openAPIV3Schema", "properties")
	for _, name := range []string{"spec", "status"} {
		at(properties, name)["x-kubernetes-preserve-unknown-fields"] = true
	}
	return v
}

func label(o object, key, value string) {
	metadata := at(o, "metadata")
	labels, ok := metadata["labels"].(object)
	if !ok {
		labels = object{}
		metadata["labels"] = labels
	}
	labels[key] = value
}

// at follows names. What is not there is a defect of the module or of the table of sources: it panics.
func at(o object, path ...string) object {
	for _, name := range path {
		o = o[name].(object)
	}
	return o
}

func versions(o object) []object {
	var all []object
	for _, v := range at(o, "spec")["versions"].([]any) {
		all = append(all, v.(object))
	}
	return all
}

func list(all []object) []any {
	out := make([]any, len(all))
	for i, o := range all {
		out[i] = o
	}
	return out
}

func clone(o object) object {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // It was decoded from JSON.
	}
	var out object
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}
