package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/front"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/webconsole"
)

// supervisor is a Supervisor: an API server and the fronts before it.
type supervisor struct {
	index, last int
	api         *kube.APIServer
	client      *kube.Client
	pair        pki.Pair // of its fronts
	listed      []LabCluster
	addresses   []string // of its control planes, if it is stretched
	issuers     issuers
	consoles    *webconsole.Consoles // nil without VM Operator

	mu         sync.Mutex
	namespaces []string
}

func (sup *supervisor) listNamespaces() []string {
	sup.mu.Lock()
	defer sup.mu.Unlock()
	return slices.Clone(sup.namespaces)
}

// startSupervisor starts the API server with the flags of a real one, then the front.
func (s *Site) startSupervisor(sup *supervisor) error {
	name := fmt.Sprintf("supervisor%d", sup.index+1)
	ips := s.net.frontIPs()
	var err error
	sup.api, err = s.processes.Start(s.ctx, kube.Config{
		Name: name, Dir: filepath.Join(s.Dir, name), IP: s.net.ip(sup.last), ExtraIPs: ips, CA: s.vmca, Etcd: s.etcd,
		ExtraArgs: []string{
			"--oidc-issuer-url=" + s.vcenter.Issuer(),
			"--oidc-client-id=" + vcenter.Audience,
			"--oidc-groups-claim=group_names",
			"--oidc-groups-prefix=sso:",
			"--oidc-username-prefix=sso:",
			"--oidc-ca-file=" + s.caFile(),
		},
	})
	if err != nil {
		return err
	}
	if sup.client, err = sup.api.NewClient(); err != nil {
		return err
	}
	if sup.pair, err = s.vmca.Server(name, append([]net.IP{net.ParseIP(s.net.ip(sup.last))}, ips...)); err != nil {
		return err
	}
	return s.beside(s.ctx, sup.api, func() error { return s.prepareSupervisor(sup) })
}

// prepareSupervisor creates what every Supervisor has, then opens the front.
func (s *Site) prepareSupervisor(sup *supervisor) error {
	if err := s.define(sup); err != nil {
		return err
	}
	if err := s.stock(sup); err != nil {
		return err
	}
	if err := addRoles(s.ctx, sup.client); err != nil {
		return err
	}
	if err := sup.client.MakePublic(s.ctx, "vip-cluster-info", "cluster-info", "pinniped-info"); err != nil {
		return err
	}
	if err := sup.client.PublishInfo(s.ctx, "vip-cluster-info", kube.ClusterInfo(sup.api.URL(), s.vmca.PEM)); err != nil {
		return err
	}
	if err := s.startSupervisorConcierge(sup); err != nil {
		return err
	}
	if err := s.startConsoles(sup); err != nil {
		return err
	}
	if err := s.openFront(sup, sup.last, admin.FrontSpec{}); err != nil {
		return err
	}
	return s.openControlPlanes(sup)
}

// openControlPlanes gives a stretched Supervisor the addresses of its control planes. The API server is the same at each.
func (s *Site) openControlPlanes(sup *supervisor) error {
	if s.ofSupervisor(sup).ControlPlanes == 1 {
		return nil
	}
	for i := range controlPlanes {
		last := addrStretched + i
		if err := forward(s.ctx, s.net.ip(last), s.net.ip(sup.last)); err != nil {
			return err
		}
		if err := s.openFront(sup, last, admin.FrontSpec{}); err != nil {
			return err
		}
		sup.addresses = append(sup.addresses, s.net.front(last))
	}
	return nil
}

// openFront serves the front of a Supervisor at an address, with a FederationDomain if that is asked for.
func (s *Site) openFront(sup *supervisor, last int, spec admin.FrontSpec) error {
	config, err := s.frontConfig(sup)
	if err != nil {
		return err
	}
	if spec.Filtered {
		config.Workloads = func(u vcenter.User) []front.Workload { return s.workloadsBehind(u, sup, last) }
	}
	pair := sup.pair
	if spec.Unnamed {
		if pair, err = s.vmca.Server("supervisor", nil, "elsewhere.lab"); err != nil {
			return err
		}
	}
	who := func(*http.Request) string { return "" }
	if spec.Identity {
		identity, err := s.newIdentity(sup, spec, last)
		if err != nil {
			return err
		}
		config.Federation, config.Info, who = identity.Handler(), s.info(spec, last), identity.Who
	}
	l, err := s.net.listenFront(last)
	if err != nil {
		return err
	}
	server := s.net.front(last)
	handler := fault.Named{Handler: front.New(config), Who: who}
	serve(s.ctx, l, s.faults.Middleware(func(*http.Request) string { return server }, handler), &pair)
	return nil
}

// frontConfig is what the fronts of a Supervisor have in common.
func (s *Site) frontConfig(sup *supervisor) (front.Config, error) {
	api, err := url.Parse(sup.api.REST.Host)
	if err != nil {
		return front.Config{}, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.vmca.Cert)
	c := front.Config{
		VCenter:   s.vcenter,
		Workloads: s.workloads,
		Guest: func(ctx context.Context, ns, name string) (front.Guest, bool, error) {
			return s.guest(ctx, sup, ns, name)
		},
		API:          api,
		APITransport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64},
		Banner:       func() string { return "" },
		WrongCA:      s.other.PEM,
	}
	if sup.consoles != nil {
		c.Console = sup.consoles
	}
	return c, nil
}

// workloads lists a user's namespaces over all Supervisors, since they are of one vCenter.
func (s *Site) workloads(u vcenter.User) []front.Workload {
	var all []front.Workload
	for _, sup := range s.supervisors {
		for _, ns := range sup.listNamespaces() {
			if slices.Contains(u.Namespaces, ns) {
				all = append(all, front.Workload{Namespace: ns, MasterHost: s.net.ip(sup.last)})
			}
		}
	}
	return all
}

// workloadsBehind lists a user's namespaces as the site of one front would: those of its Supervisor are at the front's own address.
func (s *Site) workloadsBehind(u vcenter.User, sup *supervisor, last int) []front.Workload {
	all := s.workloads(u)
	for i, w := range all {
		if w.MasterHost == s.net.ip(sup.last) {
			all[i].MasterHost = s.net.ip(last)
		}
	}
	return all
}

// guest looks a cluster up as the Supervisor does: in its API.
func (s *Site) guest(ctx context.Context, sup *supervisor, namespace, name string) (front.Guest, bool, error) {
	if g, ok := s.fakes.find(namespace, name); ok && sup.index == 0 {
		return g, true, nil
	}
	found, ok, err := sup.client.FindCluster(ctx, namespace, name)
	if err != nil || !ok {
		return front.Guest{}, false, err
	}
	g := front.Guest{UID: found.UID, Server: found.Endpoint, OldServer: s.past.see(found)}
	if s.provisions(sup) && found.Namespace == provisionNamespace {
		g.CAPEM, err = sup.client.ClusterCA(ctx, found.Namespace, found.Name)
	} else {
		g.CAPEM = s.caOf(found.Endpoint).PEM
	}
	if g.CAPEM == nil {
		g.Server = "" // It has an address before it has a CA.
	}
	return g, true, err
}
