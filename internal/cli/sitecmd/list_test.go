package sitecmd_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const (
	clusters1 = "GET /apis/cluster.x-k8s.io/v1beta2/namespaces/ns1/clusters"
	release   = "v1.33.3---vmware.1-fips-vkr.1"
)

// cluster is a Cluster of Cluster API v1beta2.
func cluster(namespace, name, status string) string {
	return `{"metadata":{"name":"` + name + `","namespace":"` + namespace + `","uid":"uid-` + name + `","generation":2},
"spec":{"controlPlaneEndpoint":{"host":"10.0.0.11","port":6443},"topology":{"classRef":{"name":"builtin-generic-v3.4.0"},"version":"` + release + `"}},
"status":` + status + `,"cells":["builtin-generic-v3.4.0"]}`
}

const ready = `{"observedGeneration":2,"phase":"Provisioned","controlPlane":{"desiredReplicas":1,"readyReplicas":1},"workers":{"desiredReplicas":2,"readyReplicas":1},
"conditions":[{"type":"Available","status":"True","observedGeneration":2},
{"type":"UpdatesAvailable","status":"True","message":"[v1.33.6+vmware.1-fips-vkr.2 v1.34.1+vmware.1-fips-vkr.4]"}]}`

func capi(objects ...string) objecttest.Holding {
	return objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta2", Plural: "clusters", Kind: "Cluster", Columns: []string{"ClusterClass"}, Objects: objects}
}

func tkc(objects ...string) objecttest.Holding {
	return objecttest.Holding{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Plural: "tanzukubernetesclusters", Kind: "TanzuKubernetesCluster", Objects: objects}
}

// signedIn is a site whose user has logged in. What the user asks later is counted from there.
func signedIn(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden = true
	return w, s
}

// lines are the rows of a table, with their cells separated by one blank.
func lines(table string) (all []string) {
	for line := range strings.Lines(table) {
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}

func wantLines(t *testing.T, r consoletest.Result, want ...string) {
	t.Helper()
	if got := lines(r.Out); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), r.Err)
	}
}

// A cluster of both APIs is one line, with the context and the token of the user, and the state that its conditions have.
func TestListClusters(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(capi(cluster("ns1", "tkc1", ready), cluster("ns1", "tkc2", `{"phase":"Provisioned","conditions":[{"type":"Available","status":"False","reason":"NotAvailable"}]}`),
		cluster("ns2", "new", `{"phase":"Provisioning"}`), cluster("ns2", "old", strings.Replace(strings.Replace(ready, `,"observedGeneration":2`, ``, 1), `"observedGeneration":2`, `"observedGeneration":1`, 1))))
	s.Hold(tkc(`{"metadata":{"name":"tkc1","namespace":"ns1"},"status":{"phase":"running"}}`,
		`{"metadata":{"name":"alone","namespace":"ns2"},"spec":{"topology":{"controlPlane":{"tkr":{"reference":{"name":"v1.31.1---vmware.2"}}}}},
"status":{"apiEndpoints":[{"host":"fd00::9","port":6443}],"conditions":[{"type":"Ready","status":"False"}]}}`))
	r := w.Run("list", "clusters").Exits(failure.OK)
	wantLines(t, r,
		"NAMESPACE NAME CONTEXT TOKEN VERSION UPGRADES NODES ENDPOINT STATE",
		"ns1 tkc1 tkc1 good for 10h "+release+" v1.34.1---vmware.1-fips-vkr.4 +1 2/3 10.0.0.11:6443 ready",
		"ns1 tkc2 tkc2 good for 10h "+release+" - - 10.0.0.11:6443 not ready: NotAvailable",
		"ns2 alone - none v1.31.1---vmware.2 - - [fd00::9]:6443 not ready",
		"ns2 new - none "+release+" - - 10.0.0.11:6443 provisioning",
		"ns2 old - none "+release+" v1.34.1---vmware.1-fips-vkr.4 +1 2/3 10.0.0.11:6443 changing",
	)
	if r.Err != "" {
		t.Errorf("%q", r.Err)
	}
	w.Run("list", "tkc", "-o", "wide", "-n", "ns1").Exits(failure.OK).Says("CLASS", "builtin-generic-v3.4.0   both", "   v1.33.6---vmware.1-fips-vkr.2,v1.34.1---vmware.1-fips-vkr.4   ").Omits("ns2", "+1")
	wantLines(t, w.Run("list", "clusters", "-o", "name", "--sort-by", "state").Exits(failure.OK), "clusters.cluster.x-k8s.io/old", "tanzukubernetesclusters.run.tanzu.vmware.com/alone",
		"clusters.cluster.x-k8s.io/tkc2", "clusters.cluster.x-k8s.io/new", "clusters.cluster.x-k8s.io/tkc1")
	w.Run("list", "clusters", "--sort-by", "kind", "-o", "name").Exits(failure.OK)
	var out struct {
		Kind  string
		Items []struct {
			Server, Namespace, Resource, Name string
			Columns                           map[string]string
		}
	}
	r = w.Run("list", "clusters", "-o", "json").Exits(failure.OK)
	if err := json.Unmarshal([]byte(r.Out), &out); err != nil || out.Kind != "clusters" || len(out.Items) != 5 || out.Items[0].Server != clitest.Server || out.Items[0].Columns["NODES"] != "2/3" || out.Items[0].Columns["UPGRADES"] != "v1.33.6---vmware.1-fips-vkr.2,v1.34.1---vmware.1-fips-vkr.4" {
		t.Errorf("%v %s", err, r.Out)
	}
	w.Run("list", "clusters", "-o", "yaml").Exits(failure.OK).Says("- columns:\n", "    TOKEN: good for 10h\n")
}

// What the user may not list, or the server does not have, is a note; what fails is an error, and the rest is shown.
func TestListInPart(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(capi(cluster("ns1", "tkc1", ready)))
	h := capi()
	h.Closed = []string{"ns1", "ns2"}
	s.Hold(h)
	w.Run("list", "clusters").Exits(failure.OK).Says("There are no clusters that you may list.\n")
	s.Hold(capi(cluster("ns1", "tkc1", ready)))
	h = tkc()
	h.Closed = []string{"ns1", "ns2"}
	s.Hold(h)
	w.Run("list", "clusters").Exits(failure.OK).Says("tkc1", "note: you may not list tanzukubernetesclusters.run.tanzu.vmware.com at 10.0.0.1 in ns1, ns2\n").Omits("error")
	s.Replies["GET /apis/cluster.x-k8s.io/v1beta2/namespaces/ns2/clusters"] = consoletest.Status(http.StatusInternalServerError, "no storage")
	w.Run("list", "clusters").Exits(failure.Partial).Says("tkc1", "error: clusters in ns2 at 10.0.0.1: GET https://10.0.0.1:6443/apis/cluster.x-k8s.io/v1beta2/namespaces/ns2/clusters: internal server error (500): no storage")
	w.Run("list", "clusters", "-o", "json").Exits(failure.Partial).Says(`"partial": true`)
	s.Replies[clusters1] = s.Replies["GET /apis/cluster.x-k8s.io/v1beta2/namespaces/ns2/clusters"]
	s.Hold(objecttest.Holding{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Plural: "others", Kind: "Other"})
	w.Run("list", "clusters").Exits(failure.Partial).Says("error: clusters in ns1, ns2 at 10.0.0.1: GET https://10.0.0.1:6443/apis/cluster.x-k8s.io/v1beta2/namespaces/ns1/clusters: ")
	w.Down(clitest.Server + ":6443")
	w.Run("list", "clusters").Exits(failure.Server).Says("error: 10.0.0.1: GET https://10.0.0.1:6443/", "connection refused")
}

// Nothing to ask is an error that says what to type, and so is a word that is none of ours.
func TestListOfNothing(t *testing.T) {
	w, s := clitest.Site(t)
	w.Run("list", "clusters").Exits(failure.Failed).Says("there is no session", "Log in first: kubectl vsphere login")
	w.Run("list").Exits(failure.Usage).Says("what to list? Type one of", "clusters")
	w.Run("list", "clutsers").Exits(failure.Usage).Says(`"clutsers" is nothing to list; did you mean clusters?`)
	w.Run("list", "nodes").Exits(failure.Usage).Says(`"nodes" is nothing to list; there are sites, `, "\nWhat is in a cluster, kubectl shows: kubectl --context CLUSTER get nodes\n").Omits("zones?")
	w.Run("get", "clusters", "-n", "ns1").Exits(failure.Usage).Says(`unknown command "get"; to list what Supervisors hold, type: kubectl vsphere list clusters`+"\n", "For the objects of a context, type: kubectl get clusters\n")
	w.Run("get").Exits(failure.Usage).Says("type: kubectl vsphere list WHAT\n", "type: kubectl get KIND\n")
	w.Run("get", "Nodes", "-A").Exits(failure.Usage).Says("kubectl --context CLUSTER get nodes\n")
	w.Run("lst", "-A").Exits(failure.Usage).Says(`unknown command "lst"; did you mean list`)
	w.Run("list", "clusters", "-A", "-n", "ns1").Exits(failure.Usage).Says("--all-namespaces and --namespace do not go together")
	w.Run("list", "tkc", "tkc1").Exits(failure.Usage).Says("one word too many", "kubectl vsphere describe cluster tkc1")
	w.Run("list", "classes", "now").Exits(failure.Usage).Says("one word too many").Omits("describe")
	w.Run("list", "clusters", "-o", "xml").Exits(failure.Usage).Says("want wide, name, json or yaml")
	w.Run("list", "clusters", "-n", "a/b").Exits(failure.Usage).Says(`"a/b" is not a name of a namespace`)
	w.Run("list", "sites", "-w").Exits(failure.Usage).Says("--watch is for what a Supervisor holds")
	w.Run("list", "clusters", "-w", "-o", "json").Exits(failure.Usage).Says("--watch prints lines")
	clitest.SignedIn(t, w, s)
	s.Hold(capi())
	w.Run("list", "clusters", "-n", "ns1").Exits(failure.OK).Says("There are no clusters in ns1.\n")
	s.Hold(capi(cluster("ns1", "tkc1", ready)))
	w.Run("list", "clusters", "--sort-by", "nodse").Exits(failure.Usage).Says(`there is no column "nodse"; did you mean NODES?`).Omits("tkc1")
	for what, column := range map[string]string{"networks": "NETWORK", "releases": "COMPATIBLE", "services": "ADDRESS", "storage": "LIMIT", "namespaces": "VMS"} { // Without a row.
		w.Run("list", what, "--sort-by", "xyz").Exits(failure.Usage).Says(`there is no column "xyz"; there are NAME, NAMESPACE, SERVER, KIND, `, column)
	}
	w.Run("list", "clusters", "--sort-by", "xyz").Exits(failure.Usage).Says(`there is no column "xyz"; there are NAME, NAMESPACE, SERVER, KIND, CONTEXT`)
	w.Run("list", "clusters", "--server", "10.0.0.9").Exits(failure.Failed).Says("there is no session at 10.0.0.9; there are sessions at 10.0.0.1")
	w.WriteFile("kubeconfig", "", 0o600)
	w.Run("list", "clusters").Exits(failure.Failed).Says("no context of your kubeconfig leads to 10.0.0.1", "kubectl vsphere login --server 10.0.0.1")
}

// An administrator's lists are one request, whatever the number of namespaces. Namespaces of the system are left out.
func TestListEverywhere(t *testing.T) {
	w, s := signedIn(t)
	s.Hidden = false
	h := capi(cluster("ns1", "tkc1", ready), cluster("kube-system", "hidden", ready), cluster("ns9", "far", ready))
	h.Everywhere = true
	s.Hold(h)
	w.Run("list", "clusters").Exits(failure.OK).Says("tkc1", "far").Omits("hidden")
	if n := s.Count("GET /apis/cluster.x-k8s.io/v1beta2/clusters"); n != 1 || s.Count(clusters1) != 0 {
		t.Errorf("%d requests: %q", n, s.Requests())
	}
}

// Who may list namespaces need not have rights in each: that is no news.
func TestListOfALister(t *testing.T) {
	w, s := signedIn(t)
	s.Hidden = false
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "theirs"})
	h := capi(cluster("ns1", "tkc1", ready))
	h.Closed = []string{"theirs"}
	s.Hold(h)
	w.Run("list", "clusters").Exits(failure.OK).Says("tkc1").Omits("note")
	w.Run("list", "clusters", "-n", "theirs").Exits(failure.OK).Says("note: you may not list clusters.cluster.x-k8s.io at 10.0.0.1 in theirs")
}

// A Supervisor that has none of the chosen namespaces is not asked for what is its own.
func TestListOfANamespaceOfOneSupervisor(t *testing.T) {
	w, s := signedIn(t)
	other := w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "ns3"})
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.OK)
	for _, each := range []*consoletest.Supervisor{s, other} {
		each.Hidden = true
		each.Hold(vmOperator("clustervirtualmachineimages", "ClusterVirtualMachineImage", nil, object("", "vmi-2", "")))
	}
	wantLines(t, w.Run("list", "images", "-n", "ns1", "-o", "name").Exits(failure.OK), "clustervirtualmachineimages.vmoperator.vmware.com/vmi-2")
	w.Run("list", "images").Exits(failure.OK).Says("10.0.0.1   -           ClusterVirtualMachineImage   vmi-2", "10.0.0.2   -           ClusterVirtualMachineImage   vmi-2")
	w.Down("10.0.0.2:6443")
	w.Run("list", "images", "-n", "ns1").Exits(failure.OK).Omits("error")
}

// A session that has ended is named with the command that helps; nobody is asked in between. Code and command are those of get-token.
func TestListWithAnEndedSession(t *testing.T) {
	w, s := signedIn(t)
	w.Advance(11 * time.Hour)
	token := w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User).Exits(failure.Failed)
	const says = "the session of dev@vsphere.local at 10.0.0.1 has ended; type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local"
	token.Says(says)
	w.Person()
	for _, args := range [][]string{
		{"list", "clusters"}, {"list", "vms", "-n", "ns1", "-o", "json"}, {"list", "vms", "--watch"}, {"describe", "cluster", "tkc1"}, {"describe", "vm", "ns1/web"},
		{"describe", "namespace", "ns1"},
	} {
		r := w.Run(args...).Exits(token.Code).Says(says)
		if n := strings.Count(r.Err, "error: "); n != 1 || strings.Contains(r.Err, "there is no ") {
			t.Errorf("%q: %q", args, r.Err)
		}
	}
	if len(s.Requests()) > 0 {
		t.Errorf("%q", s.Requests())
	}
}
