// Package site makes the first contact with a Supervisor: it decides whether to trust the certificate, checks that the server is a
// Supervisor, and makes the HTTP clients for the servers of the site.
package site

import (
	"cmp"
	"crypto/tls"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
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

// Ground returns the ground on which the Supervisor or vCenter may have secrets: it has answered as one (Contact.Open). An API server alone
// has none.
func (s Site) Ground() disclose.Ground {
	if s.contact.API {
		return disclose.Ground{}
	}
	at := disclose.SupervisorAt
	if s.contact.VCenter != nil {
		at = disclose.VCenterAt
	}
	return at(s.Address.URL("")).Unverified(s.Insecure())
}

// Insecure reports whether nothing is verified, so that anybody may have answered.
func (s Site) Insecure() bool { return s.Trust().Mode == trust.Insecure }

// Trust returns how the site's servers are verified, with all pins so far.
func (s Site) Trust() trust.Trust { return s.Transport.Trust() }

// ClientOptions are how a client verifies and reaches servers.
type ClientOptions struct {
	Trust       trust.Trust
	Reach       func(server string) string // as trust.Options.Reach; nil: servers are reached at their own addresses
	Certificate *tls.Certificate           // client certificate; may be nil
}

// NewClient returns a client for the requests of one command, and its transport. Every client of the program is made here or by
// KubectlClient. The error is a usage error if the environment names a proxy that cannot be used.
func NewClient(e *console.Env, o ClientOptions) (*wire.Client, *trust.Transport, error) {
	if err := checkProxy(e); err != nil {
		return nil, nil, err
	}
	options := options(e)
	options.Reach, options.Certificate = o.Reach, o.Certificate
	transport, err := trust.NewTransport(o.Trust, options)
	if err != nil {
		return nil, nil, err
	}
	return newWire(e, transport), transport, nil
}

// wrapped is a transport within wrappers that do not close its connections.
type wrapped struct {
	http.RoundTripper
	*http.Transport
}

// Unwrap returns the transport within (trust.Verifies).
func (w wrapped) Unwrap() http.RoundTripper { return w.Transport }

// RoundTrip is that of the wrappers.
func (w wrapped) RoundTrip(r *http.Request) (*http.Response, error) {
	return w.RoundTripper.RoundTrip(r)
}

// options are the parts of a client that the environment decides.
func options(e *console.Env) trust.Options {
	return trust.Options{Timeout: e.Timeout, Proxy: e.Proxy, Dial: e.Dial, MaxConns: cmp.Or(e.Conns, login.MaxInFlight), Agent: agentOf(e)}
}

// checkProxy refuses what net/http would ignore, before anything is sent past the proxy.
func checkProxy(e *console.Env) error {
	if err := e.CheckProxy(); err != nil {
		return failure.Hint(failure.Usagef("%w", err), "Nothing was sent. Set it to the address of the proxy, or unset it.")
	}
	return nil
}

func newWire(e *console.Env, transport http.RoundTripper) *wire.Client {
	client := trust.ClientOf(agent{transport, agentOf(e)})
	if e.Verbose {
		client.Transport = &requestLog{next: client.Transport, say: e.Tellf, now: e.Now}
	}
	return &wire.Client{HTTP: client, Timeout: e.Timeout}
}

// Client is NewClient for callers that do not need the transport.
func Client(e *console.Env, t trust.Trust, reach func(string) string) (*wire.Client, error) {
	w, _, err := NewClient(e, ClientOptions{Trust: t, Reach: reach})
	return w, err
}

var _ http.RoundTripper = (*requestLog)(nil)
