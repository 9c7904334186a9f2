package concierge

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The API server asks for these to learn whether the API is there and what it serves. They tell of the cluster-scoped form in
// every mode, since the other one is a fault that few users have.

func apiGroup(name string) metav1.APIGroup {
	version := metav1.GroupVersionForDiscovery{GroupVersion: name + "/" + Version, Version: Version}
	return metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIGroup"},
		Name:     name, Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version,
	}
}

func groups(w http.ResponseWriter, _ *http.Request) {
	all := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIGroupList"}}
	for _, name := range []string{Group, IdentityGroup} {
		one := apiGroup(name)
		one.TypeMeta = metav1.TypeMeta{}
		all.Groups = append(all.Groups, one)
	}
	writeJSON(w, http.StatusOK, all)
}

func group(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, apiGroup(name)) }
}

func resources(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"},
		GroupVersion: Group + "/" + Version,
		APIResources: []metav1.APIResource{{
			Name: Resource, SingularName: "tokencredentialrequest", Kind: kind, Verbs: metav1.Verbs{"create", "list"}, Categories: []string{"pinniped"},
		}},
	})
}

// list is always empty: requests are answered, not kept.
func list(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"apiVersion": Group + "/" + Version, "kind": kind + "List", "metadata": map[string]string{"resourceVersion": "0"}, "items": []any{},
	})
}
