package describecmd_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const release = "v1.33.3---vmware.1"

// holding makes a kind of object of a group in a version.
func holding(resource, kind string, objects ...string) consoletest.Holding {
	plural, group, _ := strings.Cut(resource, ".")
	version := "v1alpha3"
	switch group {
	case "cluster.x-k8s.io":
		version = "v1beta2"
	case "":
		version = "v1"
	}
	return consoletest.Holding{Group: group, Version: version, Plural: plural, Kind: kind, Objects: objects}
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
		"Available          yes    it can be used   -\n", "RollingOut         no ").Omits("Wrong", "other")
	if r.Err != "" {
		t.Errorf("%q", r.Err)
	}
	w.Run("describe", "tkc", "ns1/tkc1", "--server", "10.0.0.1").Exits(failure.OK).Says("ready")
	w.Run("sites", "rename", "10.0.0.1", "prod").Exits(failure.OK)
	w.Run("describe", "tkc", "ns1/tkc1", "--server", "prod").Exits(failure.OK).Says("Cluster ns1/tkc1 at prod: ready\n")
}

// What is wrong comes first, with what to do.
func TestWhatIsWrongWithACluster(t *testing.T) {
	const waiting = `{"phase":"Provisioned","conditions":[{"type":"Available","status":"False","reason":"NotAvailable"}]}`
	for name, c := range map[string]struct {
		spec, status string
		change       func(*consoletest.Supervisor)
		wants        []string
	}{
		"an address of its predecessor": {version, waiting, func(s *consoletest.Supervisor) {
			s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService",
				`{"metadata":{"name":"tkc1-cp","namespace":"ns1","ownerReferences":[{"kind":"VSphereCluster","name":"tkc1-infra"}]},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.77"}]}}}`))
		}, []string{"Wrong: It advertises 10.0.0.11, the address of an earlier cluster of its name. Its load balancer has 10.0.0.77. It will not come up\n", "To do: Delete it, and create it with a name"}},
		"a version":                  {`"version":"v1.33.3+vmware.1"`, waiting, nil, []string{"Its version v1.33.3+vmware.1 is not the name of a release", "To do: Use its name: " + release}},
		"an unknown release":         {`"version":"v9"`, waiting, nil, []string{"There is no release v9", "kubectl vsphere list releases"}},
		"a release without an image": {`"version":"v1.34.0---vmware.1"`, waiting, nil, []string{"The release v1.34.0---vmware.1 has no image"}},
		"a condition":                {version, waiting, nil, []string{"Cluster ns1/tkc1 at 10.0.0.1: not ready: NotAvailable\n", "Wrong: The cluster: it cannot be used yet: NotAvailable\n"}},
		"an older state":             {version, strings.ReplaceAll(ready, `"observedGeneration":3`, `"observedGeneration":2`), nil, []string{": changing\n", "Its controllers have not seen the last change yet", "(before the last change)"}},
		"a node": {version, ready, func(s *consoletest.Supervisor) {
			s.Hold(holding("machines.cluster.x-k8s.io", "Machine", object("ns1", "tkc1-cp-1", `"cluster.x-k8s.io/cluster-name":"tkc1"`, `"spec":{},"status":{"conditions":[{"type":"Ready","status":"False","message":"no kubelet"}]}`)))
		}, []string{"Wrong: The node tkc1-cp-1 is not ready: no kubelet"}},
		"a virtual machine": {version, ready, func(s *consoletest.Supervisor) {
			s.Hold(holding("virtualmachines.vmoperator.vmware.com", "VirtualMachine", object("ns1", "tkc1-vm-1", `"capv.vmware.com/cluster.name":"tkc1"`, `"status":{"conditions":[{"type":"VirtualMachineStorageReady","status":"False","message":"quota\u001b[31m"}]}`)))
		}, []string{`Wrong: The virtual machine tkc1-vm-1: its storage is not there: quota\x1b[31m`, "To do: See what is left: kubectl vsphere list storage"}},
		"a load balancer": {version, ready, func(s *consoletest.Supervisor) {
			s.Hold(holding("virtualmachineservices.vmoperator.vmware.com", "VirtualMachineService", object("ns1", "tkc1-web", `"run.tanzu.vmware.com/cluster.name":"tkc1"`, `"spec":{"type":"LoadBalancer"}`)))
		}, []string{"Wrong: The load balancer tkc1-web has no address: the load balancer has given no address"}},
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
		object("ns1", "web-3", ``, `"spec":{"image":{"name":"vmi-2"}},"status":{"conditions":[{"type":"VirtualMachineImageReady","status":"False","reason":"NotFound"}]}`),
		object("ns2", "web-3", ``, `"spec":{}`)))
	s.Hold(holding("events", "Event", object("ns1", "e", ``, `"type":"Warning","message":"image is gone","involvedObject":{"kind":"VirtualMachine","name":"web-3"}`)))
	w.Run("describe", "vm", "web-1").Exits(failure.OK).Says("Virtual machine ns1/web-1 at 10.0.0.1: is off\n", "Wrong: It should be PoweredOn and is PoweredOff", "Image:   vmi-1", "Address: 192.0.2.9", "Zone:    zone-a", "Host:    esx-1")
	w.Run("describe", "vm", "web-3", "-n", "ns1").Exits(failure.OK).Says(": is not there yet", "Wrong: The virtual machine: its image is not there: NotFound", "To do: Choose one: kubectl vsphere list images", "Wrong: A warning: image is gone")
	w.Run("describe", "vm", "web-3").Exits(failure.Failed).Says(`there are several vms "web-3": in ns1 at 10.0.0.1, in ns2 at 10.0.0.1`, "Say which with -n or --server.")
	w.Run("describe", "vm", "wbe-1").Exits(failure.Failed).Says(`there is no vm "wbe-1" that you may see; did you mean web-1?`)
	w.Run("describe", "vm", "zzz").Exits(failure.Failed).Says("there are web-1, web-3")
}

func TestDescribeNamespace(t *testing.T) {
	w, s := site(t, version, `{"phase":"Provisioning"}`)
	s.Hold(holding("resourcequotas", "ResourceQuota", object("ns1", "q", ``, `"spec":{"hard":{"gold.storageclass.storage.k8s.io/requests.storage":"10Gi"}},"status":{"used":{"gold.storageclass.storage.k8s.io/requests.storage":"10Gi"}}`)))
	s.Hold(holding("zones.topology.tanzu.vmware.com", "Zone", object("ns1", "zone-a", ``, `"spec":{}`)))
	s.Hold(holding("virtualmachineclasses.vmoperator.vmware.com", "VirtualMachineClass", object("ns1", "small", ``, `"spec":{}`)))
	w.Run("describe", "namespace", "ns1").Exits(failure.OK).Says("vSphere Namespace ns1 at 10.0.0.1\n", "Wrong: The cluster tkc1 is provisioning\nTo do: See why: kubectl vsphere describe cluster ns1/tkc1\n",
		"Wrong: Nothing is left of the storage class gold: 10Gi of 10Gi are used", "Context:    ns1\n", "Zones:      zone-a\n", "VM classes: small\n", "tkc1   tkc1      "+release, "tkc1-vm-1   runs ", "gold    10Gi   -          10Gi    0\n")
	w.Run("describe", "ns", "ns9").Exits(failure.Failed).Says(`there is no namespace "ns9" that you may see; did you mean ns1 or ns2?`)
	for _, h := range []consoletest.Holding{holding("clusters.cluster.x-k8s.io", "Cluster"), holding("virtualmachines.vmoperator.vmware.com", "VirtualMachine")} {
		h.Closed = []string{"ns2"}
		s.Hold(h)
	}
	w.Run("describe", "ns", "ns2").Exits(failure.OK).Says("Wrong: You may see nothing in it: your role was taken away, or it is gone", "kubectl vsphere login --prune")
}

// Words that mean nothing are usage errors; a server that does not answer is named.
func TestDescribeNothing(t *testing.T) {
	w, s := signedIn(t)
	for line, want := range map[string]string{
		"describe":                        "what to describe? Type cluster, namespace or vm",
		"describe pod a":                  `"pod" is nothing to describe`,
		"describe cluster":                "which cluster? Type its name",
		"describe cluster a b":            "one word too many",
		"describe cluster ns1/a -n ns2":   "name two namespaces",
		"describe cluster a -n x/y":       "is not a name of a namespace",
		"describe cluster a --server u@a": "--server",
	} {
		w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(want)
	}
	w.Run("__complete", "describe", "").Says("cluster\nnamespace\nvm\n")
	w.Run("__complete", "describe", "cluster", "").Says("tkc1\ntkc2\n")
	w.Run("__complete", "describe", "ns", "").Says("ns1\nns2\n")
	s.Hold(holding("clusters.cluster.x-k8s.io", "Cluster"))
	w.Run("describe", "cluster", "tkc1").Exits(failure.Failed).Says(`there is no cluster "tkc1" that you may see`)
	s.Replies["GET /apis/cluster.x-k8s.io"] = consoletest.Status(http.StatusBadGateway, "")
	w.Run("describe", "cluster", "tkc1").Exits(failure.Server).Says("bad gateway (502)")
	clitest.New(t).Run("describe", "cluster", "a").Exits(failure.Failed).Says("there is no session")
}
