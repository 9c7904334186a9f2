package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// startSupervisorConcierge takes tokens whose audience is their issuer (oidc-and-exec.md, section 2.10).
func (s *Site) startSupervisorConcierge(sup *supervisor) error {
	return s.startConcierge(s.ctx, sup.api, sup.client, concierge.Config{
		Server: s.net.front(sup.last),
		Verify: func(token string) (federation.User, error) {
			return sup.issuers.verify(token, func(issuer string) string { return issuer })
		},
	})
}

// startClusterConcierge takes tokens for one cluster from the issuers of its Supervisor.
func (s *Site) startClusterConcierge(ctx context.Context, c *cluster) error {
	return s.startConcierge(ctx, c.api, c.client, concierge.Config{
		Server: net.JoinHostPort(c.api.IP, kube.Port), Cluster: c.path,
		Verify: func(token string) (federation.User, error) {
			return c.issuers.verify(token, func(string) string { return c.audience() })
		},
	})
}

// startConcierge serves a Concierge and makes the API server pass its API on.
func (s *Site) startConcierge(ctx context.Context, api *kube.APIServer, client *kube.Client, c concierge.Config) error {
	l, err := net.Listen("tcp", net.JoinHostPort(api.IP, "0"))
	if err != nil {
		return err
	}
	a := kube.AggregatedAPI{
		Groups: []string{concierge.Group, concierge.IdentityGroup}, Version: concierge.Version, Namespace: concierge.Namespace, Service: "pinniped-concierge-api",
		Host: api.IP, Port: l.Addr().(*net.TCPAddr).Port, CA: api.CA.PEM,
	}
	pair, err := api.CA.Server(a.ServerName(), nil, a.ServerName())
	if err != nil {
		return err
	}
	c.CA, c.Faults = api.CA, s.faults
	serve(ctx, tls.NewListener(l, onlyFor(api, pair.TLS)), concierge.New(c), nil)
	if err := allowConcierge(ctx, client); err != nil {
		return err
	}
	return client.Aggregate(ctx, a)
}

// onlyFor lets nobody but the API server in: other users of the machine reach the port too.
func onlyFor(api *kube.APIServer, cert tls.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(api.ProxyCA.Cert)
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert,
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}
}

// allowConcierge lets everybody ask, also without credentials (section 2.8): a token is in the request.
func allowConcierge(ctx context.Context, client *kube.Client) error {
	const role = "pinniped-concierge-pre-authn-apis"
	verbs := []string{"create", "list"}
	if err := client.AddRole(ctx, role,
		rbacv1.PolicyRule{APIGroups: []string{concierge.Group}, Resources: []string{concierge.Resource}, Verbs: verbs},
		rbacv1.PolicyRule{APIGroups: []string{concierge.IdentityGroup}, Resources: []string{concierge.WhoAmIResource}, Verbs: verbs},
	); err != nil {
		return err
	}
	return client.Bind(ctx, "", role, kube.Group("system:unauthenticated"), kube.Group("system:authenticated"))
}
