package describecmd_test

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

const release = "v1.33.3---vmware.1"

// holding makes a kind of object of a group in a version.
func holding(resource, kind string, objects ...string) objecttest.Holding {
	plural, group, _ := strings.Cut(resource, ".")
	version := "v1alpha3"
	switch group {
	case "cluster.x-k8s.io":
		version = "v1beta2"
	case "":
		version = "v1"
	}
	return objecttest.Holding{Group: group, Version: version, Plural: plural, Kind: kind, Objects: objects}
}

// object is one with a name, labels and the rest of it, each without braces.
func object(namespace, name, labels, rest string) string {
	in := ""
	if namespace != "" {
		in = `"namespace":"` + namespace + `",`
	}
	return `{"metadata":{` + in + `"name":"` + name + `","generation":3,"labels":{` + labels + `}},` + rest + `}`
}

func signedIn(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden = true
	s.Hold(holding("events", "Event"))
	s.Hold(holding("resourcequotas", "ResourceQuota"))
	return w, s
}

// site holds a cluster with a node, a virtual machine, load balancers and releases. status is that of the cluster.
func site(t *testing.T, spec, status string) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := signedIn(t)
	const of = `"cluster.x-k8s.io/cluster-name":"tkc1","capv.vmware.com/cluster.name":"tkc1"`
	s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", object("ns1", "tkc1", ``, `"spec":{"controlPlaneEndpoint":{"host":"10.0.0.11","port":6443},"infrastructureRef":{"name":"tkc1-infra"},
"topology":{"classRef":{"name":"builtin"},"variables":[{"name":"vmClass","value":"small"}],`+spec+`}},"status":`+status)))
	s.Hold(holding("machines.cluster.x-k8s.io", "Machine", object("ns1", "tkc1-cp-1", of+`,"cluster.x-k8s.io/control-plane":""`,
		`"spec":{"version":"v1.33.3","failureDomain":"zone-a","infrastructureRef":{"name":"tkc1-vm-1"}},"status":{"conditions":[{"type":"Ready","status":"True"}]}`), object("ns1", "other", "", `"spec":{}`)))
	s.Hold(holding("virtualmachines.vmoperator.vmware.com", "VirtualMachine", object("ns1", "tkc1-vm-1", of, `"spec":{"className":"small"},"status":{"powerState":"PoweredOn","network":{"primaryIP4":"192.0.2.1"}}`)))
	s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService",
		`{"metadata":{"name":"tkc1-cp","namespace":"ns1","ownerReferences":[{"kind":"VSphereCluster","name":"tkc1-infra"}]},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.11"}]}}}`))
	s.Hold(holding("clusterbootstraps.run.tanzu.vmware.com", "ClusterBootstrap", object("ns1", "tkc1", "", `"spec":{"cni":{"refName":"antrea.2.3.0"},"csi":{"refName":"csi.3.4.0"}}`)))
	s.Hold(holding("tanzukubernetesreleases.run.tanzu.vmware.com", "TanzuKubernetesRelease", object("", release, "", `"spec":{"osImages":[{"name":"ubuntu"}]}`),
		object("", "v1.34.0---vmware.1", "", `"spec":{"osImages":[{"name":"later"}]}`)))
	s.Hold(holding("osimages.run.tanzu.vmware.com", "OSImage", object("", "ubuntu", "", `"spec":{}`)))
	return w, s
}

const (
	version = `"version":"` + release + `"`
	ready   = `{"observedGeneration":3,"phase":"Provisioned","controlPlane":{"desiredReplicas":1,"readyReplicas":1},"conditions":[{"type":"Available","status":"True","observedGeneration":3},
{"type":"RollingOut","status":"False"},{"type":"UpdatesAvailable","status":"True","message":"[v1.34.0+vmware.1]"}]}`
)

// A cluster is one page: its context, releases, nodes with their virtual machines, and load balancers.
func TestDescribeCluster(t *testing.T) {
	w, _ := site(t, version, ready)
	r := w.Run("describe", "cluster", "tkc1").Exits(failure.OK).Says("Cluster ns1/tkc1 at 10.0.0.1: ready\n", "Context:       tkc1\n", "Token:         good for 10h\n",
		"Upgrades:      v1.34.0---vmware.1 (no image yet)\n", "Class:         builtin\n", "Network (CNI): antrea.2.3.0\n", "Storage (CSI): csi.3.4.0\n", "VM class:      small\n",
		"tkc1-cp-1   control plane   yes     small   zone-a   192.0.2.1   PoweredOn   v1.33.3\n", "tkc1-cp   (API server)   10.0.0.11   -\n",
		"Available          yes    it can be used                    -\n", "RollingOut         no     no node is being replaced         -\n",
		"control plane   -        1       1\n").Omits("Wrong", "other")
	if r.Err != "" {
		t.Errorf("%q", r.Err)
	}
	w.Run("describe", "tkc", "ns1/tkc1", "--server", "10.0.0.1").Exits(failure.OK).Says("ready")
	w.Run("sites", "rename", "10.0.0.1", "prod").Exits(failure.OK)
	w.Run("describe", "tkc", "ns1/tkc1", "--server", "prod").Exits(failure.OK).Says("Cluster ns1/tkc1 at prod: ready\n")
}

func fiveMinutesAgo() string { return time.Now().Add(-305 * time.Second).UTC().Format(time.RFC3339) }

// What is wrong comes first, with what to do.
func TestWhatIsWrongWithACluster(t *testing.T) {
	const waiting = `{"phase":"Provisioned","conditions":[{"type":"Available","status":"False","reason":"NotAvailable"}]}`
	const chain = `{"conditions":[{"type":"Available","status":"False","message":"* InfrastructureReady: no address\n  * RemoteConnectionProbe: none"},{"type":"RemoteConnectionProbe","status":"False"},
{"type":"InfrastructureReady","status":"False","message":"no address"},{"type":"ControlPlaneInitialized","status":"False"},{"type":"ControlPlaneAvailable","status":"Unknown"},{"type":"Ready","status":"False"}]}`
	for name, c := range map[string]struct {
		spec, status string
		change       func(*consoletest.Supervisor)
		wants        []string
	}{
		"an address of its predecessor": {version, waiting, func(s *consoletest.Supervisor) {
			s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService",
				`{"metadata":{"name":"tkc1-cp","namespace":"ns1","ownerReferences":[{"kind":"VSphereCluster","name":"tkc1-infra"}]},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.77"}]}}}`))
		}, []string{"Wrong: The cluster: it advertises 10.0.0.11, the address of an earlier cluster of its name, and its load balancer has 10.0.0.77: it will not come up\n", "To do: Delete the cluster, and create it with a name"}},
		"a version":                  {`"version":"v1.33.3+vmware.1"`, waiting, nil, []string{"Its version v1.33.3+vmware.1 is not the name of a release", "To do: Use its name: " + release}},
		"an unknown release":         {`"version":"v9"`, waiting, nil, []string{"There is no release v9", "kubectl vsphere list releases"}},
		"a release without an image": {`"version":"v1.34.0---vmware.1"`, waiting, nil, []string{"The release v1.34.0---vmware.1 has no image"}},
		"a condition":                {version, waiting, nil, []string{"Cluster ns1/tkc1 at 10.0.0.1: not ready\n", "Wrong: The cluster: it cannot be used yet: NotAvailable\n"}},
		"a cause, and what follows": {version, chain, nil, []string{": not ready\n\nWrong: The cluster: its network or load balancer is not there: no address\nTo do: If this does not change in some minutes, ask your vSphere administrator whether addresses are left.\n\nContext:",
			"Available                 no        it cannot be used yet                          InfrastructureReady: no address; RemoteConnectionProbe: none\n", "ControlPlaneAvailable     unknown   nobody knows yet "}},
		"a new one": {version, waiting, func(s *consoletest.Supervisor) {
			s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", `{"metadata":{"namespace":"ns1","name":"tkc1","creationTimestamp":"`+fiveMinutesAgo()+`"},"status":`+waiting+`}`))
		}, []string{"Wrong: It was created 5m", " ago, and is not ready yet\nTo do: Making a cluster takes some minutes. To wait for it, type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --wait 15m\n"}},
		"one that goes": {version, chain, func(s *consoletest.Supervisor) {
			s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", `{"metadata":{"namespace":"ns1","name":"tkc1","deletionTimestamp":"`+fiveMinutesAgo()+`"},"status":`+chain+`}`))
		}, []string{": deleting\n\nWrong: Its deletion began 5m", " ago\nTo do: If this does not end, ask your vSphere administrator what holds it.\n\nContext:"}},
		"a paused one": {version, waiting, func(s *consoletest.Supervisor) {
			s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", object("ns1", "tkc1", ``, `"spec":{"paused":true}`)))
		}, []string{": paused\n", "Wrong: It is paused: no controller looks at it\nTo do: Whoever paused it may have a reason. To go on, type: kubectl --context ns1 patch clusters.cluster.x-k8s.io tkc1 --type merge -p '{\"spec\":{\"paused\":false}}'\n"}},
		"too few nodes": {version + `,"controlPlane":{"replicas":1},"workers":{"machineDeployments":[{"name":"pool-a","replicas":3},{"name":"pool-b"}]}`, strings.Replace(ready, `"conditions":[`, `"conditions":[{"type":"ControlPlaneInitialized","status":"True"},`, 1),
			func(s *consoletest.Supervisor) {
				s.Hold(holding("machines.cluster.x-k8s.io", "Machine", object("ns1", "m", `"cluster.x-k8s.io/cluster-name":"tkc1","cluster.x-k8s.io/control-plane":""`, `"status":{"conditions":[{"type":"Ready","status":"True"}]}`),
					object("ns1", "n", `"cluster.x-k8s.io/cluster-name":"tkc1","topology.cluster.x-k8s.io/deployment-name":"pool-a"`, `"status":{"addresses":[{"type":"Hostname","address":"n"},{"type":"InternalIP","address":"192.0.2.7"}]}`)))
			}, []string{"Wrong: It should have 3 nodes in \"pool-a\", and has 1\n", "control plane   1        1       1\npool-a          3        1       0\n\n", "192.0.2.7"}},
		"an older state": {version, strings.ReplaceAll(ready, `"observedGeneration":3`, `"observedGeneration":2`), nil, []string{": changing\n", "Its controllers have not seen the last change yet", "(before the last change)"}},
		"a node": {version, ready, func(s *consoletest.Supervisor) {
			s.Hold(holding("machines.cluster.x-k8s.io", "Machine", object("ns1", "tkc1-cp-1", `"cluster.x-k8s.io/cluster-name":"tkc1"`, `"spec":{},"status":{"conditions":[{"type":"Ready","status":"False","message":"no kubelet"}]}`)))
		}, []string{"Wrong: The node tkc1-cp-1 is not ready: no kubelet"}},
		"a virtual machine": {version, ready, func(s *consoletest.Supervisor) {
			s.Hold(holding("virtualmachines.vmoperator.vmware.com", "VirtualMachine", object("ns1", "tkc1-vm-1", `"capv.vmware.com/cluster.name":"tkc1"`, `"status":{"conditions":[{"type":"VirtualMachineStorageReady","status":"False","message":"quota\u001b[31m"}]}`)))
		}, []string{`Wrong: The virtual machine tkc1-vm-1: its storage is not there: quota\x1b[31m`, "To do: See what is left: kubectl vsphere list storage"}},
		"a load balancer": {version, ready, func(s *consoletest.Supervisor) {
			s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService", object("ns1", "tkc1-web", `"run.tanzu.vmware.com/cluster.name":"tkc1"`, `"spec":{"type":"LoadBalancer"}`)))
		}, []string{"Wrong: The load balancer tkc1-web has no address: the load balancer has given no address\nTo do: Ask your vSphere administrator whether addresses are left. Its events: kubectl --context ns1 describe virtualmachineservices tkc1-web\n"}},
		"nothing said": {version, `{}`, func(s *consoletest.Supervisor) {
			s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", object("ns1", "tkc1", ``, `"spec":{}`)))
		}, []string{"Its controllers have said nothing about it yet", "Its API server has no address yet"}},
		"a warning": {version, waiting, func(s *consoletest.Supervisor) {
			s.Hold(holding("events", "Event", object("ns1", "e", ``, `"type":"Warning","message":"no room","involvedObject":{"kind":"Cluster","name":"tkc1"}`)))
		}, []string{"Wrong: A warning: no room"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t, c.spec, c.status)
			if c.change != nil {
				c.change(s)
			}
			r := w.Run("describe", "cluster", "tkc1").Exits(failure.OK).Says(c.wants...)
			if strings.Index(r.Out, "Wrong:") > strings.Index(r.Out, "Context:") {
				t.Errorf("what is wrong is not first:\n%s", r.Out)
			}
		})
	}
}

// A cluster of the older API alone is a page too.
func TestDescribeTanzuKubernetesCluster(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster"))
	s.Hold(holding("tanzukubernetesclusters.run.tanzu.vmware.com", "TanzuKubernetesCluster", object("ns1", "old", ``, `"status":{"version":"v1.24.9+vmware.1","apiEndpoints":[{"host":"10.0.0.11","port":6443}],"conditions":[{"type":"Ready","status":"True"}]}`)))
	w.Run("describe", "cluster", "old").Exits(failure.OK).Says("Cluster ns1/old at 10.0.0.1: ready", "v1.24.9---vmware.1").Omits("Wrong")
}

func TestDescribeVM(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(holding("virtualmachines.vmoperator.vmware.com", "VirtualMachine",
		object("ns1", "web-1", ``, `"spec":{"className":"small","imageName":"vmi-1","powerState":"PoweredOn"},"status":{"powerState":"PoweredOff","vmIp":"192.0.2.9","zone":"zone-a","host":"esx-1"}`),
		object("ns1", "web-2", `"app":"web"`, `"spec":{}`),
		object("ns1", "web-3", ``, `"spec":{"image":{"name":"vmi-2"}},"status":{"conditions":[{"type":"VirtualMachineImageReady","status":"False","reason":"NotFound"},{"type":"VirtualMachineCreated","status":"False","reason":"NotCreated"}]}`),
		object("ns2", "web-3", ``, `"spec":{}`)))
	s.Hold(holding("events", "Event", object("ns1", "e", ``, `"type":"Warning","message":"image is gone","involvedObject":{"kind":"VirtualMachine","name":"web-3"}`)))
	w.Run("describe", "vm", "web-1").Exits(failure.OK).Says("Virtual machine ns1/web-1 at 10.0.0.1: off\n", "Wrong: It should be PoweredOn and is PoweredOff", "Image:   vmi-1", "Address: 192.0.2.9", "Zone:    zone-a", "Host:    esx-1")
	s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService", object("ns1", "web", ``, `"spec":{"type":"LoadBalancer","selector":{"app":"web"}},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.77"}]}}`), object("ns1", "other", ``, `"spec":{}`)))
	w.Run("describe", "vm", "web-2").Exits(failure.OK).Says("Load balancers:\nNAME   SERVICE   ADDRESS      PORTS\nweb    -         192.0.2.77   -\n").Omits("other")
	w.Run("describe", "vm", "web-3", "-n", "ns1").Exits(failure.OK).Says(": not made: no image\n", "Wrong: The virtual machine: its image is not there: NotFound", "To do: Choose one: kubectl vsphere list images", "Wrong: A warning: image is gone").Omits("Wrong: The virtual machine: it was not made")
	w.Run("describe", "vm", "web-3").Exits(failure.Failed).Says(`there are several vms "web-3": in ns1 at 10.0.0.1, in ns2 at 10.0.0.1`, "Say which with -n or --server.")
	w.Run("describe", "vm", "wbe-1").Exits(failure.Failed).Says(`there is no vm "wbe-1" that you may see; did you mean web-1?`)
	w.Run("describe", "vm", "zzz").Exits(failure.Failed).Says("there are web-1, web-2, web-3")
}

func TestDescribeNamespace(t *testing.T) {
	w, s := site(t, version, `{"phase":"Provisioning"}`)
	s.Hold(holding("resourcequotas", "ResourceQuota", object("ns1", "a", ``, `"spec":{"hard":{"gold.storageclass.storage.k8s.io/requests.storage":"100Gi"}},"status":{"used":{"gold.storageclass.storage.k8s.io/requests.storage":"10Gi"}}`),
		object("ns1", "q", ``, `"spec":{"hard":{"gold.storageclass.storage.k8s.io/requests.storage":"10Gi"}},"status":{"used":{"gold.storageclass.storage.k8s.io/requests.storage":"10Gi"}}`)))
	s.Hold(holding("zones.topology.tanzu.vmware.com", "Zone", object("ns1", "zone-a", ``, `"spec":{}`)))
	s.Hold(holding("virtualmachineclasses.vmoperator.vmware.com", "VirtualMachineClass", object("ns1", "small", ``, `"spec":{}`)))
	w.Run("describe", "namespace", "ns1").Exits(failure.OK).Says("vSphere Namespace ns1 at 10.0.0.1\n", "Wrong: The cluster tkc1 is provisioning\nTo do: See why: kubectl vsphere describe cluster ns1/tkc1\n",
		"Wrong: Nothing is left of the storage class gold: 10Gi of 10Gi are used", "Context:    ns1\n", "Zones:      zone-a\n", "VM classes: small\n", "tkc1   tkc1      "+release, "tkc1-vm-1   on ", "gold    10Gi   -          10Gi    0\n")
	w.Run("describe", "ns", "ns9").Exits(failure.Failed).Says(`there is no namespace "ns9" that you may see; did you mean ns1 or ns2?`)
	s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService", object("ns1", "web", ``, `"spec":{"type":"LoadBalancer","selector":{"app":"web"}}`)))
	w.Run("describe", "ns", "ns1").Exits(failure.OK).Says("Wrong: The load balancer web has no address: no virtual machine has the labels that it selects", "web    -         pending   -\n")
	s.Hidden, s.Namespaces[1].Name = false, "other"
	w.Run("describe", "ns", "ns2").Exits(failure.OK).Says("Wrong: It is gone\nTo do: To remove its context, type: kubectl vsphere login --server 10.0.0.1 -u " + consoletest.User + " --prune\n")
	w.Run("describe", "ns", "ns1").Exits(failure.OK).Omits("gone")
	w.Run("describe", "ns", "other").Exits(failure.OK).Says("vSphere Namespace other at 10.0.0.1\n").Omits("gone") // No context leads there.
	s.Replies["GET /api/v1/namespaces/third"] = consoletest.Status(http.StatusInternalServerError, "")
	w.Run("describe", "ns", "third").Exits(failure.Server).Says("namespaces at 10.0.0.1: ", "internal server error (500)")
	s.Hidden, s.Namespaces[1].Name = true, "ns2"
	for _, h := range []objecttest.Holding{holding("clusters.cluster.x-k8s.io", "Cluster"), holding("virtualmachines.vmoperator.vmware.com", "VirtualMachine")} {
		h.Closed = []string{"ns2"}
		s.Hold(h)
	}
	w.Run("describe", "ns", "ns2").Exits(failure.OK).Says("Wrong: You may see nothing in it: your role was taken away, or it is gone", "If it is gone, type: kubectl vsphere login --server 10.0.0.1 -u "+consoletest.User+" --prune\n")
}

// Words that mean nothing are usage errors; a server that does not answer is named.
func TestDescribeNothing(t *testing.T) {
	w, s := signedIn(t)
	for line, want := range map[string]string{
		"describe":                        "what to describe? Type cluster, namespace or vm",
		"describe pod a":                  `"pod" is nothing to describe; type cluster, namespace or vm, and then a name`,
		"describe cluster":                "which cluster? Type its name",
		"describe cluster a b":            "one word too many",
		"describe cluster ns1/a -n ns2":   "name two namespaces",
		"describe cluster a -n x/y":       "is not a name of a namespace",
		"describe cluster a --server u@a": "--server",
		"describe cluster a/b/c":          `"b/c" is not the name of a cluster: type NAME or NAMESPACE/NAME`,
		"describe vm ns1/":                `"" is not the name of a vm`,
		"describe namespace ns1/x":        `"ns1/x" is not the name of a namespace: type NAME`,
		"describe namespace ns1 -n ns2":   `to see "ns1", leave it out`,
	} {
		w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(want)
	}
	w.Run("__complete", "describe", "").Says("cluster\nnamespace\nvm\n")
	w.Run("__complete", "describe", "cluster", "").Says("tkc1\ntkc2\n")
	w.Run("__complete", "describe", "ns", "").Says("ns1\nns2\n")
	s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster"))
	w.Run("describe", "cluster", "tkc1").Exits(failure.Failed).Says(`there is no cluster "tkc1" that you may see`)
	s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster", object("ns1", "tkc1", ``, `"spec":{}`)))
	s.Replies["GET /apis/cluster.x-k8s.io/v1beta2/namespaces/ns2/clusters"] = consoletest.Status(http.StatusBadGateway, "")
	w.Run("describe", "cluster", "tkc2").Exits(failure.Partial).Says("bad gateway (502)", `note: it is not known whether there is a cluster "tkc2": not all could be read`).Omits("there is no", "did you mean")
	s.Hidden = false
	w.Run("describe", "cluster", "tkc1", "-n", "ns3").Exits(failure.Failed).Says(`there is no namespace "ns3" that you may see; did you mean ns1 or ns2?`).Omits("role", "cluster")
	w, s = signedIn(t)
	s.Replies["GET /apis/cluster.x-k8s.io"] = consoletest.Status(http.StatusBadGateway, "")
	w.Run("describe", "cluster", "tkc1").Exits(failure.Server).Says("bad gateway (502)")
	clitest.New(t).Run("describe", "cluster", "a").Exits(failure.Failed).Says("there is no session")
}

// What servers say is data: it cannot draw on the terminal, begin a line of ours, or fill the screen.
func TestDescribeHostileCells(t *testing.T) {
	w, s := site(t, version, `{"conditions":[{"type":"Available\u202e","status":"False","message":"x\u001b[2J\u202e\nWrong: nothing\r\nTo do: touch x`+strings.Repeat(" more", 2000)+`"}]}`)
	s.Hold(holding("machines.cluster.x-k8s.io", "Machine", object("ns1", `m\u001b]0;x\u0007`, `"cluster.x-k8s.io/cluster-name":"tkc1","topology.cluster.x-k8s.io/deployment-name":"p\nWrong: pool"`, `"spec":{"version":"\u001b[31m"}`)))
	for _, columns := range []int{0, 40} {
		w.Columns = columns
		r := w.Run("describe", "cluster", "tkc1").Exits(failure.OK)
		own := strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[1;31m", "", "\x1b[32m", "", "\x1b[33m", "").Replace(r.Out) // Its colours.
		if strings.ContainsAny(own, "\x1b\r\u202e\a") || len(own) > 6000 {
			t.Errorf("%d columns: %d bytes: %q", columns, len(r.Out), r.Out)
		}
		for line := range strings.Lines(own) {
			if strings.HasPrefix(line, "Wrong: nothing") || strings.HasPrefix(line, "To do: touch") || strings.HasPrefix(line, "Wrong: pool") {
				t.Errorf("%d columns: a server began the line %q", columns, line)
			}
		}
	}
}

// A program reads the page as JSON or YAML.
func TestDescribeForAProgram(t *testing.T) {
	w, _ := site(t, `"version":"v9"`, `{"conditions":[{"type":"Available","status":"False"}]}`)
	var got struct {
		Title    string
		Problems []struct{ Wrong, Todo string }
		Facts    []struct{ Name, Value string }
		Tables   []struct {
			Heading string
			Rows    []map[string]string
		}
	}
	if err := json.Unmarshal([]byte(w.Run("describe", "cluster", "tkc1", "-o", "json").Exits(failure.OK).Out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Title != "Cluster ns1/tkc1 at 10.0.0.1: not ready" || got.Problems[0].Wrong != "There is no release v9" || !strings.Contains(got.Problems[0].Todo, "list releases") ||
		got.Facts[0].Name != "Context" || got.Facts[0].Value != "tkc1" || got.Tables[1].Heading != "Nodes" || got.Tables[1].Rows[0]["ADDRESS"] != "192.0.2.1" {
		t.Errorf("%+v", got)
	}
	w.Run("describe", "vm", "tkc1-vm-1", "-o", "yaml").Exits(failure.OK).Says("problems: []\n", "- name: Class\n  value: small\n", "tables: []\n")
	w.Run("describe", "vm", "x", "-o", "wide").Exits(failure.Usage)
}

// Where nothing can be asked, that is said with what to type.
func TestDescribeWithoutASession(t *testing.T) {
	w, s := site(t, version, ready)
	s.Hold(objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta2", Plural: "clusters", Kind: "Cluster", Closed: []string{"", "ns1", "ns2"}})
	w.Run("describe", "cluster", "tkc1").Exits(failure.Failed).Says("note: you may not list clusters.cluster.x-k8s.io at 10.0.0.1 in ns1, ns2\n", `there is no cluster "tkc1" that you may see`, "Ask your vSphere administrator for a role that may list it.")
	w.Advance(11 * time.Hour)
	w.Run("describe", "cluster", "tkc1").Exits(failure.Failed).Says("kubectl vsphere login --server 10.0.0.1 -u " + consoletest.User)
}
