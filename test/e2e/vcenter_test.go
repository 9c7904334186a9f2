package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vapi/namespace"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
)

// vcenterOf logs in to the lab's vCenter with govmomi.
func vcenterOf(t *testing.T, user, password string) (*namespace.Manager, error) {
	t.Helper()
	u := &url.URL{Scheme: "https", Host: site.VCenter.Host}
	c := soap.NewClient(u, false)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read(t, site.VCenter.CA)))
	c.DefaultTransport().TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	r := rest.NewClient(&vim25.Client{Client: c})
	return namespace.NewManager(r), r.Login(t.Context(), url.UserPassword(user, password))
}

// govmomi reads what it knows of the lab's vCenter as it reads a real one.
func TestGovmomi(t *testing.T) {
	t.Parallel()
	admin := site.Users[0]
	m, err := vcenterOf(t, admin.Username, admin.Password)
	if err != nil {
		t.Fatal(err)
	}
	clusters, err := m.ListClusters(t.Context())
	if err != nil || len(clusters) != 4 || clusters[0].ID != "domain-c8" || clusters[0].Name != "cluster1" {
		t.Errorf("%+v %v", clusters, err)
	}
	supervisors, err := m.GetSupervisorSummaries(t.Context())
	if err != nil || len(supervisors.Items) != 2 || supervisors.Items[0].Info.Name != "supervisor1" {
		t.Errorf("%+v %v", supervisors, err)
	}
	namespaces, err := m.ListNamespaces(t.Context())
	if err != nil || len(namespaces) < 3 || namespaces[0].Namespace != "ns1" || namespaces[0].ClusterId != "domain-c8" {
		t.Errorf("%+v %v", namespaces, err)
	}
	if session, err := m.Session(t.Context()); err != nil || session == nil || session.User != admin.Username {
		t.Errorf("%+v %v", session, err)
	}
	if err := m.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := m.ListClusters(t.Context()); !rest.IsStatusError(err, http.StatusUnauthorized) {
		t.Errorf("after the logout: %v", err)
	}
}

// What administrators see is closed to others, and a wrong password opens nothing.
func TestGovmomiRights(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	if _, err := vcenterOf(t, u.Username, "wrong"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a wrong password: %v", err)
	}
	m, err := vcenterOf(t, u.Username, u.Password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.ListNamespaces(t.Context()); !rest.IsStatusError(err, http.StatusForbidden) {
		t.Errorf("somebody who is no administrator: %v", err)
	}
}
