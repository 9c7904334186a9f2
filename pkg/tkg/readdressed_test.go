package tkg

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// object reads an object as it comes from a server: group and version, and the rest of it with its metadata.
func object(t testing.TB, r kubeapi.Resource, text string) kubeapi.Object {
	t.Helper()
	o, err := parse(r, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

// parse gets an object of a server that has only that.
func parse(r kubeapi.Resource, text string) (kubeapi.Object, error) {
	const version = "v1"
	s := kubeapi.New(func(_ context.Context, req wire.Request) ([]byte, error) {
		if req.URL == "/apis/"+r.Group {
			return []byte(`{"versions":[{"version":"` + version + `"}]}`), nil
		}
		return []byte(`{"apiVersion":"` + strings.TrimPrefix(r.Group+"/"+version, "/") + `","kind":"` + r.Kind + `",` + strings.TrimPrefix(text, "{")), nil
	})
	return s.Get(context.Background(), r, "", "one")
}

const (
	readdressed = `{"metadata":{"name":"shop","namespace":"ns1","generation":2},"spec":{"controlPlaneEndpoint":{"host":"10.0.0.7","port":6443},
"infrastructureRef":{"kind":"VSphereCluster","name":"shop-x1"}},"status":{"phase":"Provisioned","conditions":[{"type":"Available","status":"False"}]}}`
	infra    = `{"metadata":{"name":"shop-x1","namespace":"ns1","uid":"new"}}`
	balancer = `{"metadata":{"name":"shop","namespace":"ns1","ownerReferences":[{"kind":"VSphereCluster","name":"shop-x1","uid":"new"}]},
"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.8"}]}}}`
	service = `{"metadata":{"name":"shop","namespace":"ns1","ownerReferences":[{"kind":"VirtualMachineService","name":"shop"}]},
"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.8"}]}}}`
)

// A cluster that advertises another address than its load balancer has is said to do so only if that is certain.
func TestReaddressed(t *testing.T) {
	with := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%s is not in %s", old, text)
		}
		return strings.ReplaceAll(text, old, new)
	}
	for name, c := range map[string]struct {
		cluster, infra, balancer, service string
		advertised                        string
		want                              string // the address of the load balancer, or ""
	}{
		"another address":              {readdressed, infra, balancer, "", "", "10.0.0.8"},
		"as the Supervisor says":       {with(readdressed, "10.0.0.7", "10.0.0.8"), infra, balancer, "", "10.0.0.7", "10.0.0.8"},
		"up at its own address":        {with(with(readdressed, "10.0.0.7", "10.0.0.8"), `"False"`, `"True"`), infra, balancer, "", "10.0.0.7", "10.0.0.8"},
		"VSphereClusters are hidden":   {readdressed, "", balancer, "", "", "10.0.0.8"},
		"of vSphere 7":                 {readdressed, "", with(balancer, "VSphereCluster", "WCPCluster"), "", "", "10.0.0.8"},
		"two addresses":                {readdressed, infra, with(balancer, `{"ip":"10.0.0.8"}`, `{"ip":"10.0.0.8"},{"ip":"fd00::8"}`), "", "", "10.0.0.8, fd00::8"},
		"only Services may be read":    {readdressed, "", "", service, "", "10.0.0.8"},
		"a Service of an older CAPV":   {readdressed, "", "", with(service, `"name":"shop","namespace"`, `"name":"shop-control-plane-service","namespace"`), "", "10.0.0.8"},
		"its own address":              {with(readdressed, "10.0.0.7", "10.0.0.8"), infra, balancer, "", "", ""},
		"its own, in IPv6":             {with(readdressed, "10.0.0.7", "fd00:0::8"), infra, with(balancer, "10.0.0.8", "fd00::8"), "", "", ""},
		"one of its own":               {with(readdressed, "10.0.0.7", "10.0.0.9"), infra, with(balancer, `{"ip":"10.0.0.8"}`, `{"ip":"10.0.0.8"},{"ip":"10.0.0.9"}`), "", "", ""},
		"a name":                       {with(readdressed, "10.0.0.7", "shop.example"), infra, balancer, "", "", ""},
		"a load balancer with a name":  {readdressed, infra, with(balancer, `"ip":"10.0.0.8"`, `"hostname":"lb.example"`), "", "", ""},
		"no load balancer yet":         {readdressed, infra, with(balancer, `{"ip":"10.0.0.8"}`, ""), "", "", ""},
		"of the cluster that was":      {readdressed, infra, with(balancer, `"uid":"new"`, `"uid":"old"`), service, "", ""},
		"of another cluster":           {readdressed, infra, with(balancer, "shop-x1", "other"), "", "", ""},
		"a Service of somebody's own":  {readdressed, "", "", with(service, "VirtualMachineService", "Deployment"), "", ""},
		"another Service":              {readdressed, "", "", with(service, `"name":"shop","namespace"`, `"name":"web","namespace"`), "", ""},
		"no address advertised":        {with(readdressed, `"host":"10.0.0.7",`, ""), infra, balancer, "", "", ""},
		"it is up":                     {with(readdressed, `"False"`, `"True"`), infra, balancer, "", "", ""},
		"it is being deleted":          {with(readdressed, `"generation":2`, `"deletionTimestamp":"2026-11-27T08:00:00Z"`), infra, balancer, "", "", ""},
		"a load balancer that goes":    {readdressed, infra, with(balancer, `"name":"shop","namespace"`, `"name":"shop","deletionTimestamp":"2026-11-27T08:00:00Z","namespace"`), "", "", ""},
		"nothing may be read":          {readdressed, "", "", "", "", ""},
		"a Cluster that is another's":  {`{"metadata":{"name":"shop"},"spec":{"controlPlaneEndpoint":7}}`, infra, balancer, "", "", ""},
		"a Service without an address": {readdressed, "", "", with(service, `{"ip":"10.0.0.8"}`, ""), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := EndpointParts{Cluster: object(t, ClusterResource, c.cluster)}
			for _, part := range []struct {
				text string
				of   kubeapi.Resource
				into *[]kubeapi.Object
			}{{c.infra, InfraResource, &p.Infra}, {c.balancer, ServiceResource, &p.Balancers}, {c.service, CoreServiceResource, &p.Services}} {
				if part.text != "" {
					*part.into = append(*part.into, object(t, part.of, part.text))
				}
			}
			err := p.Readdressed(c.advertised)
			var got *ReaddressedError
			if !errors.As(err, &got) {
				got = &ReaddressedError{}
			}
			if got.Own != c.want || got.Own != "" && got.Advertised != "10.0.0.7" {
				t.Errorf("%v", err)
			}
		})
	}
}

// What a user may read is read, and nothing beside it.
func TestReadEndpointParts(t *testing.T) {
	const apis = "/apis/"
	replies := map[string]string{
		apis + "cluster.x-k8s.io":                                                                      `{"versions":[{"version":"v1beta2"}]}`,
		apis + "vmware.infrastructure.cluster.x-k8s.io":                                                `{"versions":[{"version":"v1beta1"}]}`,
		apis + "vmoperator.vmware.com":                                                                 `{"versions":[{"version":"v1alpha3"}]}`,
		apis + "cluster.x-k8s.io/v1beta2/namespaces/ns1/clusters/shop":                                 withKind(readdressed, "cluster.x-k8s.io/v1beta2", "Cluster"),
		apis + "vmware.infrastructure.cluster.x-k8s.io/v1beta1/namespaces/ns1/vsphereclusters/shop-x1": withKind(infra, "vmware.infrastructure.cluster.x-k8s.io/v1beta1", "VSphereCluster"),
		apis + "vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachineservices":                  listOf("VirtualMachineService", "vmoperator.vmware.com/v1alpha3", balancer),
		"/api/v1/namespaces/ns1/services":                                                              listOf("Service", "v1", service),
	}
	forbidden := map[string]bool{}
	var asked []string
	s := kubeapi.New(func(_ context.Context, r wire.Request) ([]byte, error) {
		u, err := url.Parse(r.URL)
		if err != nil {
			return nil, err
		}
		asked = append(asked, u.Path)
		switch reply, found := replies[u.Path]; {
		case forbidden[u.Path]:
			return nil, &wire.Error{URL: r.URL, Status: http.StatusForbidden, Kind: wire.ErrForbidden}
		case found:
			return []byte(reply), nil
		}
		return nil, &wire.Error{URL: r.URL, Status: http.StatusNotFound, Kind: wire.ErrNotFound}
	})
	read := func() EndpointParts {
		t.Helper()
		asked = nil
		p, err := ReadEndpointParts(t.Context(), s, "ns1", "shop")
		if err != nil || p.Readdressed("") == nil {
			t.Errorf("%v: nothing was seen in %q", err, asked)
		}
		return p
	}
	if p := read(); len(p.Infra) != 1 || len(p.Balancers) != 1 || len(p.Services) != 0 {
		t.Errorf("%+v", p)
	}
	forbidden[apis+"vmware.infrastructure.cluster.x-k8s.io/v1beta1/namespaces/ns1/vsphereclusters/shop-x1"] = true
	if p := read(); len(p.Infra) != 0 || len(p.Balancers) != 1 {
		t.Errorf("%+v", p)
	}
	forbidden[apis+"vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachineservices"] = true
	if p := read(); len(p.Balancers) != 0 || len(p.Services) != 1 {
		t.Errorf("%+v", p)
	}
	forbidden["/api/v1/namespaces/ns1/services"] = true
	if p, err := ReadEndpointParts(t.Context(), s, "ns1", "shop"); err != nil || p.Readdressed("") != nil {
		t.Errorf("%v of what nobody may read", p.Readdressed(""))
	}
	if _, err := ReadEndpointParts(t.Context(), s, "ns1", "other"); !errors.Is(err, wire.ErrNotFound) {
		t.Error(err)
	}
}

func withKind(text, version, kind string) string {
	return `{"apiVersion":"` + version + `","kind":"` + kind + `",` + strings.TrimPrefix(text, "{")
}

func listOf(kind, version string, items ...string) string {
	list := map[string]any{"apiVersion": version, "kind": kind + "List", "metadata": map[string]any{}}
	var all []json.RawMessage
	for _, item := range items {
		all = append(all, json.RawMessage(withKind(item, version, kind)))
	}
	list["items"] = all
	text, _ := json.Marshal(list)
	return string(text)
}
