package tkg

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// What shows the address of a cluster's API server, beside its Cluster.
var (
	InfraResource = kubeapi.Resource{Group: "vmware.infrastructure.cluster.x-k8s.io", Plural: "vsphereclusters", Kind: "VSphereCluster"}
	// CoreServiceResource is the Service that VM Operator makes for a VirtualMachineService, with its name and address.
	CoreServiceResource = kubeapi.Resource{Plural: "services", Kind: "Service"}
)

// ReaddressedError means that a cluster advertises the address of an earlier cluster of its name. Its own load balancer has another one, so
// it never comes up.
type ReaddressedError struct{ Advertised, Own string }

// Error says both addresses.
func (e *ReaddressedError) Error() string {
	return fmt.Sprintf("it advertises %s, the address of an earlier cluster of its name, and its load balancer has %s: it will not come up", e.Advertised, e.Own)
}

// EndpointParts are the objects that show where the API server of a cluster is. Each may be missing: not everybody may read them.
type EndpointParts struct {
	Cluster kubeapi.Object
	Infra   []kubeapi.Object // VSphereClusters
	// Balancers are VirtualMachineServices. Services are what VM Operator makes of them: for users who may not read Balancers.
	Balancers, Services []kubeapi.Object
}

// ReadEndpointParts reads the parts of a cluster. What cannot be read is left out. The error is that of the Cluster.
func ReadEndpointParts(ctx context.Context, s *kubeapi.Server, namespace, name string) (p EndpointParts, err error) {
	if p.Cluster, err = s.Get(ctx, ClusterResource, namespace, name); err != nil {
		return p, err
	}
	if infra, err := s.Get(ctx, InfraResource, namespace, p.infra()); err == nil {
		p.Infra = append(p.Infra, infra)
	}
	err = s.List(ctx, kubeapi.Query{Resource: ServiceResource, Namespace: namespace}, func(o kubeapi.Object) { p.Balancers = append(p.Balancers, o) })
	if err != nil {
		_ = s.List(ctx, kubeapi.Query{Resource: CoreServiceResource, Namespace: namespace}, func(o kubeapi.Object) { p.Services = append(p.Services, o) })
	}
	return p, nil
}

// infra returns the name of the cluster's VSphereCluster, or "".
func (p EndpointParts) infra() string {
	var c Cluster
	p.Cluster.Decode(&c)
	return c.Spec.Infrastructure.Name
}

// Readdressed returns a *ReaddressedError if a cluster advertises another address than its load balancer has; nil if it does not, or if
// that cannot be known. advertised is what the Supervisor says; empty: what the Cluster says.
func (p EndpointParts) Readdressed(advertised string) error {
	var c Cluster
	p.Cluster.Decode(&c)
	if advertised == "" {
		advertised = c.Spec.Endpoint.Host
	}
	own := p.own()
	isUp := c.State(p.Cluster) == "ready" && !differ(advertised, c.Spec.Endpoint.Host)
	mayBe := func(address string) bool { return !differ(advertised, address) }
	if len(own) == 0 || slices.ContainsFunc(own, mayBe) || !p.Cluster.Metadata.Deleted.IsZero() || isUp {
		return nil
	}
	return &ReaddressedError{Advertised: advertised, Own: strings.Join(own, ", ")}
}

// own returns the addresses of the cluster's load balancer.
func (p EndpointParts) own() []string {
	name := p.infra()
	uid := ""
	for _, infra := range p.Infra {
		if infra.Metadata.Name == name {
			uid = infra.Metadata.UID
		}
	}
	if len(p.Balancers) > 0 {
		return addressesOf(p.Balancers, func(o kubeapi.Object) bool {
			return slices.ContainsFunc(o.Metadata.Owners, func(owner kubeapi.Owner) bool {
				// One of a VSphereCluster that is gone may still be there.
				return isInfra(owner.Kind) && owner.Name == name && (uid == "" || owner.UID == uid)
			})
		})
	}
	return addressesOf(p.Services, func(o kubeapi.Object) bool {
		// The names of CAPV, and those of its versions before 1.13.
		named := o.Metadata.Name == p.Cluster.Metadata.Name || o.Metadata.Name == p.Cluster.Metadata.Name+"-control-plane-service"
		return named && slices.ContainsFunc(o.Metadata.Owners, func(owner kubeapi.Owner) bool { return owner.Kind == ServiceResource.Kind })
	})
}

// addressesOf returns the addresses of the load balancers that belong.
func addressesOf(services []kubeapi.Object, belongs func(kubeapi.Object) bool) (all []string) {
	for _, o := range services {
		if f := ServiceFactsOf(o); f.Kind == "LoadBalancer" && f.Address != "" && o.Metadata.Deleted.IsZero() && belongs(o) {
			all = append(all, strings.Split(f.Address, ",")...)
		}
	}
	return all
}

// differ reports whether two hosts are surely not the same. An address and a name may be: nobody asks DNS.
func differ(a, b string) bool {
	x, errX := netip.ParseAddr(strings.Trim(a, "[]"))
	y, errY := netip.ParseAddr(strings.Trim(b, "[]"))
	return a != "" && b != "" && errX == nil && errY == nil && x.Unmap() != y.Unmap()
}

// isInfra reports whether a kind is what a Cluster refers to as its infrastructure. Its name was another one in vSphere 7.
func isInfra(kind string) bool { return kind == InfraResource.Kind || kind == "WCPCluster" }
