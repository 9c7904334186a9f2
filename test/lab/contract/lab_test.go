package contract

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/front"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/reviewer"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// The Authorization headers of the golden requests. The password of all users is VMware1!.
const (
	basicDev      = "Basic ZGV2QHZzcGhlcmUubG9jYWw6Vk13YXJlMSE="     // dev@vsphere.local
	basicWrong    = "Basic ZGV2QHZzcGhlcmUubG9jYWw6d3Jvbmc="         // dev@vsphere.local:wrong
	basicNobody   = "Basic bm9ib2R5QHZzcGhlcmUubG9jYWw6Vk13YXJlMSE=" // nobody@vsphere.local
	basicUnlucky  = "Basic dW5sdWNreUB2c3BoZXJlLmxvY2FsOlZNd2FyZTEh" // unlucky@vsphere.local
	unluckyWrong  = "Basic dW5sdWNreUB2c3BoZXJlLmxvY2FsOndyb25n"     // unlucky@vsphere.local:wrong
	dev           = "dev@vsphere.local"
	issuer        = "https://vcenter.lab/openidconnect/vsphere.local"
	supAudience   = "vmware-tes:vc:vns:k8s"
	guestUID      = "6b5b8c2e-0d53-4a3e-9a55-4c1f7a7c9a01"
	youngUID      = "0f8e2a11-7d1c-4c57-8f0e-1b2a3c4d5e6f"
	guestAudience = supAudience + ":" + guestUID
)

// lab is the handlers of one site on loopback ports, without API servers.
type lab struct {
	vcenter  *vcenter.Service
	faults   *fault.Set
	roots    *x509.CertPool
	guestCA  []byte
	wrongCA  []byte
	text     string // of the banner
	supers   string // address of the Supervisor's front
	identity string // address of the vCenter
	webhook  string // address of the guest's webhook
	dex      *dex.Server
}

func newLab(t *testing.T) *lab {
	t.Helper()
	service, err := vcenter.New(issuer, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []vcenter.User{
		{Username: dev, Password: "VMware1!", Namespaces: []string{"ns1", "ns2"}, Groups: []string{"developers@vsphere.local"}},
		{Username: "nobody@vsphere.local", Password: "VMware1!"},
		{Username: "unlucky@vsphere.local", Password: "VMware1!"},
		{Username: "other@vsphere.local", Password: "VMware1!"},
		{Username: "root@vsphere.local", Password: "VMware1!", Groups: []string{vcenter.AdministratorsGroup}},
	} {
		if err := service.AddUser(u); err != nil {
			t.Fatal(err)
		}
	}
	vmca, guestCA := newCA(t, pki.VMCA()), newCA(t, pkix.Name{CommonName: "kubernetes"})
	l := &lab{vcenter: service, faults: &fault.Set{}, roots: x509.NewCertPool(), guestCA: guestCA.PEM, text: "Authorized users only."}
	l.roots.AddCert(vmca.Cert)
	l.wrongCA = newCA(t, pkix.Name{CommonName: "other"}).PEM
	federation := l.newFederation(t, vmca)
	handler := front.New(front.Config{
		Federation: federation.Handler(),
		VCenter:    service, Workloads: workloads, Guest: l.guest, API: apiBackend(t), Banner: func() string { return l.text }, WrongCA: l.wrongCA,
	})
	l.supers = serve(t, vmca, l.faults.Middleware(func(*http.Request) string { return "supervisor" }, handler))
	l.identity = serve(t, vmca, vcenterAPI(service))
	l.webhook = serve(t, vmca, reviewer.New(service, func() string { return guestUID }, l.faults))
	return l
}

func newCA(t *testing.T, name pkix.Name) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA(name)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// serve opens a TLS server whose certificate has an address only.
func serve(t *testing.T, ca *pki.CA, handler http.Handler) string {
	t.Helper()
	pair, err := ca.Server("supervisor", []net.IP{net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// apiBackend stands for a Supervisor's API server: it repeats what it was asked.
func apiBackend(t *testing.T) *url.URL {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "%s %s as %q", r.Method, r.URL, r.Header.Values("Authorization"))
	}))
	t.Cleanup(server.Close)
	api, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// workloads are of two Supervisors.
func workloads(u vcenter.User) []front.Workload {
	var all []front.Workload
	for _, wl := range []front.Workload{{Namespace: "ns1", MasterHost: "10.0.0.1"}, {Namespace: "ns2", MasterHost: "10.0.1.1"}} {
		if slices.Contains(u.Namespaces, wl.Namespace) {
			all = append(all, wl)
		}
	}
	return all
}

// guest knows two clusters: tkc1, and young, which has no address yet.
func (l *lab) guest(_ context.Context, namespace, name string) (front.Guest, bool, error) {
	switch {
	case name == "broken":
		return front.Guest{}, false, errors.New("the API server is away")
	case namespace != "" && namespace != "ns1":
		return front.Guest{}, false, nil
	case name == "tkc1":
		return front.Guest{UID: guestUID, Server: "10.0.0.9", CAPEM: l.guestCA}, true, nil
	}
	return front.Guest{UID: youngUID}, name == "young", nil
}

// fault switches a fault on until the subtest ends.
func (l *lab) fault(t *testing.T, f fault.Fault) {
	t.Helper()
	id := l.faults.Add(f)
	t.Cleanup(func() { l.faults.Remove(id) })
}
