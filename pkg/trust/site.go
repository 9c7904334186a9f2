package trust

import (
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// ServerOf returns the HOST:PORT of a URL's host, as pins name a server. The port is 443 when the URL has none.
func ServerOf(urlHost string) string {
	if _, _, err := net.SplitHostPort(urlHost); err == nil {
		return urlHost
	}
	return net.JoinHostPort(strings.Trim(urlHost, "[]"), "443")
}

// For returns the trust in one server (HOST:PORT): its pin, or else the trust in all servers.
func (t Trust) For(server string) Trust {
	if pin, ok := t.Pins[server]; ok && t.Mode != Insecure {
		return Trust{Mode: Pinned, CA: pin}
	}
	return Trust{Mode: t.Mode, CA: t.CA}
}

// WithPin returns the trust with a CA (PEM) that is the only one for a server (HOST:PORT).
func (t Trust) WithPin(server, ca string) Trust {
	pins := maps.Clone(t.Pins)
	if pins == nil {
		pins = map[string]string{}
	}
	pins[server] = ca
	t.Pins = pins
	return t
}

// Beside returns the CAs (PEM) of the pins for the same host on other ports: a certificate names a host, and no port.
func (t Trust) Beside(server string) (all []string) {
	host, _, _ := net.SplitHostPort(server)
	for _, other := range slices.Sorted(maps.Keys(t.Pins)) {
		if name, _, err := net.SplitHostPort(other); err == nil && name == host && other != server {
			all = append(all, t.Pins[other])
		}
	}
	return all
}

// Transport is the transport of a site: it verifies each server by the trust in it, and connects to the address where
// it is reached.
type Transport struct {
	options Options
	common  transports

	mu    sync.Mutex
	trust Trust
	own   map[string]transports // of servers with a pin or with another address
	roots map[string]string     // the root (PEM) that verified a server (HOST:PORT) first
}

// NewTransport makes the transport of a site. Pin adds to its trust.
func NewTransport(t Trust, o Options) (*Transport, error) {
	common, err := Trust{Mode: t.Mode, CA: t.CA}.transports(o, "")
	if err != nil {
		return nil, err
	}
	return &Transport{options: o, common: common, trust: t, own: map[string]transports{}, roots: map[string]string{}}, nil
}

// Trust returns the trust with the pins that were added.
func (t *Transport) Trust() Trust {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trust
}

// Pin trusts a CA (PEM) for one server (HOST:PORT) from now on.
func (t *Transport) Pin(server, ca string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trust = t.trust.WithPin(server, ca)
	delete(t.own, server)
}

// RoundTrip implements http.RoundTripper. It sends a request with a password at most once.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	server := ServerOf(r.URL.Host)
	at := server
	if t.options.Reach != nil {
		at = t.options.Reach(server)
	}
	next, err := t.forServer(server, at)
	if err != nil {
		return nil, err
	}
	if at != server {
		there := *r.URL
		there.Host = at
		r = r.Clone(r.Context())
		r.Host, r.URL = r.URL.Host, &there
	}
	resp, err := next.send(r)
	if err == nil {
		t.note(server, resp.TLS)
	}
	return resp, err
}

// note keeps the root that verified a server.
func (t *Transport) note(server string, state *tls.ConnectionState) {
	if state == nil || len(state.VerifiedChains) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, noted := t.roots[server]; !noted {
		chain := state.VerifiedChains[0]
		t.roots[server] = string(encode(chain[len(chain)-1:]))
	}
}

// Roots returns the root CA (PEM) that verified each server (HOST:PORT) so far.
func (t *Transport) Roots() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.roots)
}

func (t *Transport) forServer(server, at string) (transports, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, pinned := t.trust.Pins[server]
	if !pinned && at == server {
		return t.common, nil
	}
	if own, made := t.own[server]; made {
		return own, nil
	}
	name, _, err := net.SplitHostPort(server)
	if err != nil {
		return transports{}, err
	}
	own, err := t.trust.For(server).transports(t.options, name)
	if err == nil {
		t.own[server] = own
	}
	return own, err
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.common.closeIdle()
	for _, own := range t.own {
		own.closeIdle()
	}
}
