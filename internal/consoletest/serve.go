package consoletest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// CA signs certificates.
type CA struct {
	PEM string
	// Unshown means that servers show their own certificate alone.
	Unshown bool

	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA makes a CA.
func NewCA(t testing.TB, name string) *CA {
	t.Helper()
	c := &CA{t: t}
	c.cert, c.key = c.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	c.PEM = encode("CERTIFICATE", c.cert.Raw)
	return c
}

// sign makes a certificate with a key. A CA signs itself first. They are good for years, so that a test may move the clock.
func (c *CA) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().AddDate(5, 0, 0)
	}
	parent, signer := c.cert, c.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		c.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		c.t.Fatal(err)
	}
	return cert, key
}

// server is a certificate for hosts, separated by commas, shown with the CA beside it, as a Supervisor does.
func (c *CA) server(hosts string) tls.Certificate {
	template := &x509.Certificate{Subject: pkix.Name{CommonName: hosts}}
	for host := range strings.SplitSeq(hosts, ",") {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	cert, key := c.sign(template)
	chain := [][]byte{cert.Raw, c.cert.Raw}
	if c.Unshown {
		chain = chain[:1]
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key}
}

// Leaf is a certificate (PEM) for hosts, separated by commas, without its CA.
func (c *CA) Leaf(hosts string) string { return encode("CERTIFICATE", c.server(hosts).Certificate[0]) }

// client is a client certificate (PEM) with its key.
func (c *CA) client(name string, until time.Time) (certificate, key string) {
	cert, private := c.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		c.t.Fatal(err)
	}
	return encode("CERTIFICATE", cert.Raw), encode("PRIVATE KEY", der)
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// host is a server of the network.
type host struct{ server *httptest.Server }

// Reach makes an address (HOST:PORT) of the network lead to a listener of the test's own, such as a proxy.
func (w *World) Reach(address, listener string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.others == nil {
		w.others = map[string]string{}
	}
	w.others[address] = listener
}

// Serve answers at HOST:PORT over TLS, with a certificate of ca. What answered there before is gone.
func (w *World) Serve(address string, ca *CA, handler http.Handler) {
	w.t.Helper()
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ServeAt(address, name, ca, handler)
}

// ServeAt is Serve with a certificate for other names than the address, separated by commas. Port 80 is without TLS.
func (w *World) ServeAt(address, names string, ca *CA, handler http.Handler) {
	w.t.Helper()
	w.serveTLS(address, handler, &tls.Config{Certificates: []tls.Certificate{ca.server(names)}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12})
}

// ServeWithoutClients is Serve by something that ends TLS, and asks for no client certificate: the front of a real Supervisor.
func (w *World) ServeWithoutClients(host string, ca *CA, handler http.Handler) {
	w.t.Helper()
	w.serveTLS(host+":443", handler, &tls.Config{Certificates: []tls.Certificate{ca.server(host)}, MinVersion: tls.VersionTLS12})
}

func (w *World) serveTLS(address string, handler http.Handler, config *tls.Config) {
	w.t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.serving.Add(1)
		defer w.serving.Add(-1)
		w.hearAgent(r)
		w.mu.Lock()
		between := w.between
		w.mu.Unlock()
		if between != nil {
			between(out, r, handler)
			return
		}
		handler.ServeHTTP(out, r)
	}))
	if strings.HasSuffix(address, ":80") {
		server.Start()
		w.serve(address, &host{server: server})
		return
	}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // A client that does not believe a certificate is no news.
	server.TLS = config
	server.StartTLS()
	w.serve(address, &host{server: server})
}

// maxServing bounds how long a server may answer after a run has ended: some answer when the test says so.
const maxServing = time.Second

// settle waits until no server answers any more: a command that has given up a request ends before the server knows that. What a test
// changes afterwards, no server reads at that moment.
func (w *World) settle() {
	for began := time.Now(); w.serving.Load() > 0 && time.Since(began) < maxServing; {
		time.Sleep(time.Millisecond)
	}
}

// testAgent is the user agent of requests that a test makes itself.
const testAgent = "test"

// hearAgent fails the test if a request does not name the program. A test that makes requests itself has no agent of a program.
func (w *World) hearAgent(r *http.Request) {
	name := r.UserAgent()
	if name == testAgent {
		return
	}
	if !strings.HasPrefix(name, wire.UserAgent) {
		w.t.Errorf("%s %s comes from %q", r.Method, r.URL.Path, name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.agents[name]++
}

// Agents returns how the program has named itself so far, with the number of requests.
func (w *World) Agents() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.agents)
}

func (w *World) serve(address string, h *host) {
	w.t.Cleanup(h.server.Close)
	w.Down(address)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[address] = h
}

// Down takes a server off the network.
func (w *World) Down(address string) {
	w.mu.Lock()
	old := w.hosts[address]
	delete(w.hosts, address)
	w.mu.Unlock()
	if old != nil {
		old.server.CloseClientConnections()
		old.server.Close()
	}
}

// dial reaches what is served; everything else refuses connections.
func (w *World) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	found, other := w.hosts[address], w.others[address]
	w.mu.Unlock()
	if other != "" {
		return (&net.Dialer{}).DialContext(ctx, network, other)
	}
	if found == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return (&net.Dialer{}).DialContext(ctx, network, found.server.Listener.Addr().String())
}

// lookup finds the names of what is served.
func (w *World) lookup(_ context.Context, name string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for address := range w.hosts {
		if host, _, err := net.SplitHostPort(address); err == nil && host == name {
			return []string{"192.0.2.1"}, nil
		}
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
