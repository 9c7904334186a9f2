package argocmd_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// kinds has a cluster say which kinds it has.
func kinds(c *consoletest.Cluster, answer http.HandlerFunc) {
	const all = `{"groups":[{"name":"` + rbac + `","versions":[{"version":"v1"}]},{"name":"example.com","versions":[{"version":"v1"},{"version":"v2"}]},{"name":"down.example.com","versions":[{"version":"v1"}]}]}`
	const every = `"verbs":["create","delete","deletecollection","get","list","patch","update","watch"]`
	c.Replies["GET /apis"] = consoletest.Reply(all)
	c.Replies["GET /api/v1"] = consoletest.Reply(`{"resources":[{"name":"serviceaccounts","namespaced":true,` + every + `},{"name":"nodes",` + every + `},{"name":"nodes/proxy",` + every + `},
		{"name":"namespaces",` + every + `},{"name":"secrets","namespaced":true,` + every + `},{"name":"componentstatuses","verbs":["get","list"]}]}`)
	c.Replies["GET /apis/example.com/v1"] = consoletest.Reply(`{"resources":[{"name":"reviews","verbs":["create"]},{"name":"gadgets",` + every + `}]}`)
	c.Replies["GET /apis/example.com/v2"] = consoletest.Reply(`{"resources":[{"name":"gadgets",` + every + `}]}`)
	c.Replies["GET /apis/down.example.com/v1"] = consoletest.Status(http.StatusServiceUnavailable, "down")
	const roles = "/apis/" + rbac + "/v1/clusterroles"
	for _, name := range []string{
		"GET " + roles + "/bound", "GET " + roles + "/edit", "POST " + roles, "GET " + roles + "/argocd-manager-bound-cluster-resources",
		"GET /apis/" + rbac + "/v1/clusterrolebindings/argocd-manager-bound-cluster-resources",
		"GET /apis/" + rbac + "/v1/namespaces/a/rolebindings/argocd-manager-bound", "GET /apis/" + rbac + "/v1/namespaces/b/rolebindings/argocd-manager-bound",
	} {
		c.Replies[name] = answer
	}
}

// The question says where the rights hold.
func TestQuestion(t *testing.T) {
	w, c, held := site(t)
	line := []string{"cluster", "register-argocd", "tkc1", "--auth", "token", "--create", "--role", "cluster-admin"}
	const asked = "Let the ServiceAccount kube-system/argocd-manager do what the ClusterRole cluster-admin may, "
	for more, where := range map[string]string{
		"":                        "everywhere in ns1/tkc1?",
		"--manage-namespaces=a":   "in the namespace a of ns1/tkc1?",
		"--manage-namespaces=a,b": "in the namespaces a, b of ns1/tkc1?",
		"--manage-namespaces=a,b --cluster-resources": "in the namespaces a, b of ns1/tkc1, and with kinds of objects there that belong to no namespace?",
	} {
		w.Person(consoletest.Answer{To: asked + where + " [y/N]", Keys: "n"})
		w.Run(append(line, strings.Fields(more)...)...).Exits(failure.Failed).Says("nothing is changed")
	}
	if n := len(held.Objects("serviceaccounts")) + c.Count("POST "+tokenPath); n != 0 {
		t.Errorf("%d things were made", n)
	}
}

// With some namespaces and --cluster-resources, what holds in the whole cluster is for kinds that belong to no namespace, and for what the role
// allows with them.
func TestClusterResources(t *testing.T) {
	w, c, held := site(t)
	kinds(c, c.Replies["GET /apis/"+rbac])
	role := func(rules string) {
		held.Hold(objecttest.Holding{Group: rbac, Version: "v1", Plural: "clusterroles", Kind: "ClusterRole", Everywhere: true, Objects: []string{`{"metadata":{"name":"bound"},"rules":[` + rules + `]}`,
			`{"metadata":{"name":"edit"},"rules":[{"apiGroups":[""],"resources":["secrets","nodes/proxy"],"verbs":["*"]},{"apiGroups":[""],"resources":["nodes"],"resourceNames":["n"],"verbs":["*"]}]}`}})
	}
	role(`{"apiGroups":["*"],"resources":["*"],"verbs":["*"]},{"nonResourceURLs":["*"],"verbs":["*"]}`)
	line := []string{"cluster", "register-argocd", "tkc1", "--auth", "token", "--create", "--role", "bound", "--yes", "--force", "--manage-namespaces", "a,b", "--cluster-resources"}
	made := []string{"ServiceAccount kube-system/argocd-manager.", "RoleBinding a/argocd-manager-bound.", "RoleBinding b/argocd-manager-bound.", "ClusterRole argocd-manager-bound-cluster-resources.", "ClusterRoleBinding argocd-manager-bound-cluster-resources."}
	c.Replies["POST /apis/"+rbac+"/v1/namespaces/a/rolebindings"] = c.Replies["GET /apis/"+rbac]
	if r := w.Run(append(line, "--dry-run")...).Exits(failure.OK); r.Out != "Would make the "+strings.Join(made, "\nWould make the ")+"\n" {
		t.Error(r.Out)
	}
	w.Run(line...).Exits(failure.OK).Says("no rights are given with them", "down.example.com/v1", "delete clusterroles.rbac.authorization.k8s.io argocd-manager-bound-cluster-resources").Omits("example.com/v2")
	every := []any{"create", "delete", "get", "list", "patch", "update", "watch"}
	want := []any{
		map[string]any{"apiGroups": []any{""}, "resources": []any{"namespaces", "nodes"}, "verbs": every},
		map[string]any{"apiGroups": []any{""}, "resources": []any{"componentstatuses"}, "verbs": []any{"get", "list"}},
		map[string]any{"apiGroups": []any{"example.com"}, "resources": []any{"reviews"}, "verbs": []any{"create"}},
		map[string]any{"apiGroups": []any{"example.com"}, "resources": []any{"gadgets"}, "verbs": every},
	}
	if diff := cmp.Diff(want, last(t, held.Objects("clusterroles"))["rules"]); diff != "" {
		t.Error(diff)
	}
	all := held.Objects("clusterrolebindings")
	if ref, _ := last(t, all)["roleRef"].(map[string]any); len(all) != 1 || ref["name"] != "argocd-manager-bound-cluster-resources" || len(held.Objects("rolebindings")) != 2 {
		t.Error(all)
	}
	w.Run(line...).Exits(failure.OK).Says("The ClusterRole argocd-manager-bound-cluster-resources is there already.", "The ClusterRoleBinding argocd-manager-bound-cluster-resources is there already.")

	// A role that allows less, or nothing of it.
	role(`{"apiGroups":["example.com"],"resources":["gadgets"],"verbs":["get","bind"]}`)
	w.Run(line...).Exits(failure.OK).Says("Made the ClusterRole")
	want = []any{map[string]any{"apiGroups": []any{"example.com"}, "resources": []any{"gadgets"}, "verbs": []any{"get"}}}
	if diff := cmp.Diff(want, last(t, held.Objects("clusterroles"))["rules"]); diff != "" {
		t.Error(diff)
	}
	before := len(held.Objects("clusterroles"))
	w.Run(append(line, "--role", "edit")...).Exits(failure.Failed).Says(`the ClusterRole "edit" gives no rights with kinds of objects that belong to no namespace`, "Leave --cluster-resources out")
	if n := len(held.Objects("clusterroles")); n != before {
		t.Errorf("%d roles after %d", n, before)
	}

	// One that is there is not taken for ours if it allows something else.
	held.Hold(objecttest.Holding{Group: rbac, Version: "v1", Plural: "clusterroles", Kind: "ClusterRole", Everywhere: true, Objects: []string{
		`{"metadata":{"name":"bound"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`,
		`{"metadata":{"name":"argocd-manager-bound-cluster-resources"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`,
	}})
	w.Run(line...).Exits(failure.Failed).Says("is there already, and has other rules", "kubectl --context tkc1 delete clusterroles.rbac.authorization.k8s.io argocd-manager-bound-cluster-resources")

	// Whoever may not read the role, or a list that is odd.
	c.Replies["GET /apis/"+rbac+"/v1/clusterroles/bound"] = consoletest.Status(http.StatusForbidden, "no")
	w.Run(line...).Exits(failure.Refused)
	delete(c.Replies, "GET /apis/"+rbac+"/v1/clusterroles/bound")
	kinds(c, c.Replies["GET /apis/"+rbac])
	c.Replies["GET /apis"] = consoletest.Reply(`{"groups":[{"name":"../x","versions":[{"version":"v1"}]}]}`)
	w.Run(line...).Exits(failure.Server)
}

// last is the object that was made last.
func last(t *testing.T, objects []string) (o map[string]any) {
	t.Helper()
	if len(objects) == 0 {
		t.Fatal("none was made")
	}
	if err := json.Unmarshal([]byte(objects[len(objects)-1]), &o); err != nil {
		t.Fatal(err)
	}
	return o
}
