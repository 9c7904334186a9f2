package kube

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// Port is where every API server listens, as on a real site.
const Port = "6443"

// Config is one API server.
type Config struct {
	Name      string // also its prefix in etcd
	Dir       string // where its files go
	IP        string
	ExtraIPs  []net.IP // in its certificate too
	CA        *pki.CA
	Etcd      string
	ExtraArgs []string // how it authenticates
	// ServiceAccountKey signs the tokens of service accounts, in PEM. Without one, it makes its own.
	ServiceAccountKey []byte
}

// APIServer is a running kube-apiserver.
type APIServer struct {
	Name, IP        string
	CA              *pki.CA
	ProxyCA         *pki.CA // of the certificate that aggregated APIs see
	AdminKubeconfig string  // path
	REST            *rest.Config
}

// URL is where it answers.
func (s *APIServer) URL() string { return "https://" + net.JoinHostPort(s.IP, Port) }

// Start runs an API server as a child process of this program and returns when it is ready. It dies with ctx.
func (p *Processes) Start(ctx context.Context, c Config) (*APIServer, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	args, err := c.args()
	if err != nil {
		return nil, err
	}
	proxyCA, more, err := newFrontProxy(c.Dir)
	if err != nil {
		return nil, err
	}
	args = append(args, more...)
	s := &APIServer{Name: c.Name, IP: c.IP, CA: c.CA, ProxyCA: proxyCA, AdminKubeconfig: filepath.Join(c.Dir, "admin.kubeconfig")}
	if err := s.writeAdmin(); err != nil {
		return nil, err
	}
	log := filepath.Join(c.Dir, "apiserver.log")
	ended, err := p.run(ctx, log, append([]string{APIServerCommand}, args...))
	if err != nil {
		return nil, err
	}
	return s, s.wait(ctx, ended, log)
}

// args are the flags of a kube-apiserver that runs alone on loopback.
func (c Config) args() ([]string, error) {
	ips := append([]net.IP{net.ParseIP(c.IP), net.ParseIP("10.0.0.1")}, c.ExtraIPs...)
	pair, err := c.CA.Server(c.Name, ips, "kubernetes", "kubernetes.default.svc")
	if err != nil {
		return nil, err
	}
	key := c.ServiceAccountKey
	if key == nil {
		if key, err = serviceAccountKey(); err != nil {
			return nil, err
		}
	}
	path := func(name string) string { return filepath.Join(c.Dir, name) }
	if err := errors.Join(pair.Write(c.Dir, "tls"), os.WriteFile(path("ca.crt"), c.CA.PEM, 0o600), os.WriteFile(path("sa.key"), key, 0o600)); err != nil {
		return nil, err
	}
	return append([]string{
		"--etcd-servers=" + c.Etcd,
		"--etcd-prefix=/" + c.Name,
		"--bind-address=" + c.IP,
		"--advertise-address=" + c.IP,
		"--secure-port=" + Port,
		"--tls-cert-file=" + path("tls.crt"),
		"--tls-private-key-file=" + path("tls.key"),
		"--client-ca-file=" + path("ca.crt"),
		"--authorization-mode=RBAC",
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + path("sa.key"),
		"--service-account-key-file=" + path("sa.key"),
		"--disable-admission-plugins=ServiceAccount",
	}, c.ExtraArgs...), nil
}

func serviceAccountKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
}

// Administrator writes a kubeconfig for somebody of system:masters.
func (s *APIServer) Administrator(path, name string) error {
	cfg, err := s.administrator(name)
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(*cfg, path)
}

func (s *APIServer) administrator(name string) (*api.Config, error) {
	pair, err := s.CA.Client(name, "system:masters")
	if err != nil {
		return nil, err
	}
	cfg := api.NewConfig()
	cfg.Clusters[s.Name] = &api.Cluster{Server: s.URL(), CertificateAuthorityData: s.CA.PEM}
	cfg.AuthInfos["admin"] = &api.AuthInfo{ClientCertificateData: pair.CertPEM, ClientKeyData: pair.KeyPEM}
	cfg.Contexts[s.Name] = &api.Context{Cluster: s.Name, AuthInfo: "admin"}
	cfg.CurrentContext = s.Name
	return cfg, nil
}

// writeAdmin writes the kubeconfig of the lab itself.
func (s *APIServer) writeAdmin() error {
	cfg, err := s.administrator("lab-admin")
	if err != nil {
		return err
	}
	if err := clientcmd.WriteToFile(*cfg, s.AdminKubeconfig); err != nil {
		return err
	}
	s.REST, err = clientcmd.NewDefaultClientConfig(*cfg, nil).ClientConfig()
	if err == nil {
		s.REST.QPS, s.REST.Burst = 500, 1000
		s.REST.WarningHandler = rest.NoWarnings{} // Kinds of old versions are what a site has.
	}
	return err
}

func (s *APIServer) wait(ctx context.Context, ended <-chan error, log string) error {
	client, err := rest.HTTPClientFor(s.REST)
	if err != nil {
		return err
	}
	return AwaitReady(ctx, client, s.REST.Host+"/readyz", Child{"kube-apiserver " + s.Name, ended, log})
}
