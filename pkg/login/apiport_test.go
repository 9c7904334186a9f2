package login_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// doors is a site where a transport of its own stands before port 6443.
type doors struct {
	direct
	api func(*http.Request) (*http.Response, error)
}

func (d doors) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.api != nil && strings.HasSuffix(r.URL.Host, ":6443") {
		return d.api(r)
	}
	return d.direct.RoundTrip(r)
}

func says(status int, contentType, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// drops never answers, as a firewall that drops packets.
func drops(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// shows fails with a certificate that is not believed: of ca, or of nobody's, and for a host.
func shows(t *testing.T, ca authority, host string, unknown bool) func(*http.Request) (*http.Response, error) {
	t.Helper()
	leaf := ca.leaf(t, host)
	var reason error = x509.UnknownAuthorityError{Cert: leaf}
	if !unknown {
		reason = x509.HostnameError{Certificate: leaf, Host: "10.0.0.1"}
	}
	return fails(&tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf}, Err: reason})
}

// The API server is used at its own port wherever kubectl would reach it there and believe it. Else its front takes its place, and says why.
func TestWhereTheAPIServerIs(t *testing.T) {
	mine, strange := newAuthority(t), newAuthority(t)
	refused := fails(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)})
	proxy := fails(errors.New("the proxy 10.9.9.9:3128 does not connect: 403 Forbidden (NO_PROXY exempts a host)"))
	for name, tc := range map[string]struct {
		api   func(*http.Request) (*http.Response, error)
		told  string
		given int
		want  int
		why   string
	}{
		"it answers":                       {says(200, "application/json", `{"gitVersion":"v1.31.1"}`), mine.pem, 0, 6443, ""},
		"it refuses":                       {says(401, "application/json", `{"kind":"Status"}`), mine.pem, 0, 6443, ""},
		"it forbids":                       {says(403, "application/json", `{"kind":"Status"}`), mine.pem, 0, 6443, ""},
		"it is starting":                   {says(503, "application/json", `{"kind":"Status"}`), mine.pem, 0, 6443, ""},
		"of the CA that is told":           {shows(t, mine, "10.0.0.1", true), mine.pem, 0, 6443, ""},
		"packets are dropped":              {drops, mine.pem, 0, 443, "no answer within 2s"},
		"refused":                          {refused, mine.pem, 0, 443, "connection refused"},
		"a proxy for 443 alone":            {proxy, mine.pem, 0, 443, "the proxy 10.9.9.9:3128 does not connect"},
		"nothing behind a load balancer":   {says(503, "text/plain", "upstream connect error"), mine.pem, 0, 443, "is not that of an API server"},
		"a page of a portal":               {says(200, "text/html", "<html>log in to the network</html>"), mine.pem, 0, 443, "is not that of an API server"},
		"a page that forbids":              {says(403, "text/html", "<!DOCTYPE html>blocked"), mine.pem, 0, 443, "is not that of an API server"},
		"a redirect of a portal":           {says(302, "text/plain", ""), mine.pem, 0, 443, "is not that of an API server"},
		"TLS is intercepted":               {shows(t, strange, "10.0.0.1", true), mine.pem, 0, 443, "its CA is unknown here"},
		"its certificate lacks the name":   {shows(t, mine, "10.0.0.9", false), mine.pem, 0, 443, "not for"},
		"of the CA told, for another name": {shows(t, mine, "10.0.0.9", true), mine.pem, 0, 443, "its CA is unknown here"},
		"nobody could say which CA":        {shows(t, mine, "10.0.0.1", true), "", 0, 443, "its CA is unknown here"},
		"said, and it does not answer":     {refused, mine.pem, 6443, 6443, ""},
		"said to be the front's":           {says(200, "application/json", "{}"), mine.pem, 443, 443, ""},
		"said to be another":               {says(200, "application/json", "{}"), mine.pem, 7443, 7443, ""},
	} {
		f := site()
		f.t, f.info = t, tc.told
		r := login.Request{
			Wire: &wire.Client{HTTP: &http.Client{Transport: doors{direct{f}, tc.api}}}, Server: supervisor.Address{Host: front},
			User: "ada@vsphere.local", Password: held, APIPort: tc.given,
		}
		res := do(t, r)
		h := res.Hosts[0]
		why := ""
		if h.Instead != nil {
			why = h.Instead.Error()
		}
		if len(res.Failures) > 0 || h.APIPort != tc.want || !strings.Contains(why, tc.why) || (why == "") != (tc.why == "") {
			t.Errorf("%s: port %d, since %q; %v", name, h.APIPort, why, failures(res))
		}
		if at := res.Namespaces[0].Host; at.APIPort != h.APIPort {
			t.Errorf("%s: the namespace is at port %d", name, at.APIPort)
		}
		if n := f.count("GET 10.0.0.1/version"); n > 0 {
			t.Errorf("%s: the front was asked", name)
		}
	}
}

// The question is under way beside the login, and is asked once for each host.
func TestTheAPIServerIsAskedBesideTheLogin(t *testing.T) {
	f := site()
	asked := map[string]chan struct{}{"10.0.0.1": make(chan struct{}), "10.0.0.2": make(chan struct{})}
	var once sync.Map
	f.hold = func(r *http.Request) {
		switch host, _, _ := strings.Cut(r.URL.Host, ":"); {
		case strings.HasSuffix(r.URL.Path, "/version"):
			if _, again := once.LoadOrStore(host, true); again {
				t.Errorf("%s is asked twice", host)
				return
			}
			close(asked[host])
		case r.URL.Path == "/wcp/login":
			if host == "" {
				host = r.Host
			}
			select {
			case <-asked[host]:
			case <-time.After(10 * time.Second):
				t.Errorf("%s is not asked before it has answered the login", host)
			}
		}
	}
	f.t = t
	res := do(t, login.Request{
		Wire: &wire.Client{HTTP: &http.Client{Transport: direct{f}}}, Server: supervisor.Address{Host: front}, User: "ada@vsphere.local", Password: held,
	})
	if len(res.Hosts) != 2 {
		t.Errorf("%v", failures(res))
	}
}

// A wrong password ends the questions too.
func TestAFailedLoginWaitsForNoAPIServer(t *testing.T) {
	f := site()
	f.t = t
	ended := make(chan struct{})
	f.answer = func(string, string) int { return http.StatusUnauthorized }
	_, err := login.Do(t.Context(), login.Request{
		Wire: &wire.Client{HTTP: &http.Client{Transport: doors{direct{f}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "10.0.0.1:6443" {
				defer close(ended)
			}
			return drops(r)
		}}}}, Server: supervisor.Address{Host: front}, User: "ada@vsphere.local", Password: held,
	})
	if !errors.Is(err, wire.ErrRefused) {
		t.Error(err)
	}
	<-ended
}

// authority is a CA that signs certificates of servers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{}
	a.cert, a.key = a.sign(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	return a
}

func (a authority) leaf(t *testing.T, host string) *x509.Certificate {
	t.Helper()
	leaf, _ := a.sign(t, &x509.Certificate{IPAddresses: []net.IP{net.ParseIP(host)}})
	return leaf
}

func (a authority) sign(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.Subject.CommonName = fmt.Sprint("lab ", template.IsCA, key.X)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}
