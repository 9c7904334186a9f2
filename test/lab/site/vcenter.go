package site

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// startVCenter comes first: the API servers ask it for its keys.
func (s *Site) startVCenter() error {
	var err error
	if s.vmca, err = pki.NewCA(pki.VMCA()); err != nil {
		return err
	}
	if s.other, err = pki.NewCA(pki.VMCA()); err != nil {
		return err
	}
	if err := os.WriteFile(s.caFile(), s.vmca.PEM, 0o600); err != nil {
		return err
	}
	if s.vcenter, err = vcenter.New("https://"+s.net.front(addrVCenter)+"/openidconnect/"+vcenter.Domain, s.TokenLifetime); err != nil {
		return err
	}
	s.vcenter.Roots = [][]byte{s.other.PEM, s.vmca.PEM}
	pair, err := s.vmca.Server("vcenter.lab", []net.IP{net.ParseIP(s.net.ip(addrVCenter))}, "vcenter.lab")
	if err != nil {
		return err
	}
	l, err := s.net.listenFront(addrVCenter)
	if err != nil {
		return err
	}
	serve(s.ctx, l, s.vcenterHandler(), &pair)
	return nil
}

// vcenterHandler has the log and the faults before the REST API only: a switch for all servers must not keep the API servers from the
// keys of the tokens.
func (s *Site) vcenterHandler() http.Handler {
	api := vapi.New(vapi.Config{
		VCenter: s.vcenter, Supervisors: s.supervisorsOfVCenter, Namespaces: s.namespacesOf, Providers: []vapi.Provider{s.dexProvider()},
		Rest: s.vcenter.Handler(),
	})
	server := s.net.front(addrVCenter)
	mux := http.NewServeMux()
	watched := s.faults.Middleware(func(*http.Request) string { return server }, fault.Named{Handler: api, Who: api.Who})
	mux.Handle("/api/", watched)
	mux.Handle("/rest/", watched)
	mux.Handle("/", api)
	return mux
}

// supervisorsOfVCenter are those that have started.
func (s *Site) supervisorsOfVCenter() []vapi.Supervisor {
	var all []vapi.Supervisor
	for i, sup := range s.supervisors {
		ip := s.net.ip(sup.last)
		all = append(all, vapi.Supervisor{
			ID: supervisorIDs[i], Name: fmt.Sprintf("supervisor%d", i+1), Zones: s.zonesOfVCenter(sup), Version: supervisorVersion,
			Network:  map[string]string{"vsphere-network": "VSPHERE_NETWORK", "nsx-vpc": "NSX_VPC"}[s.ofSupervisor(sup).Network],
			Endpoint: ip, APIServers: []string{ip}, Namespaces: sup.listNamespaces(),
		})
	}
	return all
}

// supervisorVersion is in the form of a real one.
const supervisorVersion = "v1.30.10+vmware.1-fips-vsc9.0.1.0-24953340"

// zonesOfVCenter are the zones of a Supervisor, with a vSphere cluster for each: domain-c8 for the first Supervisor, domain-c9 and more for
// the second.
func (s *Site) zonesOfVCenter(sup *supervisor) []vapi.Zone {
	var all []vapi.Zone
	for i, name := range s.ofSupervisor(sup).Zones {
		n := sup.index + i
		all = append(all, vapi.Zone{Name: name, Cluster: fmt.Sprintf("domain-c%d", 8+n), ClusterName: fmt.Sprintf("cluster%d", 1+n)})
	}
	return all
}

// supervisorIDs are the same in every lab, so that examples can name them.
var supervisorIDs = []string{"1f0c7a54-9d5e-4c1b-8f0a-5b0f5a3d7e01", "1f0c7a54-9d5e-4c1b-8f0a-5b0f5a3d7e02"}

func (s *Site) namespacesOf(u vcenter.User) []vapi.Namespace {
	var all []vapi.Namespace
	for _, w := range s.workloads(u) {
		all = append(all, vapi.Namespace{Name: w.Namespace, Host: w.MasterHost})
	}
	return all
}

func (s *Site) dexProvider() vapi.Provider {
	issuer := s.dexIssuer()
	return vapi.Provider{ID: "6a2d4c5e-3f0b-4b7c-9a61-8f0e7d1c2b3a", Name: "Dex", Domains: []string{vcenter.Domain}, OIDC: vapi.OIDC{
		Discovery: issuer + "/.well-known/openid-configuration", Authorization: issuer + "/auth", Token: issuer + "/token", Keys: issuer + "/keys",
		ClientID: dex.PublicClient,
	}}
}
