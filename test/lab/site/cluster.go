package site

import (
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
	last    int
	issuers *issuers // of its Supervisor
	api     *kube.APIServer
	client  *kube.Client

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

// startCluster starts the webhook and the API server. Its CA is its own, as in the field.
func (s *Site) startCluster(c *cluster, etcd string) error {
	name := fmt.Sprintf("tkg%d", c.last-addrTKG+1)
	dir := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ca, err := pki.NewCA(pkix.Name{CommonName: "kubernetes"})
	if err != nil {
		return err
	}
	config, err := s.startWebhook(c, ca, dir)
	if err != nil {
		return err
	}
	direct, err := s.trustDex(dir)
	if err != nil {
		return err
	}
	c.api, err = s.processes.Start(s.ctx, kube.Config{
		Name: name, Dir: dir, IP: s.net.ip(c.last), CA: ca, Etcd: etcd,
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
	return s.beside(c.api, func() error { return s.prepareCluster(c) })
}

// prepareCluster creates what every cluster has. Its issuer is the Supervisor's, which alone tells of it.
func (s *Site) prepareCluster(c *cluster) error {
	if err := c.client.MakePublic(s.ctx, "cluster-info", "pinniped-info"); err != nil {
		return err
	}
	if err := c.client.PublishInfo(s.ctx, "cluster-info", kube.ClusterInfo(c.api.URL(), c.api.CA.PEM)); err != nil {
		return err
	}
	return s.startClusterConcierge(c)
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
		if s.net.ip(c.last) == endpoint {
			return c.api.CA
		}
	}
	return s.other
}

// startWebhook serves TokenReviews for one cluster and returns the path of the kubeconfig that leads to it.
func (s *Site) startWebhook(c *cluster, ca *pki.CA, dir string) (string, error) {
	ip := s.net.ip(addrShared)
	pair, err := ca.Server("guest-cluster-auth-svc", []net.IP{net.ParseIP(ip)})
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return "", err
	}
	serve(s.ctx, l, reviewer.New(s.vcenter, c.currentUID, s.faults), &pair)
	cfg := api.NewConfig()
	cfg.Clusters["webhook"] = &api.Cluster{Server: "https://" + l.Addr().String() + reviewer.Path, CertificateAuthorityData: ca.PEM}
	cfg.AuthInfos["apiserver"] = &api.AuthInfo{}
	cfg.Contexts["webhook"] = &api.Context{Cluster: "webhook", AuthInfo: "apiserver"}
	cfg.CurrentContext = "webhook"
	path := filepath.Join(dir, "webhook.kubeconfig")
	return path, clientcmd.WriteToFile(*cfg, path)
}
