package sitecmd_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// object is one with only a name. namespace may be empty.
func object(namespace, name, more string) string {
	in := ""
	if namespace != "" {
		in = `,"namespace":"` + namespace + `"`
	}
	return `{"metadata":{"name":"` + name + `"` + in + `}` + more + `}`
}

func vmOperator(plural, kind string, columns []string, objects ...string) objecttest.Holding {
	return objecttest.Holding{Group: "vmoperator.vmware.com", Version: "v1alpha3", Plural: plural, Kind: kind, Columns: columns, Objects: objects}
}

// Only what is shown is asked for: rows, objects, or metadata. The rest is work for the server.
func TestOnlyWhatIsShownIsAskedFor(t *testing.T) {
	for kind, want := range map[string]string{"clusters": "objects", "storage": "objects", "vms": "rows", "classes": "rows", "namespaces": "metadata"} {
		w, s := signedIn(t)
		s.Hold(capi(cluster("ns1", "tkc1", ready)))
		s.Hold(objecttest.Holding{Version: "v1", Plural: "resourcequotas", Kind: "ResourceQuota"})
		s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil))
		s.Hold(vmOperator("virtualmachineclasses", "VirtualMachineClass", nil))
		var mu sync.Mutex
		asked := map[string]int{}
		w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.URL.Query().Has("limit") && r.URL.Path != "/api/v1/namespaces" && !objecttest.OfLogin(r) {
				form := "objects"
				switch {
				case objecttest.AsTable(r):
					form = "rows"
				case objecttest.AsMetadata(r):
					form = "metadata"
				}
				mu.Lock()
				asked[form]++
				mu.Unlock()
			}
			server.ServeHTTP(out, r)
		}
		w.Run("list", kind)
		if asked[want] == 0 || len(asked) != 1 {
			t.Errorf("%s: asked for %v", kind, asked)
		}
	}
}

// A release is named as a cluster's version wants it. It says whether there is an image, and which clusters have it.
func TestListReleases(t *testing.T) {
	w, s := signedIn(t)
	const conditions = `"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Compatible","status":"True"}]}`
	s.Hold(objecttest.Holding{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Plural: "tanzukubernetesreleases", Kind: "TanzuKubernetesRelease", Objects: []string{
		object("", "v1.9.1---vmware.1", `,"spec":{"version":"v1.9.1+vmware.1"}`),
		object("", release, `,"spec":{"version":"v1.33.3+vmware.1-fips-vkr.1","osImages":[{"name":"photon"},{"name":"ubuntu"}]},`+conditions),
		`{"metadata":{"name":"v1.35.0---vmware.1","labels":{"incompatible":""}},"spec":{"osImages":[{"name":"nowhere"}]},` + conditions + `}`,
	}})
	s.Hold(objecttest.Holding{Group: "run.tanzu.vmware.com", Version: "v1alpha3", Plural: "osimages", Kind: "OSImage", Objects: []string{
		object("", "ubuntu", `,"spec":{"os":{"name":"ubuntu","version":"22.04"}}`), object("", "photon", `,"spec":{"os":{"name":"photon","version":"5"}}`),
	}})
	s.Hold(capi(cluster("ns1", "tkc1", ready), cluster("ns2", "b", ready)))
	r := w.Run("list", "tkr").Exits(failure.OK)
	wantLines(t, r, "NAME VERSION READY COMPATIBLE IMAGE CLUSTERS",
		"v1.9.1---vmware.1 v1.9.1+vmware.1 unknown unknown none -",
		release+" v1.33.3+vmware.1-fips-vkr.1 yes yes photon 5,ubuntu 22.04 ns1/tkc1,ns2/b",
		"v1.35.0---vmware.1 - yes incompatible none -")
	if r.Err != "" {
		t.Errorf("%q", r.Err)
	}
}

// Storage is what the policies' quotas say, else what the keys of the namespace's quota do: the classes themselves may be forbidden.
func TestListStorage(t *testing.T) {
	w, s := signedIn(t)
	quotas := objecttest.Holding{Version: "v1", Plural: "resourcequotas", Kind: "ResourceQuota", Objects: []string{object("ns1", "q", `,"spec":{"hard":{
"gold.storageclass.storage.k8s.io/requests.storage":"100Gi","silver.storageclass.storage.k8s.io/requests.storage":"50Gi","pods":"7"}},
"status":{"used":{"silver.storageclass.storage.k8s.io/requests.storage":"10Gi"}}`)}}
	s.Hold(quotas)
	wantLines(t, w.Run("list", "storage").Exits(failure.OK), "NAMESPACE NAME USED RESERVED LIMIT LEFT", "ns1 gold - - 100Gi 100Gi", "ns1 silver 10Gi - 50Gi 40Gi")
	s.Hold(objecttest.Holding{Group: "cns.vmware.com", Version: "v1alpha2", Plural: "storagepolicyquotas", Kind: "StoragePolicyQuota", Objects: []string{object("ns1", "p",
		`,"spec":{"limit":"1Ti"},"status":{"total":[{"storageClassName":"gold","scQuotaUsage":{"reserved":"4Gi","used":"60Gi"}}]}`),
		object("ns2", "p", `,"spec":{"limit":{}},"status":{"total":[{"storageClassName":"free","scQuotaUsage":{"used":2147483648,"reserved":"x"}}]}`)}})
	wantLines(t, w.Run("list", "sc").Exits(failure.OK), "NAMESPACE NAME USED RESERVED LIMIT LEFT", "ns1 gold 60Gi 4Gi 100Gi 36Gi", "ns1 silver 10Gi - 50Gi 40Gi", "ns2 free 2Gi - - -")
	wantLines(t, w.Run("list", "storage", "--sort-by", "used", "-o", "name").Exits(failure.OK), "storageclasses.storage.k8s.io/free", "storageclasses.storage.k8s.io/silver", "storageclasses.storage.k8s.io/gold")
}

// All quotas of a class count: the one that leaves the least is shown, in whatever order they come, and one says what another one does not.
func TestListStorageOfSeveralQuotas(t *testing.T) {
	const key = "gold.storageclass.storage.k8s.io/requests.storage"
	quota := func(name, limit, used string) string {
		return object("ns1", name, `,"spec":{"hard":{"`+key+`":"`+limit+`"}},"status":{"used":{"`+key+`":"`+used+`"}}`)
	}
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		w, s := signedIn(t)
		s.Hold(objecttest.Holding{Version: "v1", Plural: "resourcequotas", Kind: "ResourceQuota", Objects: []string{quota(names[0], "100Gi", "5Gi"), quota(names[1], "6Gi", "5Gi")}})
		wantLines(t, w.Run("list", "storage").Exits(failure.OK), "NAMESPACE NAME USED RESERVED LIMIT LEFT", "ns1 gold 5Gi - 6Gi 1Gi")
	}
	w, s := signedIn(t)
	s.Hold(objecttest.Holding{Version: "v1", Plural: "resourcequotas", Kind: "ResourceQuota", Objects: []string{quota("q", "50Gi", "3Gi")}})
	s.Hold(objecttest.Holding{Group: "cns.vmware.com", Version: "v1alpha2", Plural: "storagepolicyquotas", Kind: "StoragePolicyQuota", Objects: []string{
		object("ns1", "p", `,"spec":{},"status":{"total":[{"storageClassName":"gold","scQuotaUsage":{"reserved":"1Gi","used":"2Gi"}}]}`)}})
	wantLines(t, w.Run("list", "storage").Exits(failure.OK), "NAMESPACE NAME USED RESERVED LIMIT LEFT", "ns1 gold 2Gi 1Gi 50Gi 47Gi")
}

// A load balancer says which Service of a cluster it is for, and why it has no address.
func TestListServices(t *testing.T) {
	w, s := signedIn(t)
	service := func(name, labels, spec, status string) string {
		return `{"metadata":{"name":"` + name + `","namespace":"ns1","creationTimestamp":"` + w.Now().Add(-20*time.Minute).UTC().Format(time.RFC3339) + `","labels":{` + labels + `},"ownerReferences":[{"kind":"VSphereCluster","name":"x"}]},"spec":{` + spec + `},"status":{` + status + `}}`
	}
	const of = `"run.tanzu.vmware.com/cluster.name":"tkc1","run.tanzu.vmware.com/service.namespace":"default","run.tanzu.vmware.com/service.name":`
	const balanced = `"type":"LoadBalancer","ports":[{"port":80}],"selector":{"role":"node"}`
	hold := func() {
		s.Hold(vmOperator("virtualmachineservices", "VirtualMachineService", nil,
			service("api", `"cluster.x-k8s.io/cluster-name":"tkc1"`, `"type":"LoadBalancer"`, `"loadBalancer":{"ingress":[{"ip":"10.0.0.11"}]}`),
			service("web", of+`"web"`, balanced, ``), service("inner", ``, `"type":"ClusterIP"`, ``)))
	}
	hold()
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil))
	events := objecttest.Holding{Version: "v1", Plural: "events", Kind: "Event"}
	s.Hold(events)
	list := func(why string) {
		t.Helper()
		wantLines(t, w.Run("list", "services").Exits(failure.OK).Omits("note"), "NAMESPACE NAME TYPE ADDRESS CLUSTER SERVICE WHY PENDING",
			"ns1 api LoadBalancer 10.0.0.11 tkc1 (API server) -", "ns1 inner ClusterIP - - (API server) -", "ns1 web LoadBalancer pending tkc1 default/web "+why)
	}
	list("no virtual machine has the labels that it selects")
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, `{"metadata":{"name":"node","namespace":"ns1","labels":{"role":"node"}}}`))
	list("the load balancer has given no address for 20m")
	pools := objecttest.Holding{Group: "netoperator.vmware.com", Version: "v1alpha1", Plural: "ippools", Kind: "IPPool", Objects: []string{object("ns1", "pool-1", `,"status":{"conditions":[{"type":"Full","status":"True","message":"no address is free"}]}`)}}
	s.Hold(pools)
	list("IPPool pool-1: no address is free")
	events.Objects = []string{object("ns1", "e1", `,"type":"Normal","message":"fine","involvedObject":{"kind":"Service","name":"web"}`),
		object("ns1", "e2", `,"type":"Warning","message":"quota\u001b[31m exceeded","involvedObject":{"kind":"VirtualMachineService","name":"web"}`)}
	s.Hold(events)
	list(`quota\x1b[31m exceeded`)
}

// The columns of other kinds are the server's own: some only with -o wide.
func TestListOfTheServersColumns(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", []string{"Power-State", "Class+"}, object("ns1", "web-1", `,"cells":["PoweredOn","small"]`), object("ns2", "db", "")))
	wantLines(t, w.Run("list", "vms", "-o", "wide", "-n", "ns1").Exits(failure.OK), "NAMESPACE NAME STATE POWER-STATE CLASS", "ns1 web-1 not made yet PoweredOn small")
	w.Run("list", "vms", "-o", "json").Exits(failure.OK).Says(`"Power-State": "PoweredOn"`)
	s.Hold(vmOperator("virtualmachineimages", "VirtualMachineImage", []string{"Display Name"}, object("ns1", "vmi-1", `,"cells":["photon"]`)))
	s.Hold(vmOperator("clustervirtualmachineimages", "ClusterVirtualMachineImage", []string{"Display Name", "Type"}, object("", "vmi-2", `,"cells":["ubuntu","OVF"]`)))
	wantLines(t, w.Run("list", "images").Exits(failure.OK), "NAMESPACE KIND NAME DISPLAY NAME TYPE", "- ClusterVirtualMachineImage vmi-2 ubuntu OVF", "ns1 VirtualMachineImage vmi-1 photon -")
	w.Run("list", "images", "-n", "ns1").Exits(failure.OK).Says("vmi-1", "vmi-2")
	w.Run("list", "zones").Exits(failure.OK).Says("note: 10.0.0.1 does not serve availabilityzones.topology.tanzu.vmware.com, zones.topology.tanzu.vmware.com\n").Omits("NAME")
	s.Hold(objecttest.Holding{Group: "crd.nsx.vmware.com", Version: "v1alpha1", Plural: "subnets", Kind: "Subnet", Objects: []string{object("ns1", "net", "")}})
	wantLines(t, w.Run("list", "networks").Exits(failure.OK).Omits("note"), "NAMESPACE KIND NAME NETWORK ADDRESS STATE", "ns1 Subnet net - - -")
	for _, kind := range []string{"classes", "libraries"} {
		w.Run("list", kind).Exits(failure.OK).Says("note: 10.0.0.1 does not serve ")
	}
}

// A virtual machine that cannot be made says why. Its power is the Supervisor's word only with -o wide.
func TestListVMs(t *testing.T) {
	w, s := signedIn(t)
	no := func(conditions ...string) string {
		all := ""
		for _, c := range conditions {
			all += `,{"type":"VirtualMachine` + c + `","status":"False","reason":"Because"}`
		}
		return `,"status":{"conditions":[` + strings.TrimPrefix(all, ",") + `]}`
	}
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", []string{"Power-State", "Address"},
		object("ns1", "a", `,"status":{"powerState":"PoweredOn"},"cells":["PoweredOn","192.0.2.1"]`), object("ns1", "b", `,"status":{"powerState":"poweredOff"}`),
		object("ns1", "c", no("Created", "ImageReady")), object("ns1", "d", no("Created")), object("ns1", "e", no("PrereqReady")), object("ns1", "f", ""),
		object("ns1", "g", `,"status":{"powerState":"Suspended"}`), object("ns1", "h", `,"status":{"conditions":[{"type":"VirtualMachineCreated","status":"True"}]}`),
		object("ns1", "i", no("Created", "ConditionPlacementReady", "NetworkReady"))))
	wantLines(t, w.Run("list", "vms", "-n", "ns1").Exits(failure.OK), "NAMESPACE NAME STATE ADDRESS", "ns1 a on 192.0.2.1", "ns1 b off -", "ns1 c not made: no image -",
		"ns1 d not made: Because -", "ns1 e not made: Because -", "ns1 f not made yet -", "ns1 g suspended -", "ns1 h unknown -", "ns1 i not made: no network -")
	s.Hold(objecttest.Holding{Version: "v1", Plural: "events", Kind: "Event"})
	w.Run("describe", "vm", "c", "-n", "ns1").Exits(failure.OK).Says("Virtual machine ns1/c at 10.0.0.1: not made: no image\n")
	w.Run("list", "vms", "-o", "json").Exits(failure.OK).Says(`"Power-State": "PoweredOn"`, `"STATE": "not made: no image"`)
}

// Namespaces say what is in them, and whether they are still there.
func TestListNamespaces(t *testing.T) {
	w, s := signedIn(t)
	h := capi(cluster("ns1", "tkc1", ready))
	h.Closed = []string{"ns2"}
	s.Hold(h)
	h = vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "web-1", ""))
	s.Hold(h)
	wantLines(t, w.Run("list", "ns").Exits(failure.OK).Says("note: you may not list clusters"), "NAME CONTEXT CLUSTERS VMS STATE", "ns1 ns1 1 1 open", "ns2 ns2 ? 0 open")
	h.Closed = []string{"ns2"}
	s.Hold(h)
	w.Run("list", "ns").Exits(failure.OK).Says("ns2    ns2       ?          ?     closed to you, or gone")
	s.Hidden, s.Namespaces = false, s.Namespaces[:1]
	w.Run("list", "namespaces").Exits(failure.OK).Says("ns2    ns2       ?          ?     gone")
}

// A namespace that -n names is looked for. One that is nowhere is an error; one to which a context leads is gone.
func TestNamespaceThatIsNowhere(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(capi(cluster("ns1", "tkc1", ready)))
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil))
	// Whoever may not list namespaces is not told which there are.
	w.Run("list", "clusters", "-n", "ns3").Exits(failure.OK).Omits("there is no namespace")
	s.Hidden, s.Namespaces = false, s.Namespaces[:1]
	for _, kind := range []string{"namespaces", "clusters", "vms"} {
		r := w.Run("list", kind, "-n", "ns3").Exits(failure.Failed).Says(`error: there is no namespace "ns3" that you may see; did you mean ns1 or ns2?`)
		if r.Out != "" || strings.Count(r.Err, "\n") != 1 {
			t.Errorf("%s: %q %q", kind, r.Out, r.Err)
		}
		w.Run("list", kind, "-n", "ns2").Exits(failure.OK).Says("note: the vSphere Namespace ns2 is gone")
		w.Run("list", kind, "-n", "ns1").Exits(failure.OK).Omits("gone")
	}
	w.Run("list", "namespaces", "-n", "ns2").Exits(failure.OK).Says("ns2    ns2       0          0     gone")
	w.Run("list", "namespaces", "-n", "ns1").Exits(failure.OK).Says("ns1    ns1       1          0     open")
}

// A server that cannot say which namespaces it has does not forbid it.
func TestNamespacesThatAreNotKnown(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(capi(cluster("ns1", "tkc1", ready)))
	s.Replies["GET /api/v1/namespaces"] = consoletest.Status(http.StatusInternalServerError, "")
	w.Run("list", "clusters").Exits(failure.Partial).Says("ns1         tkc1", "error: namespaces at 10.0.0.1: ", "internal server error (500)")
	s.Replies["GET /api/v1/namespaces/ns1"] = consoletest.Status(http.StatusInternalServerError, "")
	w.Run("list", "clusters", "-n", "ns1").Exits(failure.Partial).Says("ns1         tkc1", "error: namespaces at 10.0.0.1: ", "internal server error (500)")
}

// Every name of a kind is there once.
func TestNamesOfKinds(t *testing.T) {
	w := clitest.New(t)
	r := w.Run("__complete", "list", "").Exits(failure.OK)
	seen := map[string]bool{}
	for line := range strings.Lines(r.Out) {
		if name := strings.TrimSpace(line); !strings.HasPrefix(name, ":") && seen[name] {
			t.Errorf("%s names two kinds", name)
		} else {
			seen[name] = true
		}
	}
	for _, kind := range []string{"sites", "namespaces", "clusters", "releases", "classes", "images", "storage", "zones", "vms", "services", "libraries", "networks"} {
		if !seen[kind] {
			t.Errorf("there is no %s in\n%s", kind, r.Out)
		}
		w.Run("list", "--help").Exits(failure.OK).Says("\n  " + fmt.Sprintf("%-11s", kind))
	}
}

// What a server sends reaches no terminal as it is, and what is no table of what was asked for is cut off.
func TestHostileServer(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", []string{"St\x1b[2Jate"}, object("ns1", `a\u202eb\u001b]0;x\u0007`, `,"cells":["x\u001b[31m\ny\u202e"]`)))
	r := w.Run("list", "vms").Exits(failure.OK).Says(`a\u202eb\x1b]0;x\x07`, `x\x1b[31m y\u202e`)
	for _, format := range []string{"wide", "name", "json", "yaml"} {
		r.Out += w.Run("list", "vms", "-o", format).Exits(failure.OK).Out
	}
	if strings.ContainsAny(r.Out, "\x1b\x07\u202e") {
		t.Errorf("%q", r.Out)
	}
	vms := "GET /apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"
	for name, reply := range map[string]string{
		"another kind": `{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["x"],"object":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"}}}]}`,
		"rubbish":      "\x1b[31m{]",
		"no end":       `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":"x"},"rows":[]}`,
		"nesting":      strings.Repeat("[", 100_000),
	} {
		s.Replies[vms] = consoletest.Reply(reply)
		r := w.Run("list", "vms").Exits(failure.Partial).Says("error: virtualmachines in ns1 at 10.0.0.1: ")
		if len(r.Err) > 1000 || strings.Contains(r.Err, "\x1b") {
			t.Errorf("%s: %q", name, r.Err)
		}
	}
}

func TestListNetworks(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(objecttest.Holding{Group: "netoperator.vmware.com", Version: "v1alpha1", Plural: "networkinterfaces", Kind: "NetworkInterface", Objects: []string{
		object("ns1", "web-1-eth0", `,"spec":{"networkName":"primary"},"status":{"ipConfigs":[{"ip":"192.0.2.11"}],"conditions":[{"type":"Ready","status":"True"}]}`),
		object("ns1", "web-2-eth0", `,"spec":{"networkName":"primary"},"status":{"conditions":[{"type":"Ready","status":"False","reason":"CannotAllocIP","message":"the pool is full"}]}`),
	}})
	s.Hold(objecttest.Holding{Group: "netoperator.vmware.com", Version: "v1alpha1", Plural: "ippools", Kind: "IPPool", Objects: []string{
		object("ns1", "pool", `,"spec":{"startingAddress":"192.0.2.11","addressCount":2},"status":{"conditions":[{"type":"ready","status":"True"},{"type":"full","status":"True"}]}`),
	}})
	wantLines(t, w.Run("list", "networks").Exits(failure.OK), "NAMESPACE KIND NAME NETWORK ADDRESS STATE",
		"ns1 IPPool pool - 192.0.2.11 and 1 more not ready: full", "ns1 NetworkInterface web-1-eth0 primary 192.0.2.11 ready",
		"ns1 NetworkInterface web-2-eth0 primary - not ready: CannotAllocIP: the pool is full")
}
