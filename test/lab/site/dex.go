package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/player"
)

// startDex serves the OIDC provider, for the FederationDomains and for clients of its own.
func (s *Site) startDex() error {
	log, err := os.Create(filepath.Join(s.Dir, "dex.log"))
	if err != nil {
		return err
	}
	if s.dex, err = dex.New(s.ctx, dex.Config{Issuer: s.dexIssuer(), Lifetime: s.OIDCLifetime, Log: log}); err != nil {
		return err
	}
	pair, err := s.vmca.Server("dex.lab", []net.IP{net.ParseIP(s.net.ip(addrDex))})
	if err != nil {
		return err
	}
	l, err := s.net.listenFront(addrDex)
	if err != nil {
		return err
	}
	serve(s.ctx, l, s.dex, &pair)
	return nil
}

func (s *Site) dexIssuer() string { return "https://" + s.net.front(addrDex) + "/dex" }

// dexClient is how a FederationDomain reaches the provider.
func (s *Site) dexClient() *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(s.vmca.Cert)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
}

// Browse implements admin.Site.
func (s *Site) Browse(ctx context.Context, url, username, password string) (string, error) {
	client := s.dexClient()
	defer client.CloseIdleConnections()
	return player.Browse(ctx, client.Transport, url, username, password)
}

// SetPassword implements admin.Site.
func (s *Site) SetPassword(username, password string) error {
	if err := s.vcenter.SetPassword(username, password); err != nil {
		return err
	}
	return s.dex.SetPassword(username, password)
}
