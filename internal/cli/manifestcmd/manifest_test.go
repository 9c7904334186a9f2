package manifestcmd_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const (
	release = "v1.33.3---vmware.1"
	next    = "v1.33.6---vmware.1"
	capi    = "/apis/cluster.x-k8s.io/v1beta2"
)

// holding makes a kind of object of a group in a version.
func holding(resource, kind string, objects ...string) objecttest.Holding {
	plural, group, _ := strings.Cut(resource, ".")
	version := "v1alpha3"
	switch group {
	case "cluster.x-k8s.io":
		version = "v1beta2"
	case "", "policy":
		version = "v1"
	}
	return objecttest.Holding{Group: group, Version: version, Plural: plural, Kind: kind, Objects: objects}
}

// object is one with a name in a namespace; rest is without braces.
func object(namespace, name, rest string) string {
	in := ""
	if namespace != "" {
		in = `"namespace":"` + namespace + `",`
	}
	return `{"metadata":{` + in + `"name":"` + name + `"},` + rest + `}`
}

// site is a Supervisor whose namespace ns1 offers something for clusters.
func site(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden = true
	usable := func(image string) string {
		return `"spec":{"osImages":[{"name":"` + image + `"}]},"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Compatible","status":"True"}]}`
	}
	s.Hold(holding("tanzukubernetesreleases.run.tanzu.vmware.com", "TanzuKubernetesRelease", object("", release, usable("ubuntu")), object("", next, usable("ubuntu")),
		object("", "v1.34.1---vmware.1", usable("later"))))
	s.Hold(holding("osimages.run.tanzu.vmware.com", "OSImage", object("", "ubuntu", `"spec":{}`)))
	s.Hold(holding("clusterbootstraps.run.tanzu.vmware.com", "ClusterBootstrap", object("ns1", "left", `"spec":{}`)))
	s.Hold(holding("tanzukubernetesclusters.run.tanzu.vmware.com", "TanzuKubernetesCluster"))
	s.Hold(holding("clusterclasses.cluster.x-k8s.io", "ClusterClass", object("ns1", "tanzukubernetescluster", `"spec":{}`)))
	s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", object("ns1", "shop", `"spec":{}`)))
	s.Hold(holding("virtualmachineclasses.vmoperator.vmware.com", "VirtualMachineClass", object("ns1", "large", `"spec":{}`), object("ns1", "small", `"spec":{"hardware":{"cpus":2,"memory":"4Gi"}}`)))
	s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService"))
	s.Hold(holding("resourcequotas", "ResourceQuota", object("ns1", "q", `"spec":{"hard":{"gold.storageclass.storage.k8s.io/requests.storage":"10Gi"}},"status":{"used":{"gold.storageclass.storage.k8s.io/requests.storage":"1Gi"}}`)))
	s.Hold(holding("zones.topology.tanzu.vmware.com", "Zone", object("ns1", "zone-a", `"spec":{}`)))
	served := func(names ...string) http.HandlerFunc {
		var all []string
		for _, name := range names {
			all = append(all, `{"name":"`+name+`"}`)
		}
		return func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"resources":[` + strings.Join(all, ",") + `]}`))
		}
	}
	s.Replies["GET "+capi] = served("clusters", "machines")
	s.Replies["GET /apis/run.tanzu.vmware.com/v1alpha3"] = served("tanzukubernetesclusters")
	s.Replies["POST "+capi+"/namespaces/ns1/clusters"] = created(t)
	return w, s
}

// created answers a request to create an object, which must be a dry run.
func created(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("dryRun") != "All" || q.Get("fieldManager") != "kubectl-vsphere" {
			t.Errorf("a request that is no dry run: %s", r.URL)
		}
		var o map[string]any
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(o)
	}
}

func manifestOf(more ...string) []string {
	return append([]string{"cluster", "manifest", "web", "-n", "ns1", "--version", release, "--vm-class", "small", "--storage-class", "gold"}, more...)
}

// By flags, and by what has one choice only.
func TestManifest(t *testing.T) {
	w, s := site(t)
	r := w.Run("cluster", "manifest", "ns1/web", "--version", "v1.33.3+vmware.1", "--vm-class", "small", "--workers", "a=2,zone=zone-a").Exits(failure.OK).
		Says("note: --storage-class gold: there is no other one")
	const want = `apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata:
  name: web
  namespace: ns1
spec:
  clusterNetwork:
    pods:
      cidrBlocks:
      - 192.168.0.0/16
    serviceDomain: cluster.local
    services:
      cidrBlocks:
      - 10.96.0.0/12
  topology:
    classRef:
      name: tanzukubernetescluster
    controlPlane:
      replicas: 1
    variables:
    - name: vmClass
      value: small
    - name: storageClass
      value: gold
    version: v1.33.3---vmware.1
    workers:
      machineDeployments:
      - class: node-pool
        failureDomain: zone-a
        name: a
        replicas: 2
`
	if r.Out != want {
		t.Errorf("%s", r.Out)
	}
	if n := s.Count("POST " + capi + "/namespaces/ns1/clusters"); n != 1 {
		t.Errorf("the server was asked %d times", n)
	}
	s.Replies["POST /apis/run.tanzu.vmware.com/v1alpha3/namespaces/ns1/tanzukubernetesclusters"] = created(t)
	w.Run(manifestOf("--api", "tkc")...).Exits(failure.OK).Says("kind: TanzuKubernetesCluster\n", "name: node-pool-1\n").Omits("cidrBlocks")
}

// What is missing or wrong is said before the server is asked. Nothing is on standard output then.
func TestManifestThatIsWrong(t *testing.T) {
	w, s := site(t)
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"cluster", "manifest"}, failure.Usage, []string{"which cluster?"}},
		{[]string{"cluster", "manifest", "a", "b"}, failure.Usage, []string{"one word too many"}},
		{[]string{"cluster", "manifest", "web", "-n", "ns1"}, failure.Usage, []string{"--version is missing; there are v1.33.6---vmware.1, v1.33.3---vmware.1"}},
		{[]string{"cluster", "manifest", "web", "-n", "ns1", "--version", release}, failure.Usage, []string{"--vm-class is missing; there are large, small"}},
		{[]string{"cluster", "manifest", "ns1/web", "-n", "ns2"}, failure.Usage, []string{"name two namespaces"}},
		{[]string{"cluster", "manifest", "web", "-n", "N"}, failure.Usage, []string{"is not a name of a namespace"}},
		{manifestOf("--api", "pod"), failure.Usage, []string{"neither cluster nor tkc"}},
		{manifestOf("--api", "tkc", "--class", "x"), failure.Usage, []string{"are for --api cluster"}},
		{manifestOf("--workers", "a"), failure.Usage, []string{"is not NAME=NODES"}},
		{manifestOf("--set", "a"), failure.Usage, []string{"--set: want NAME=VALUE"}},
		{manifestOf("--vm-class", "huge", "--control-plane", "2"), failure.Failed, []string{"the VM class huge is not bound", "not 2", "because of 2 problems", "With --force"}},
		{[]string{"cluster", "manifest", "shop", "-n", "ns1", "--version", release, "--vm-class", "small"}, failure.Failed, []string{"there is a Cluster shop already", "Choose another name."}},
		{[]string{"cluster", "manifest", "left", "-n", "ns1", "--version", release, "--vm-class", "small"}, failure.Failed, []string{"the name left was used before"}},
		{[]string{"cluster", "manifest", "tkc1", "-n", "ns1", "--version", release, "--vm-class", "small"}, failure.Failed, []string{"the name tkc1 was used before", "a credential of yours for it"}},
		{manifestOf("--version", "v1.34.1---vmware.1"), failure.Failed, []string{"has no image yet", "kubectl vsphere list releases"}},
	} {
		r := w.Run(c.args...).Exits(c.code).Says(c.says...)
		if r.Out != "" {
			t.Errorf("%q: %s", c.args, r.Out)
		}
	}
	if n := s.Count("POST " + capi + "/namespaces/ns1/clusters"); n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
	w.Run(manifestOf("--vm-class", "huge", "--force")...).Exits(failure.OK).Says("warning: the VM class huge", "value: huge")
}

// The server's word counts, unless it is not asked; that somebody may not create clusters is a note, with the role that may.
func TestManifestIsCheckedByTheServer(t *testing.T) {
	w, s := site(t)
	const create = "POST " + capi + "/namespaces/ns1/clusters"
	s.Replies[create] = consoletest.Status(http.StatusUnprocessableEntity, `{"message":"no such thing"}`)
	if r := w.Run(manifestOf()...).Exits(failure.Server).Says("the server does not take it", "no such thing", "With --force"); r.Out != "" {
		t.Error(r.Out)
	}
	w.Run(manifestOf("--force")...).Exits(failure.OK).Says("warning: the server does not take it", "kind: Cluster")
	w.Run(manifestOf("--skip-server-check")...).Exits(failure.OK).Says("kind: Cluster").Omits("no such thing")
	s.Replies[create] = consoletest.Status(http.StatusForbidden, `{"message":"no"}`)
	w.Run(manifestOf()...).Exits(failure.OK).Says("the server did not check it", "the role edit or owner", "kind: Cluster")
}

// A file is not overwritten.
func TestManifestInAFile(t *testing.T) {
	w, _ := site(t)
	path := filepath.Join(w.Dir, "web.yaml")
	w.Run(manifestOf("--output", path)...).Exits(failure.OK).Says("To create the cluster, type: kubectl --context ns1 apply -f " + path)
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), "apiVersion: cluster.x-k8s.io/v1beta2\n") {
		t.Errorf("%s %v", text, err)
	}
	w.WriteFile("web.yaml", "mine", 0o600)
	w.Run(manifestOf("--output", path)...).Exits(failure.Failed).Says("exists", "With --force it is overwritten.")
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("%s", text)
	}
	w.Run(manifestOf("--output", path, "--force")...).Exits(failure.OK)
}

// A person picks what they did not name.
func TestManifestAtATerminal(t *testing.T) {
	w, _ := site(t)
	w.Columns = 80
	w.Person(consoletest.Answer{To: "Which release?", Keys: "33.3"}, consoletest.Answer{To: "Which VM class?", Keys: "small"},
		consoletest.Answer{To: "How many control plane nodes?", Keys: "3"}, consoletest.Answer{To: "How many workers? [1] ", Keys: "4"})
	w.Run("cluster", "manifest", "web", "-n", "ns1").Exits(failure.OK).Says("small   2 CPUs, 4Gi", "version: v1.33.3---vmware.1", "value: small", "replicas: 3", "replicas: 4")
	w.Person(consoletest.Answer{To: "Which release?", Keys: "\x1b"})
	if r := w.Run("cluster", "manifest", "web", "-n", "ns1").Exits(failure.Interrupted); strings.Contains(r.Out, "kind") {
		t.Error(r.Out)
	}
}

// cluster is a Cluster that a server has, with JSON patches.
type cluster struct {
	t    *testing.T
	s    *consoletest.Supervisor
	mu   sync.Mutex
	text string
	// before, if set, is called before a patch, once: somebody else is quicker.
	before func()
	sent   []string
}

func (c *cluster) hold(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = text
	c.s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", text))
}

// patch applies a JSON patch as RFC 6902 says, for the operations that there are.
func (c *cluster) patch(w http.ResponseWriter, r *http.Request) {
	if c.before != nil {
		before := c.before
		c.before = nil
		before()
	}
	var operations []struct {
		Op, Path string
		Value    any
	}
	if err := json.NewDecoder(r.Body).Decode(&operations); err != nil || r.Header.Get("Content-Type") != "application/json-patch+json" || r.URL.Query().Get("fieldManager") != "kubectl-vsphere" {
		c.t.Errorf("%v %v %s", err, r.Header, r.URL)
	}
	var o map[string]any
	c.mu.Lock()
	_ = json.Unmarshal([]byte(c.text), &o)
	c.mu.Unlock()
	for _, op := range operations {
		at, last := find(o, op.Path)
		now, _ := json.Marshal(at[last])
		want, _ := json.Marshal(op.Value)
		switch op.Op {
		case "test":
			if string(now) != string(want) {
				consoletest.Status(http.StatusUnprocessableEntity, `{"message":"the server rejected our request due to an error in our request"}`)(w, r)
				return
			}
		case "replace", "add":
			at[last] = op.Value
		}
		c.sent = append(c.sent, op.Op+" "+op.Path)
	}
	text, _ := json.Marshal(o)
	if r.URL.Query().Get("dryRun") == "" {
		c.hold(string(text))
	}
	o["apiVersion"], o["kind"] = "cluster.x-k8s.io/v1beta2", "Cluster"
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o)
}

// find returns the object that has the last part of a JSON pointer.
func find(o map[string]any, pointer string) (map[string]any, string) {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	var at any = o
	for _, part := range parts[:len(parts)-1] {
		switch in := at.(type) {
		case map[string]any:
			at = in[part]
		case []any:
			at = nil
			if i := int(part[0] - '0'); i < len(in) {
				at = in[i]
			}
		}
	}
	in, _ := at.(map[string]any)
	if in == nil {
		in = map[string]any{}
	}
	return in, parts[len(parts)-1]
}

const (
	ready = `"status":{"conditions":[{"type":"Available","status":"True"},{"type":"TopologyReconciled","status":"True"},{"type":"UpdatesAvailable","status":"True","message":"[v1.33.6+vmware.1 v1.34.1+vmware.1]"}]}`
	pools = `{"name":"a","class":"node-pool","replicas":2,"variables":{"overrides":[]}},{"name":"b","class":"node-pool"}`
)

func topology(version, machineDeployments, status string) string {
	return `{"metadata":{"namespace":"ns1","name":"tkc1","uid":"u1","resourceVersion":"7","annotations":{"theirs":"stays"}},"spec":{"topology":{"version":"` + version + `","controlPlane":{"replicas":3},"workers":{"machineDeployments":[` + machineDeployments + `]}}},` + status + `}`
}

// changed is a site with the cluster tkc1.
func changed(t *testing.T) (*consoletest.World, *consoletest.Supervisor, *cluster) {
	t.Helper()
	w, s := site(t)
	c := &cluster{t: t, s: s}
	c.hold(topology(release, pools, ready))
	s.Replies["PATCH "+capi+"/namespaces/ns1/clusters/tkc1"] = c.patch
	s.Hold(holding("machines.cluster.x-k8s.io", "Machine"))
	budgets(s, `{"disruptionsAllowed":1,"expectedPods":2}`)
	return w, s, c
}

// budgets gives the cluster tkc1 a PodDisruptionBudget with a status.
func budgets(s *consoletest.Supervisor, status string) {
	in := s.Namespaces[0].Clusters[0]
	in.Replies["GET /apis/policy"] = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"versions":[{"version":"v1"}]}`))
	}
	in.Replies["GET /apis/policy/v1/poddisruptionbudgets"] = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"apiVersion":"policy/v1","kind":"PodDisruptionBudgetList","metadata":{},"items":[{"metadata":{"namespace":"db","name":"pg"},"status":` + status + `}]}`))
	}
}

// machines are nodes of tkc1 of a version: three of the control plane, and of the pool a.
func machines(s *consoletest.Supervisor, version string, n int) {
	var all []string
	for i, role := range append([]string{`"cluster.x-k8s.io/control-plane":""`, `"cluster.x-k8s.io/control-plane":""`, `"cluster.x-k8s.io/control-plane":""`}, make([]string, n)...) {
		if role == "" {
			role = `"topology.cluster.x-k8s.io/deployment-name":"a"`
		}
		all = append(all, `{"metadata":{"namespace":"ns1","name":"m`+string(rune('0'+i))+`","labels":{"cluster.x-k8s.io/cluster-name":"tkc1",`+role+`}},"spec":{"version":"`+version+`"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}`)
	}
	s.Hold(holding("machines.cluster.x-k8s.io", "Machine", all...))
}

// One field of one pool changes, and nothing else.
func TestScale(t *testing.T) {
	w, _, c := changed(t)
	before := c.text
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5", "--dry-run").Exits(failure.OK).Says("2 nodes become 5", "Nothing was changed.")
	if c.text != before {
		t.Error("a dry run changes the cluster")
	}
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5").Exits(failure.OK).Says("should now have 5 nodes")
	same(t, strings.Replace(before, `"replicas":2`, `"replicas":5`, 1), c.text)
	before = c.text
	w.Run("cluster", "scale", "ns1/tkc1", "--pool", "b", "--replicas", "0").Exits(failure.OK).Says("unset nodes become 0")
	same(t, strings.Replace(before, `"name":"b"`, `"name":"b","replicas":0`, 1), c.text)
	c.sent = nil
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5").Exits(failure.OK).Says("should have 5 nodes already")
	if len(c.sent) > 0 {
		t.Error(c.sent)
	}
	c.hold(strings.Replace(before, `"resourceVersion"`, `"managedFields":[{"manager":"gitops","operation":"Apply","fieldsV1":{"f:spec":{"f:topology":{"f:workers":{"f:machineDeployments":{"k:{\"name\":\"a\"}":{"f:replicas":{}}}}}}}}],"resourceVersion"`, 1))
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "6").Exits(failure.OK).Says("note: gitops applies the number of nodes, and sets it back", "should now have 6 nodes")
	w.Run("cluster", "scale", "tkc1", "--pool", "b", "--replicas", "6").Exits(failure.OK).Omits("gitops")
	w.Run("cluster", "scale", "tkc1", "--pool", "c", "--replicas", "5").Exits(failure.Failed).Says(`there is no pool "c"; there are a, b`)
	w.Run("cluster", "scale", "tkc1", "--pool", "a").Exits(failure.Usage).Says("--replicas")
	w.Run("cluster", "scale", "tkc1", "--replicas", "1").Exits(failure.Usage).Says("--pool")
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "-1").Exits(failure.Usage)
}

func same(t *testing.T, want, got string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(want), &a); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(got), &b)
	x, _ := json.Marshal(a)
	if y, _ := json.Marshal(b); string(x) != string(y) {
		t.Errorf("want %s\ngot  %s", x, y)
	}
}

// A pool that stands elsewhere meanwhile is found again. No other one gets its size.
func TestScaleWhileTheListChanges(t *testing.T) {
	w, _, c := changed(t)
	moved := strings.Replace(topology(release, `{"name":"new","class":"node-pool","replicas":2},`+pools, ready), `"7"`, `"8"`, 1)
	c.before = func() { c.hold(moved) }
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5").Exits(failure.OK).Says("should now have 5 nodes")
	same(t, strings.Replace(moved, `"name":"a","class":"node-pool","replicas":2`, `"name":"a","class":"node-pool","replicas":5`, 1), c.text)
	// Another cluster of the name is not touched.
	other := strings.Replace(c.text, `"u1"`, `"u2"`, 1)
	c.before = func() { c.hold(other) }
	w.Run("cluster", "scale", "tkc1", "--pool", "b", "--replicas", "5").Exits(failure.Failed).Says("was deleted meanwhile, and made again")
	same(t, other, c.text)
}

// What may not be changed is said with the role that may.
func TestScaleWithoutARole(t *testing.T) {
	w, s, c := changed(t)
	s.Replies["PATCH "+capi+"/namespaces/ns1/clusters/tkc1"] = consoletest.Status(http.StatusForbidden, `{"message":"no"}`)
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5").Exits(failure.Refused).Says("you may not change clusters.cluster.x-k8s.io in ns1", "the role edit or owner", "Ask your vSphere administrator")
	c.hold(strings.Replace(c.text, `"topology":`, `"paused":true,"topology":`, 1))
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5").Exits(failure.Failed).Says("is paused")
	c.hold(strings.Replace(topology(release, pools, ready), `"name":"a",`, `"name":"a","metadata":{"annotations":{"cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size":"1"}},`, 1))
	w.Run("cluster", "scale", "tkc1", "--pool", "a", "--replicas", "5").Exits(failure.Failed).Says("has an autoscaler")
}

// The offers are shown, with what cannot be chosen and what stands in the way.
func TestUpgradeShows(t *testing.T) {
	w, s, c := changed(t)
	w.Run("cluster", "upgrade", "tkc1").Exits(failure.OK).Says("Cluster ns1/tkc1 at 10.0.0.1: "+release+", ready\n", next+"   yes\n", "v1.34.1---vmware.1   no: it has no image yet",
		"To upgrade it, type: kubectl vsphere cluster upgrade tkc1 -n ns1 --server 10.0.0.1 --to "+next+" --wait").Omits("Stops it")
	c.hold(strings.Replace(topology(release, `{"name":"a","replicas":1}`, ready), `"topology":`, `"paused":true,"topology":`, 1))
	w.Run("cluster", "upgrade", "tkc1").Exits(failure.OK).Says("Stops it: it is paused", "its pool a has one node")
	c.hold(topology(release, pools, ready))
	budgets(s, `{"disruptionsAllowed":0,"expectedPods":2}`)
	w.Run("cluster", "upgrade", "tkc1", "--to", next).Exits(failure.Failed).Says("stops it: pods in it may not be evicted", "the PodDisruptionBudgets db/pg allow none now")
	s.Namespaces[0].Clusters[0].Replies["GET /apis/policy/v1/poddisruptionbudgets"] = consoletest.Status(http.StatusForbidden, "")
	w.Run("cluster", "upgrade", "tkc1").Exits(failure.OK).Says("Know: it is not known whether pods of it may be evicted").Omits("Stops it")
	if len(c.sent) > 0 {
		t.Error(c.sent)
	}
}

// One field changes, if nothing stands in the way.
func TestUpgrade(t *testing.T) {
	w, s, c := changed(t)
	before := c.text
	for to, why := range map[string]string{
		"v1.34.1---vmware.1": "has no image yet", "v1.35.0---vmware.1": "there is no release", "v1.33.2---vmware.1": "there is no release",
	} {
		w.Run("cluster", "upgrade", "tkc1", "--to", to).Exits(failure.Failed).Says("stops it: ", why, "nothing was changed", "With --force")
	}
	same(t, before, c.text)
	w.Run("cluster", "upgrade", "tkc1", "--to", "v1.33.6+vmware.1", "--dry-run").Exits(failure.OK).Says("Nothing was changed.")
	same(t, before, c.text)
	w.Run("cluster", "upgrade", "tkc1", "--to", next).Exits(failure.OK).Says("This replaces the nodes", "goes from "+release+" to "+next, "To follow it, type: kubectl vsphere cluster upgrade tkc1 -n ns1 --server 10.0.0.1 --wait")
	same(t, strings.Replace(before, release, next, 1), c.text)
	w.Run("cluster", "upgrade", "tkc1", "--to", next).Exits(failure.OK).Says("has the release " + next + " already")
	c.hold(before)
	c.before = func() {
		c.hold(strings.Replace(strings.Replace(before, release, "v1.33.9---vmware.1", 1), `"7"`, `"8"`, 1))
	}
	w.Run("cluster", "upgrade", "tkc1", "--to", next).Exits(failure.Failed).Says("somebody else has just given the cluster ns1/tkc1 at 10.0.0.1 the release v1.33.9---vmware.1")
	c.hold(before)
	s.Replies["PATCH "+capi+"/namespaces/ns1/clusters/tkc1"] = consoletest.Status(http.StatusUnprocessableEntity, `{"message":"a webhook says no"}`)
	w.Run("cluster", "upgrade", "tkc1", "--to", next).Exits(failure.Server).Says("a webhook says no")
	if n := s.Count("PATCH " + capi + "/namespaces/ns1/clusters/tkc1"); n != 4 {
		t.Errorf("%d requests: what the server refuses is not sent again", n)
	}
	c.hold(object("ns1", "tkc1", `"spec":{}`))
	w.Run("cluster", "upgrade", "tkc1").Exits(failure.Failed).Says("it has no topology")
}

// Following ends when all nodes are as they should be. Ctrl-C ends the following alone.
func TestUpgradeWaits(t *testing.T) {
	w, s, c := changed(t)
	machines(s, "v1.33.3+vmware.1", 2)
	looks := 0
	w.Asleep = func(time.Duration) {
		switch looks++; looks {
		case 1:
			machines(s, "v1.33.6+vmware.1", 1)
		case 2:
			s.Next("GET "+capi+"/namespaces/ns1/clusters/tkc1", consoletest.Status(http.StatusBadGateway, ""))
		case 3:
			machines(s, "v1.33.6+vmware.1", 2)
		}
	}
	c.hold(topology(release, `{"name":"a","replicas":2}`, ready))
	w.Run("cluster", "upgrade", "tkc1", "--to", next, "--wait").Exits(failure.OK).Says("has 5 nodes of "+next+", all ready", "is asked again until it answers")
	if looks != 3 {
		t.Errorf("it was done after %d looks", looks)
	}
	machines(s, "v1.33.3+vmware.1", 2)
	w.Asleep = nil
	w.Run("cluster", "upgrade", "tkc1", "--wait", "--timeout", "1m").Exits(failure.Failed).Says("is not done after 60s: 0 of 5 nodes are ready, 5 will go", "To follow it, type: ")
	w.Asleep = func(time.Duration) { w.Interrupt() }
	w.Run("cluster", "upgrade", "tkc1", "--wait").Exits(failure.Interrupted).Says("The change goes on at 10.0.0.1: nothing is undone. To follow it, type: kubectl vsphere cluster upgrade tkc1 -n ns1 --server 10.0.0.1 --wait")
}
