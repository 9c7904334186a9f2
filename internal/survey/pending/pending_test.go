package pending

import (
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func item(p *survey.Place, from *survey.Source, namespace, name string) survey.Item {
	return survey.Item{Place: p, Source: from, Object: kubeapi.Object{Metadata: kubeapi.Metadata{Name: name, Namespace: namespace}}}
}

// A load balancer without an address has a reason: what its operators say, else what it lacks.
func TestPending(t *testing.T) {
	s := &survey.Site{Env: &console.Env{Now: time.Now}}
	p, q := &survey.Place{Key: tokens.Key{Server: "s1", User: "ada"}}, &survey.Place{Key: tokens.Key{Server: "s2", User: "ada"}}
	sources := Sources()
	events, pools := sources[0], sources[1]
	service, vm := &survey.Source{Resource: tkg.ServiceResource}, &survey.Source{Resource: tkg.VMResource}
	lb := tkg.ServiceFacts{Kind: "LoadBalancer", Selector: map[string]string{"role": "node"}}
	warn := func(kind, name, message string) survey.Item {
		i := item(p, events, "ns1", "e")
		i.Facts = tkg.EventFacts{Kind: kind, Name: name, Message: message}
		return i
	}
	node := item(p, vm, "ns1", "node")
	node.Facts = map[string]string{"role": "node"}
	full := item(p, pools, "ns1", "pool")
	full.Kind, full.Facts = "IPPool", "no address is free"
	elsewhere := full
	elsewhere.Place = q
	for name, c := range map[string]struct {
		items []survey.Item
		facts tkg.ServiceFacts
		want  string
	}{
		"an address":        {nil, tkg.ServiceFacts{Kind: "LoadBalancer", Address: "10.0.0.9"}, ""},
		"another type":      {nil, tkg.ServiceFacts{Kind: "ClusterIP"}, ""},
		"no machine":        {nil, lb, "no virtual machine has the labels that it selects"},
		"a machine":         {[]survey.Item{node}, lb, "the load balancer has given no address"},
		"a full pool":       {[]survey.Item{node, full}, lb, "IPPool pool: no address is free"},
		"full elsewhere":    {[]survey.Item{node, elsewhere}, lb, "the load balancer has given no address"},
		"an event":          {[]survey.Item{node, full, warn("VirtualMachineService", "web", "quota")}, lb, "quota"},
		"an event of it":    {[]survey.Item{warn("Service", "web", "quota")}, lb, "quota"},
		"another's event":   {[]survey.Item{node, warn("Service", "other", "quota")}, lb, "the load balancer has given no address"},
		"an event, unasked": {[]survey.Item{warn("VirtualMachineService", "web", "")}, lb, "no virtual machine has the labels that it selects"},
	} {
		pending := Of(&survey.Reading{Site: s, Items: c.items}, func(i survey.Item) map[string]string { return i.Facts.(map[string]string) })
		if got := pending.Why(item(p, service, "ns1", "web"), c.facts); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	unseen := Of(&survey.Reading{Site: s}, nil)
	unseen.unread = func(at *survey.Place, resource kubeapi.Resource, ns string) bool {
		return at == p && resource == tkg.VMResource && ns == "ns1"
	}
	if got := unseen.Why(item(p, service, "ns1", "web"), lb); got != "the load balancer has given no address" {
		t.Errorf("machines that cannot be seen: %q", got)
	}
}
