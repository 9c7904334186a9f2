// Package site makes the first contact with a Supervisor: it decides whether to trust the certificate, checks that the server is a
// Supervisor, and makes the HTTP clients for the servers of the site.
package site

import (
	"crypto/tls"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Site is a Supervisor during a login: its address, and how to verify and reach its servers.
type Site struct {
	Address   supervisor.Address
	Aliases   supervisor.Aliases
	Wire      *wire.Client
	Transport *trust.Transport
	// VouchedCA reports whether the Supervisor's CA was known before this contact (system roots, a file, a fingerprint). Only then does
	// its certificate prove the names of a server.
	VouchedCA bool

	contact Contact
}

// Front returns a client of the Supervisor's front. It sends no credentials.
func (s Site) Front() *supervisor.Client { return &supervisor.Client{Wire: s.Wire, Address: s.Address} }

// Trust returns how the site's servers are verified, with all pins so far.
func (s Site) Trust() trust.Trust { return s.Transport.Trust() }

// ClientOptions are how a client verifies and reaches servers.
type ClientOptions struct {
	Trust       trust.Trust
	Reach       func(server string) string // as trust.Options.Reach; nil: servers are reached at their own addresses
	Certificate *tls.Certificate           // client certificate; may be nil
}

// NewClient returns a client for the requests of one command, and its transport.
func NewClient(e *console.Env, o ClientOptions) (*wire.Client, *trust.Transport, error) {
	transport, err := trust.NewTransport(o.Trust, trust.Options{
		Timeout: e.Timeout, Proxy: e.Proxy, Dial: e.Dial, MaxConns: login.MaxInFlight, Reach: o.Reach, Certificate: o.Certificate,
	})
	if err != nil {
		return nil, nil, err
	}
	client := transport.Client()
	if e.Verbose {
		client.Transport = &requestLog{next: client.Transport, say: e.Tellf, now: e.Now}
	}
	return &wire.Client{HTTP: client, Timeout: e.Timeout}, transport, nil
}

// Client is NewClient for callers that do not need the transport.
func Client(e *console.Env, t trust.Trust, reach func(string) string) (*wire.Client, error) {
	w, _, err := NewClient(e, ClientOptions{Trust: t, Reach: reach})
	return w, err
}

var _ http.RoundTripper = (*requestLog)(nil)
