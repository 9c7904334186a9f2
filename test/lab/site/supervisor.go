package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"

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
func (s *Site) startSupervisor(sup *supervisor, etcd string) error {
	name := fmt.Sprintf("supervisor%d", sup.index+1)
	ips := s.net.frontIPs()
	var err error
	sup.api, err = s.processes.Start(s.ctx, kube.Config{
		Name: name, Dir: filepath.Join(s.Dir, name), IP: s.net.ip(sup.last), ExtraIPs: ips, CA: s.vmca, Etcd: etcd,
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
	return s.prepareSupervisor(sup)
}

// prepareSupervisor creates what every Supervisor has, then opens the front.
func (s *Site) prepareSupervisor(sup *supervisor) error {
	if err := sup.client.CreateCRDs(s.ctx); err != nil {
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
	return s.openFront(sup, sup.last, admin.FrontSpec{})
}

// The roles of users in a vSphere Namespace. Without a controller manager the roles edit and view stay empty.
const (
	roleEdit       = "edit"       // the default: everything, clusters among it
	roleView       = "view"       // read
	roleNoClusters = "noclusters" // everything but clusters, which may not even be listed
	roleNoSecrets  = "nosecrets"  // clusters may be read, Secrets may not
	roleLister     = "lister"     // edit, and all namespaces may be listed
	roleAdmin      = "admin"      // everything everywhere
)

func addRoles(ctx context.Context, c *kube.Client) error {
	core := []string{"configmaps", "secrets", "pods", "services", "persistentvolumeclaims", "events"}
	groups := []string{"cluster.x-k8s.io", "run.tanzu.vmware.com"}
	all, read := []string{"*"}, []string{"get", "list", "watch"}
	rule := func(verbs []string, groups []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: groups, Resources: resources, Verbs: verbs}
	}
	return errors.Join(
		c.AddRole(ctx, "lab:"+roleEdit, rule(all, []string{""}, core...), rule(all, groups, "*")),
		c.AddRole(ctx, "lab:"+roleView, rule(read, []string{""}, core...), rule(read, groups, "*")),
		c.AddRole(ctx, "lab:"+roleNoClusters, rule(all, []string{""}, core...)),
		c.AddRole(ctx, "lab:"+roleNoSecrets, rule(read, groups, "*")),
		c.AddRole(ctx, "lab:"+roleLister, rule([]string{"list"}, []string{""}, "namespaces")),
	)
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
	uid, endpoint, found, err := sup.client.FindCluster(ctx, namespace, name)
	if err != nil || !found {
		return front.Guest{}, false, err
	}
	return front.Guest{UID: uid, Server: endpoint, CAPEM: s.caOf(endpoint).PEM}, true, nil
}
