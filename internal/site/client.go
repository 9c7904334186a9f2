// Package site makes the first contact with a Supervisor: whether its certificate is believed, and why; whether it is a
// Supervisor at all; the HTTP clients for its servers.
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

// Site is a Supervisor as a login knows it: its address, and how its servers are verified and reached.
type Site struct {
	Address   supervisor.Address
	Aliases   supervisor.Aliases
	Wire      *wire.Client
	Transport *trust.Transport
	// VouchedCA reports whether somebody knew the Supervisor's CA before this contact: such a CA says whose names a server has.
	VouchedCA bool

	contact Contact
}

// Front is the Supervisor's front, which anybody may ask.
func (s Site) Front() *supervisor.Client { return &supervisor.Client{Wire: s.Wire, Address: s.Address} }

// Trust is why the site's servers are believed by now.
func (s Site) Trust() trust.Trust { return s.Transport.Trust() }

// ClientOptions say how a client verifies and reaches servers.
type ClientOptions struct {
	Trust       trust.Trust
	Reach       func(server string) string // as trust.Options.Reach; nil: at their own addresses
	Certificate *tls.Certificate           // what the client proves itself with, if anything
}

// NewClient is a client for the requests of one command.
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

// Client is NewClient without the transport.
func Client(e *console.Env, t trust.Trust, reach func(string) string) (*wire.Client, error) {
	w, _, err := NewClient(e, ClientOptions{Trust: t, Reach: reach})
	return w, err
}

var _ http.RoundTripper = (*requestLog)(nil)
