package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig returns a kubeconfig (YAML) for one job, and when its credential ends. The job needs no program and no store.
// The text is a secret: it holds the credential, which nobody can revoke and nothing renews. life is how long the job takes
// at most: a credential that ends sooner is renewed first, and if the new one does too, Kubeconfig fails.
func (s *Session) Kubeconfig(ctx context.Context, life time.Duration) (text []byte, until time.Time, err error) {
	c, err := s.source.get(ctx)
	needed := s.source.now().Add(life)
	if err == nil && c.Until().Before(needed) {
		c, err = s.source.instead(ctx, c)
	}
	if err != nil {
		return nil, time.Time{}, explained(err, s.step)
	}
	if c.Until().Before(needed) {
		return nil, time.Time{}, fmt.Errorf("a credential of %s ends at %s, and the job needs one until %s", s, c.Until().Format(time.RFC3339), needed.UTC().Format(time.RFC3339))
	}
	proxy, err := s.proxy()
	if err != nil {
		return nil, time.Time{}, err
	}
	text, err = clientcmd.Write(s.kubeconfig(credentialOf(c), proxy))
	return text, c.Until(), err
}

// kubeconfig returns one context, with a credential.
func (s *Session) kubeconfig(c Credential, proxy string) api.Config {
	const name = "job"
	i, t := s.config.Impersonate, s.config.TLSClientConfig
	user := &api.AuthInfo{
		ClientCertificateData: c.Certificate,
		Impersonate:           i.UserName, ImpersonateUID: i.UID, ImpersonateGroups: i.Groups, ImpersonateUserExtra: i.Extra,
	}
	if c.Token != "" {
		user.Token = c.Token.Reveal()
	}
	if c.Certificate != nil {
		user.ClientKeyData = []byte(c.PrivateKey)
	}
	return api.Config{
		Clusters: map[string]*api.Cluster{name: {
			Server: s.config.Host, CertificateAuthorityData: t.CAData, TLSServerName: t.ServerName, ProxyURL: proxy, DisableCompression: s.config.DisableCompression,
		}},
		AuthInfos: map[string]*api.AuthInfo{name: user},
		Contexts:  map[string]*api.Context{name: {Cluster: name, AuthInfo: name, Namespace: s.namespace}}, CurrentContext: name,
	}
}

// proxy returns the proxy of the session's own configuration, or "".
func (s *Session) proxy() (string, error) {
	if s.config.Proxy == nil {
		return "", nil
	}
	server, err := url.Parse(s.config.Host)
	if err != nil {
		return "", err
	}
	u, err := s.config.Proxy(&http.Request{URL: server})
	if err != nil || u == nil {
		return "", err
	}
	return u.String(), nil
}
