package contract

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

func testBanner(t *testing.T, l *lab) {
	l.want(t, l.supers, `GET /wcp/loginbanner HTTP/1.1
Host: 10.0.0.1

`, `HTTP/1.1 200 OK
Content-Type: text/plain; charset=utf-8

Authorized users only.`)
}

func testNoBanner(t *testing.T, l *lab) {
	const notFound = "HTTP/1.1 404 Not Found\nContent-Type: text/plain; charset=utf-8\n\n404 page not found\n"
	for _, path := range []string{"/wcp/loginbanners", "/wcp", "/loginbanner", "/wcp/logout", "/wcp/session"} {
		l.want(t, l.supers, "GET "+path+" HTTP/1.1\nHost: 10.0.0.1\n\n", notFound)
	}
	l.fault(t, fault.Fault{Endpoint: "/wcp/loginbanner", Status: http.StatusNotFound})
	got := l.ask(t, l.supers, "GET /wcp/loginbanner HTTP/1.1\nHost: 10.0.0.1\n\n")
	if !strings.HasPrefix(got.text, "HTTP/1.1 404 Not Found\n") {
		t.Errorf("the reply is\n%s", got.text)
	}
}

func testBannerConfigured(t *testing.T, l *lab) {
	before := l.text
	defer func() { l.text = before }()
	for _, text := range []string{"", "two\nlines"} {
		l.text = text
		l.want(t, l.supers, "GET /wcp/loginbanner HTTP/1.1\nHost: 10.0.0.1\n\n",
			"HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\n\n"+text)
	}
}

func testAPIProxy(t *testing.T, l *lab) {
	l.want(t, l.supers, `GET /api/v1/namespaces?limit=500 HTTP/1.1
Host: 10.0.0.1
Authorization: Bearer caller

`, `HTTP/1.1 200 OK
Content-Type: text/plain

GET /api/v1/namespaces?limit=500 as ["Bearer caller"]`)
	for _, path := range []string{"/api", "/apis", "/apis/apps/v1", "/version", "/openapi/v3", "/healthz", "/readyz", "/livez"} {
		l.want(t, l.supers, "GET "+path+" HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Bearer caller\n\n",
			"HTTP/1.1 200 OK\nContent-Type: text/plain\n\nGET "+path+` as ["Bearer caller"]`)
	}
}

func testAPIAnonymous(t *testing.T, l *lab) {
	l.want(t, l.supers, `GET /api/v1/namespaces/kube-public/configmaps/vip-cluster-info HTTP/1.1
Host: 10.0.0.1

`, `HTTP/1.1 200 OK
Content-Type: text/plain

GET /api/v1/namespaces/kube-public/configmaps/vip-cluster-info as []`)
}

func testCertificate(t *testing.T, l *lab) {
	conn, err := tls.Dial("tcp", l.supers, &tls.Config{RootCAs: l.roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cert := conn.ConnectionState().PeerCertificates[0]
	if len(cert.DNSNames) != 0 || len(cert.IPAddresses) != 1 {
		t.Errorf("the certificate is for %q and %v", cert.DNSNames, cert.IPAddresses)
	}
	if got, want := cert.Issuer.String(), "CN=CA,OU=VMware Engineering,O=vcenter.lab,C=US"; got != want {
		t.Errorf("the issuer is %q, not %q", got, want)
	}
}
