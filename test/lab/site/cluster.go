package site

import (
	"context"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/reviewer"
)

// cluster is a TKG cluster: an API server that asks a webhook who somebody is.
type cluster struct {
	part    string // what its files and its part of etcd are called
	ip      string
	issuers *issuers // of its Supervisor
	ca      *pki.CA
	// serviceAccountKey is nil where nobody else has to know it.
	serviceAccountKey []byte
	api               *kube.APIServer
	client            *kube.Client

	mu                   sync.Mutex
	namespace, name, uid string // of the Cluster object, which exists later than the API server
}

// become names the Cluster object.
func (c *cluster) become(namespace, name, uid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespace, c.name, c.uid = namespace, name, uid
}

func (c *cluster) currentUID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.uid
}

// path is NAMESPACE/NAME.
func (c *cluster) path() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.namespace + "/" + c.name
}

// audience is what TKG gives to the cluster's JWTAuthenticator (oidc-and-exec.md, section 2.10).
func (c *cluster) audience() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name + "-" + c.uid
}

// newCluster makes one of the clusters that every site has. Its CA is its own, as in the field.
func (s *Site) newCluster(index int, issuers *issuers) (*cluster, error) {
	ca, err := pki.NewCA(pkix.Name{CommonName: "kubernetes"})
	return &cluster{part: fmt.Sprintf("tkg%d", index+1), ip: s.net.ip(addrTKG + index), issuers: issuers, ca: ca}, err
}

// startCluster starts the webhook and the API server, until ctx ends.
func (s *Site) startCluster(ctx context.Context, c *cluster) error {
	dir := filepath.Join(s.Dir, c.part)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	config, err := s.startWebhook(ctx, c, dir)
	if err != nil {
		return err
	}
	direct, err := s.trustDex(dir)
	if err != nil {
		return err
	}
	c.api, err = s.processes.Start(ctx, kube.Config{
		Name: c.part, Dir: dir, IP: c.ip, CA: c.ca, Etcd: s.etcd, ServiceAccountKey: c.serviceAccountKey,
		ExtraArgs: []string{
			"--authentication-token-webhook-config-file=" + config,
			"--authentication-token-webhook-version=v1",
			"--authentication-token-webhook-cache-ttl=1s",
			"--authentication-config=" + direct,
		},
	})
	if err != nil {
		return err
	}
	if c.client, err = c.api.NewClient(); err != nil {
		return err
	}
	return s.beside(ctx, c.api, func() error { return s.prepareCluster(ctx, c) })
}

// prepareCluster creates what every cluster has. Its issuer is the Supervisor's, which alone tells of it.
func (s *Site) prepareCluster(ctx context.Context, c *cluster) error {
	if err := c.client.MakePublic(ctx, "cluster-info", "pinniped-info"); err != nil {
		return err
	}
	if err := c.client.PublishInfo(ctx, "cluster-info", kube.ClusterInfo(c.api.URL(), c.api.CA.PEM)); err != nil {
		return err
	}
	return s.startClusterConcierge(ctx, c)
}

// publishPinnipedInfo says who the cluster is, once that is known.
func (c *cluster) publishPinnipedInfo(ctx context.Context) error {
	c.mu.Lock()
	name := c.name
	c.mu.Unlock()
	return c.client.PublishInfo(ctx, "pinniped-info", map[string]string{"cluster_name": name, "issuer": "", "concierge_is_cluster_scoped": "true"})
}

// dexPrefix is what a cluster puts before the names of users that Dex proves.
const dexPrefix = "oidc:"

// trustDex writes the structured authentication configuration of a cluster that also trusts Dex directly.
func (s *Site) trustDex(dir string) (path string, err error) {
	config := map[string]any{
		"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration",
		"jwt": []any{map[string]any{
			"issuer": map[string]any{"url": s.dexIssuer(), "audiences": []string{dex.PublicClient}, "certificateAuthority": string(s.vmca.PEM)},
			"claimMappings": map[string]any{
				"username": map[string]string{"claim": "email", "prefix": dexPrefix}, "groups": map[string]string{"claim": "groups", "prefix": dexPrefix},
			},
		}},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "authentication.json")
	return path, os.WriteFile(path, text, 0o600)
}

// caOf is the CA of a cluster's API server. One that exists by name only shows no certificate that could be compared.
func (s *Site) caOf(endpoint string) *pki.CA {
	for _, c := range s.clusters {
		if c.ip == endpoint {
			return c.ca
		}
	}
	return s.other
}

// startWebhook serves TokenReviews for one cluster and returns the path of the kubeconfig that leads to it.
func (s *Site) startWebhook(ctx context.Context, c *cluster, dir string) (string, error) {
	ip := s.net.ip(addrShared)
	pair, err := c.ca.Server("guest-cluster-auth-svc", []net.IP{net.ParseIP(ip)})
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return "", err
	}
	serve(ctx, l, reviewer.New(s.vcenter, c.currentUID, s.faults), &pair)
	cfg := api.NewConfig()
	cfg.Clusters["webhook"] = &api.Cluster{Server: "https://" + l.Addr().String() + reviewer.Path, CertificateAuthorityData: c.ca.PEM}
	cfg.AuthInfos["apiserver"] = &api.AuthInfo{}
	cfg.Contexts["webhook"] = &api.Context{Cluster: "webhook", AuthInfo: "apiserver"}
	cfg.CurrentContext = "webhook"
	path := filepath.Join(dir, "webhook.kubeconfig")
	return path, clientcmd.WriteToFile(*cfg, path)
}
