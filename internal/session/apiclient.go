package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
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
	token  redact.Secret
}

// Endpoint is an API server, and how to verify and reach it.
type Endpoint struct {
	Server string // URL
	Trust  trust.Trust
	Reach  func(server string) string // as trust.Options.Reach
}

// NewAPIClient returns a client of an API server that authenticates with a credential.
func NewAPIClient(e *console.Env, to Endpoint, c tokens.Credential) (*APIClient, error) {
	certificate, err := login.Certificate(c)
	if err != nil {
		return nil, failure.Hint(err, "Get a new one with --force-refresh of get-token.")
	}
	w, _, err := site.NewClient(e, site.ClientOptions{Trust: to.Trust, Reach: to.Reach, Certificate: certificate})
	return &APIClient{Server: strings.TrimSuffix(to.Server, "/"), wire: w, token: c.Token}, err
}

// Do sends a request with the credential and returns the body of the reply. r.URL is a path.
func (c *APIClient) Do(ctx context.Context, r wire.Request) ([]byte, error) {
	r.URL, r.Bearer = c.Server+r.URL, c.token
	return c.wire.Do(ctx, r)
}

// PostJSON posts body to a path and decodes the reply into out.
func (c *APIClient) PostJSON(ctx context.Context, path string, body []byte, out any) error {
	reply, err := c.Do(ctx, wire.Request{Method: http.MethodPost, URL: path, Body: body})
	if err != nil {
		return err
	}
	return wire.DecodeJSON(http.MethodPost, c.Server+path, reply, out)
}

// CloseIdleConnections closes unused connections.
func (c *APIClient) CloseIdleConnections() { c.wire.HTTP.CloseIdleConnections() }

// Context is a context of the kubeconfig that a login wrote.
type Context struct {
	Name      string
	Namespace string
	Server    string // URL as the kubeconfig spells it
	Key       tokens.Key
	cluster   *api.Cluster
}

// FindContext returns the context with a name. An empty name means the current context. A context that login did not write is an error.
func FindContext(cfg *api.Config, name string) (Context, error) {
	if name == "" {
		name = cfg.CurrentContext
	}
	if name == "" {
		return Context{}, failure.Hint(errors.New("there is no current context"), "Choose one with --context or with kubectl config use-context.")
	}
	c, ok := cfg.Contexts[name]
	if !ok {
		return Context{}, fmt.Errorf("context %q is not in the kubeconfig", name)
	}
	cluster, user := cfg.Clusters[c.Cluster], cfg.AuthInfos[c.AuthInfo]
	if cluster == nil || user == nil {
		return Context{}, fmt.Errorf("context %q names a cluster or user that is not in the kubeconfig", name)
	}
	key, ours := kubeconfig.Ours(user)
	if !ours {
		return Context{}, failure.Hint(fmt.Errorf("context %q was not written by this program", name),
			"Choose one with --context; kubectl vsphere status lists them.")
	}
	return Context{Name: name, Namespace: c.Namespace, Server: cluster.Server, Key: key, cluster: cluster}, nil
}

// Client gets the context's credential as kubectl does, and returns a client of its API server.
func (s *Sessions) Client(ctx context.Context, c Context) (*APIClient, tokens.Credential, error) {
	credential, err := s.Token(ctx, c.Key, false)
	if err != nil {
		return nil, credential, err
	}
	t, err := trustOf(c.cluster)
	if err != nil {
		return nil, credential, err
	}
	server, reach := serverOf(c.cluster)
	client, err := NewAPIClient(s.Env, Endpoint{Server: server, Trust: t, Reach: reach}, credential)
	return client, credential, err
}

// serverOf returns the URL of an API server with the name in its certificate. If it is reached at another address, reach returns that.
func serverOf(c *api.Cluster) (server string, reach func(string) string) {
	server = strings.TrimSuffix(c.Server, "/")
	u, err := url.Parse(server)
	if err != nil || c.TLSServerName == "" {
		return server, nil
	}
	at := trust.ServerOf(u.Host)
	_, port, _ := net.SplitHostPort(at) // It has one.
	u.Host = net.JoinHostPort(c.TLSServerName, port)
	return u.String(), func(string) string { return at }
}

// trustOf returns how the kubeconfig verifies the server's certificate.
func trustOf(c *api.Cluster) (trust.Trust, error) {
	switch {
	case len(c.CertificateAuthorityData) > 0:
		return trust.Trust{Mode: trust.Bundle, CA: string(c.CertificateAuthorityData)}, nil
	case c.CertificateAuthority != "":
		return trust.FromFile(c.CertificateAuthority)
	case c.InsecureSkipTLSVerify:
		return trust.Trust{Mode: trust.Insecure}, nil
	}
	return trust.Trust{Mode: trust.System}, nil
}
