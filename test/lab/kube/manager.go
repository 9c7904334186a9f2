package kube

import (
	"context"
	"net"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
)

// managerPort is the usual one of a kube-controller-manager.
const managerPort = "10257"

// managerControllers make a site live: namespaces end, aggregated roles fill, quotas count. None needs nodes.
var managerControllers = []string{
	"garbage-collector-controller", "namespace-controller", "clusterrole-aggregation-controller", "serviceaccount-controller",
	"serviceaccount-token-controller", "resourcequota-controller", "root-ca-certificate-publisher-controller",
}

// StartManager runs a kube-controller-manager beside an API server and returns when it is ready. It dies with ctx.
func (p *Processes) StartManager(ctx context.Context, s *APIServer) error {
	path := func(name string) string { return filepath.Join(filepath.Dir(s.AdminKubeconfig), name) }
	log := path("controller-manager.log")
	ended, err := p.run(ctx, log, []string{
		ManagerCommand,
		"--kubeconfig=" + s.AdminKubeconfig,
		"--bind-address=" + s.IP,
		"--secure-port=" + managerPort,
		"--tls-cert-file=" + path("tls.crt"),
		"--tls-private-key-file=" + path("tls.key"),
		"--leader-elect=false",
		"--service-account-private-key-file=" + path("sa.key"),
		"--root-ca-file=" + path("ca.crt"),
		"--controllers=" + strings.Join(managerControllers, ","),
	})
	if err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: s.CA.PEM}})
	if err != nil {
		return err
	}
	url := "https://" + net.JoinHostPort(s.IP, managerPort) + "/healthz"
	return AwaitReady(ctx, client, url, Child{"kube-controller-manager of " + s.Name, ended, log})
}
