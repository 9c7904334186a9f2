package session_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
)

// What client-go makes of an entry, we make of it too. Where client-go refuses, so do we.
func TestAsClientGo(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	dir := t.TempDir()
	first := load(t, w)
	ca := first.Clusters[first.Contexts["ns1"].Cluster].CertificateAuthorityData
	for name, text := range map[string][]byte{"ca.pem": ca, "empty.pem": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(*api.Cluster, *api.AuthInfo){
		"as it is":           func(*api.Cluster, *api.AuthInfo) {},
		"a path":             func(c *api.Cluster, _ *api.AuthInfo) { c.Server += "/a/b/" },
		"a name":             func(c *api.Cluster, _ *api.AuthInfo) { c.TLSServerName = "other" },
		"not verified":       func(c *api.Cluster, _ *api.AuthInfo) { c.InsecureSkipTLSVerify, c.CertificateAuthorityData = true, nil },
		"a CA, not verified": func(c *api.Cluster, _ *api.AuthInfo) { c.InsecureSkipTLSVerify = true },
		"the system's roots": func(c *api.Cluster, _ *api.AuthInfo) { c.CertificateAuthorityData = nil },
		"no CA in the data":  func(c *api.Cluster, _ *api.AuthInfo) { c.CertificateAuthorityData = []byte("CA") },
		"a CA file":          func(c *api.Cluster, _ *api.AuthInfo) { file(c, filepath.Join(dir, "ca.pem")) },
		"a relative CA file": func(c *api.Cluster, _ *api.AuthInfo) {
			file(c, "ca.pem")
			c.LocationOfOrigin = filepath.Join(dir, "config")
		},
		"no such CA file":     func(c *api.Cluster, _ *api.AuthInfo) { file(c, filepath.Join(dir, "none.pem")) },
		"both":                func(c *api.Cluster, _ *api.AuthInfo) { c.CertificateAuthority = filepath.Join(dir, "ca.pem") },
		"a proxy":             func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "http://10.9.9.9:3128" },
		"a SOCKS proxy":       func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "socks5://10.9.9.9" },
		"a SOCKS proxy's DNS": func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "socks5h://10.9.9.9" },
		"no scheme":           func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "10.9.9.9:3128" },
		"a scheme and a name": func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "proxy:3128" },
		"no compression":      func(c *api.Cluster, _ *api.AuthInfo) { c.DisableCompression = true },
		"a user": func(_ *api.Cluster, u *api.AuthInfo) {
			u.Impersonate, u.ImpersonateUID, u.ImpersonateGroups = "jane", "7", []string{"a", "b"}
			u.ImpersonateUserExtra = map[string][]string{"Ä/%: x.example.com/y": {"1", "2"}, "ok!#$&'*+-.^_`|~": {"3"}}
		},
		"groups alone":           func(_ *api.Cluster, u *api.AuthInfo) { u.ImpersonateGroups = []string{"a"} },
		"a uid alone":            func(_ *api.Cluster, u *api.AuthInfo) { u.ImpersonateUID = "7" },
		"extra alone":            func(_ *api.Cluster, u *api.AuthInfo) { u.ImpersonateUserExtra = map[string][]string{"a": nil} },
		"no apiVersion":          func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.APIVersion = "" },
		"a nameless variable":    func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.Env = append(u.Exec.Env, api.ExecEnvVar{Value: "x"}) },
		"no interactiveMode":     func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.InteractiveMode = "" },
		"an interactiveMode":     func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.InteractiveMode = api.NeverExecInteractiveMode },
		"an odd interactiveMode": func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.InteractiveMode = "Sometimes" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, w)
			at := cfg.Contexts["ns1"]
			change(cfg.Clusters[at.Cluster], cfg.AuthInfos[at.AuthInfo])
			want, wantErr := byClientGo(cfg)
			got, err := bySession(t, w, cfg)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%v, client-go: %v", err, wantErr)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func file(c *api.Cluster, path string) {
	c.CertificateAuthority, c.CertificateAuthorityData = path, nil
}

// journey is what a client does at an API server.
type journey struct {
	Host, Name, Roots, Proxy string
	Insecure, Plain          bool
	Header                   http.Header
}

// recorder is a transport that answers nothing, and keeps what it was asked with.
type recorder struct{ header http.Header }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.header = q.Header
	return nil, http.ErrNotSupported
}

func headers(t http.RoundTripper, r *recorder) http.Header {
	q, _ := http.NewRequest(http.MethodGet, "https://10.0.0.1", nil)
	_, _ = t.RoundTrip(q)
	return r.header
}

func proxyName(proxy func(*http.Request) (*url.URL, error)) string {
	if proxy == nil {
		return ""
	}
	u, err := proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "10.0.0.1"}})
	return fmt.Sprint(u, err)
}

func byClientGo(cfg *api.Config) (*journey, error) {
	if err := clientcmd.ResolveLocalPaths(cfg); err != nil {
		return nil, err
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*cfg, "ns1", &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	config.ExecProvider = nil
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	r := &recorder{}
	wrapped, err := rest.HTTPWrappersForConfig(config, r)
	if err != nil {
		return nil, err
	}
	got := &journey{Host: strings.TrimRight(config.Host, "/"), Proxy: proxyName(config.Proxy), Plain: config.DisableCompression, Header: headers(wrapped, r)}
	if tls != nil {
		got.Name, got.Insecure = tls.ServerName, tls.InsecureSkipVerify
		if tls.RootCAs != nil {
			got.Roots = string(bytes.Join(tls.RootCAs.Subjects(), nil)) //nolint:staticcheck // No pool of the system is in it.
		}
	}
	return got, nil
}

func bySession(t *testing.T, w *consoletest.World, cfg *api.Config) (*journey, error) {
	t.Helper()
	c, err := session.FindContext(cfg, "ns1")
	if err != nil {
		return nil, err
	}
	to, err := c.Config(t.Context(), w.Env())
	if err != nil {
		return nil, err
	}
	tls, err := to.TLS()
	if err != nil {
		return nil, err
	}
	r := &recorder{}
	got := &journey{Host: to.Host, Proxy: proxyName(to.Proxy), Plain: to.DisableCompression, Header: headers(to.As.Wrap(r), r), Name: tls.ServerName, Insecure: tls.InsecureSkipVerify}
	if tls.RootCAs != nil {
		got.Roots = string(bytes.Join(tls.RootCAs.Subjects(), nil)) //nolint:staticcheck // No pool of the system is in it.
	}
	return got, nil
}
