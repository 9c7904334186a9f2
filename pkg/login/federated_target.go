package login

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// SupervisorTarget returns the target of the Supervisor's own credential, whose audience is the issuer itself. ca
// returns the CA (PEM) that verifies a server (URL) of the Supervisor.
func (f *Federated) SupervisorTarget(ca func(server string) []byte) tokens.Target {
	api := f.Front.Address.API(f.APIPort)
	t := tokens.Target{Audience: f.Issuer.Provider.Issuer, Server: api, CA: string(ca(api))}
	if c := f.Issuer.Concierge; c != "" && !sameServer(c, api) && !sameServer(c, f.Front.Address.API(0)) {
		t.Server, t.CA, t.API = c, string(ca(c)), &tokens.APITrust{CA: t.CA}
	}
	return t
}

// sameServer reports whether two URLs are of one server, in whatever spelling.
func sameServer(a, b string) bool {
	x, errX := supervisor.ServerOf(a)
	y, errY := supervisor.ServerOf(b)
	return errX == nil && errY == nil && x == y
}

// hold returns a token that is for the API server of a key, which is where the Supervisor says.
func (f *Federated) hold(key tokens.Key, server string, token redact.Secret) disclose.Secret {
	if key.Cluster != "" {
		return disclose.ClusterAt(server).Unverified(f.Issuer.Unverified).Hold(disclose.ClusterToken, token)
	}
	return disclose.APIServerAt(server).Unverified(f.Issuer.Unverified).Hold(disclose.SupervisorToken, token)
}

// Audience returns the audience of tokens for a TKG cluster.
func Audience(name, uid string) string { return name + "-" + uid }

// Certificate returns the client certificate of a credential; nil for one that is a token.
func Certificate(c tokens.Credential) (*tls.Certificate, error) {
	if c.Certificate == "" {
		return nil, nil
	}
	pair, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.PrivateKey.Reveal()))
	if err != nil {
		return nil, errors.New("the certificate of the Concierge cannot be used")
	}
	return &pair, nil
}

// Supervisor returns the API of the Supervisor for the holder of a credential, with at most MaxInFlight requests
// under way.
func (f *Federated) Supervisor(c tokens.Credential) (*supervisor.API, error) {
	certificate, err := Certificate(c)
	if err != nil {
		return nil, err
	}
	ca := ""
	switch t := c.Target; {
	case t == nil:
	case t.API != nil:
		ca = t.API.CA
	default:
		ca = t.CA
	}
	w, err := f.API(ca, certificate)
	if err != nil {
		return nil, err
	}
	client := &supervisor.Client{Wire: w.AtMost(MaxInFlight), Address: f.Front.Address, APIServer: f.Front.Address.API(f.APIPort)}
	return client.As(f.hold(c.Key, client.APIServer, c.Token)), nil
}

// ClusterTarget asks the Supervisor for the target of a cluster (NAMESPACE/NAME). The error is ErrGone when there is
// no such cluster.
func (f *Federated) ClusterTarget(ctx context.Context, api *supervisor.API, cluster string) (tokens.Target, error) {
	namespace, name, _ := strings.Cut(cluster, "/")
	found, err := api.Cluster(ctx, namespace, name)
	if errors.Is(err, wire.ErrNotFound) {
		return tokens.Target{}, ErrGone
	}
	if err != nil {
		return tokens.Target{}, fmt.Errorf("look the cluster %s up: %w", cluster, err)
	}
	endpoint, err := f.endpoint(ctx, api, found)
	return tokens.Target{Audience: Audience(name, found.UID), Server: endpoint.Server, CA: string(endpoint.CA)}, err
}

// endpoint returns the endpoint in the cluster's Secret; if the account may not read that, the one that the cluster
// itself publishes.
func (f *Federated) endpoint(ctx context.Context, api *supervisor.API, c supervisor.Cluster) (supervisor.Endpoint, error) {
	e, err := api.Endpoint(ctx, c.Namespace, c.Name)
	if !errors.Is(err, wire.ErrForbidden) {
		return e, err
	}
	w, err := f.API("", nil)
	if err != nil {
		return e, err
	}
	return api.PublicEndpoint(ctx, w, c.Namespace, c.Name)
}
