package session

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// APIClient sends requests to an API server with a credential. Every authenticated request of a session or a context uses it.
type APIClient struct {
	Server string // URL, without a slash at its end
	wire   *wire.Client
	ground disclose.Ground
	token  disclose.Secret
}

// Endpoint is an API server, and how to verify and reach it.
type Endpoint struct {
	Server string // URL
	Trust  trust.Trust
	Reach  func(server string) string // as trust.Options.Reach
	// Unverified means that the Supervisor that named the server, and its CA, is not verified itself.
	Unverified bool
}

// NewAPIClient returns a client of the API server of a cluster that authenticates with its credential.
func NewAPIClient(e *console.Env, to Endpoint, c tokens.Credential) (*APIClient, error) {
	certificate, err := credentialCertificate(c)
	if err != nil {
		return nil, err
	}
	w, _, err := site.NewClient(e, site.ClientOptions{Trust: to.Trust, Reach: to.Reach, Certificate: certificate})
	ground := disclose.ClusterAt(to.Server).Unverified(to.Unverified)
	return &APIClient{strings.TrimSuffix(to.Server, "/"), w, ground, ground.Hold(disclose.ClusterToken, c.Token)}, err
}

// credentialCertificate returns the client certificate of a credential; nil if it has none.
func credentialCertificate(c tokens.Credential) (*tls.Certificate, error) {
	certificate, err := login.Certificate(c)
	return certificate, failure.Hint(err, "Get a new one with --force-refresh of get-token.")
}

// Do sends a request with the credential and returns the body of the reply. r.URL is a path.
func (c *APIClient) Do(ctx context.Context, r wire.Request) ([]byte, error) {
	r.URL, r.Bearer = c.Server+r.URL, c.token
	return c.wire.Do(ctx, r)
}

// Lines sends a request with the credential and calls each with every line of the reply as it arrives (wire.Client.Lines). r.URL is a path.
func (c *APIClient) Lines(ctx context.Context, r wire.Request, each func(line []byte) error) error {
	r.URL, r.Bearer = c.Server+r.URL, c.token
	return c.wire.Lines(ctx, r, each)
}

// Open returns the text of a secret for the body of a request. The error is a *disclose.RefusedError if the server may not have it.
func (c *APIClient) Open(ctx context.Context, kind disclose.Kind, s redact.Secret) (string, error) {
	return c.wire.Open(ctx, c.ground.Hold(kind, s), c.Server)
}

// PostJSON posts body to a path and decodes the reply into out.
func (c *APIClient) PostJSON(ctx context.Context, path string, body []byte, out any) error {
	reply, err := c.Do(ctx, wire.Request{Method: http.MethodPost, URL: path, Body: body})
	if err != nil {
		return err
	}
	return wire.DecodeJSON(http.MethodPost, c.Server+path, reply, out)
}

// Has reports whether a host is this server: by the address of the server, or since its certificate, which was verified, is for that host too.
func (c *APIClient) Has(ctx context.Context, host string) (bool, error) {
	if own, err := url.Parse(c.Server); err == nil && own.Hostname() == host {
		return true, nil
	}
	if !trust.Verifies(c.wire.HTTP.Transport) {
		return false, nil
	}
	reply, err := c.wire.Exchange(ctx, wire.Request{Method: http.MethodGet, URL: c.Server + "/version", Bearer: c.token})
	return reply.Certificate != nil && reply.Certificate.VerifyHostname(host) == nil, err
}

// CloseIdleConnections closes unused connections.
func (c *APIClient) CloseIdleConnections() { c.wire.HTTP.CloseIdleConnections() }
