package trust

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Options are the parts of an HTTP client that are not about trust.
type Options struct {
	Timeout  time.Duration // for the connection, and for the header of the reply; the caller bounds a whole exchange
	Proxy    func(*http.Request) (*url.URL, error)
	MaxConns int // connections per host; 0 is no bound
	// Ping is how long an HTTP/2 connection with a request under way may be silent until it is tried whether the server is there; 0: 30 seconds.
	// The answer may take half as long. Without it, a watch of a server that is gone waits for its end.
	Ping time.Duration
	// Dial connects to an address, as in http.Transport; nil: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Certificate is the client certificate, if there is one.
	Certificate *tls.Certificate
	Agent       string // names the program to a proxy; empty: as net/http does
	// Reach returns the address (HOST:PORT) at which a server (HOST:PORT) is reached; nil: at its own. The
	// certificate must be the server's.
	Reach func(server string) string
}

// proxyRefusal names the proxy: net/http returns its status as if it were the server's.
func proxyRefusal(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy %s does not connect: %s (NO_PROXY exempts a host)", proxy.Host, safetext.Line(resp.Status, maxName))
}

// Client makes an HTTP client that verifies servers under this trust. It follows no redirect, so that credentials
// reach no other host, keeps no cookie, and does not decompress.
func (t Trust) Client(o Options) (*http.Client, error) {
	transport, err := NewTransport(t, o)
	if err != nil {
		return nil, err
	}
	return transport.Client(), nil
}

// Client returns a client of the transport, like that of Trust.Client.
func (t *Transport) Client() *http.Client { return ClientOf(t) }

// ClientOf returns a client of a transport that follows no redirect.
func ClientOf(t http.RoundTripper) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     t,
	}
}

// transports are for servers that are verified by the trust's own CA, under serverName if that is not empty.
func (t Trust) transports(o Options, serverName string) (transports, error) {
	config, err := t.TLSConfig()
	if err != nil {
		return transports{}, err
	}
	config.ServerName = serverName
	if o.Certificate == nil {
		return newTransports(o.Transport(config)), nil
	}
	wanted := new(atomic.Bool)
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		wanted.Store(true)
		return o.Certificate, nil
	}
	ways := newTransports(o.Transport(config))
	ways.wanted = wanted
	return ways, nil
}

// quiet is what client-go takes, too (k8s.io/apimachinery/pkg/util/net, readIdleTimeout).
const quiet = 30 * time.Second

// Transport returns a transport with these options and this TLS configuration.
func (o Options) Transport(config *tls.Config) *http.Transport {
	dial := o.Dial
	if dial == nil {
		dial = newDialer(o.Timeout).DialContext
	}
	var header http.Header
	if o.Agent != "" {
		header = http.Header{"User-Agent": {o.Agent}}
	}
	ping := cmp.Or(o.Ping, quiet)
	return &http.Transport{
		Proxy:                  o.Proxy,
		ProxyConnectHeader:     header,
		OnProxyConnectResponse: proxyRefusal,
		DialContext:            dial,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    o.Timeout,
		ResponseHeaderTimeout:  o.Timeout,
		MaxResponseHeaderBytes: 64 << 10,
		MaxConnsPerHost:        o.MaxConns,
		MaxIdleConnsPerHost:    o.MaxConns,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: ping, PingTimeout: ping / 2},
	}
}
