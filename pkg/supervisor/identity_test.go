package supervisor

import (
	"crypto/x509"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
)

func TestParseIdentity(t *testing.T) {
	for name, tc := range map[string]struct{ issuer, ca, concierge, want string }{
		"plain":               {"https://10.0.0.1/wcp/pinniped", "", "", ""},
		"a slash at its end":  {"https://10.0.0.1/wcp/pinniped/", "", "https://10.0.0.1:443/", ""},
		"http":                {"http://10.0.0.1/wcp/pinniped", "", "", "not https"},
		"a query":             {"https://10.0.0.1/?a=b", "", "", "characters"},
		"a user":              {"https://me:secret@10.0.0.1/", "", "", "not a URL"},
		"no issuer":           {"", "", "", "not a URL"},
		"a CA not in base64":  {"https://10.0.0.1/", "!", "", "not base64"},
		"a CA without PEM":    {"https://10.0.0.1/", base64.StdEncoding.EncodeToString([]byte("hello")), "", "no certificate"},
		"a Concierge of http": {"https://10.0.0.1/", "", "http://10.0.0.1", "not https"},
		"a shell's":           {"https://h/';touch${IFS}/tmp/p;'", "", "", "characters"},
		"turned around":       {"https://ev\u202eil.example/", "", "", "characters"},
		"C1 controls":         {"https://h/\u009b31m", "", "", "characters"},
		"bells":               {"https://10.0.0.1/\x07", "", "", "characters"},
	} {
		id, err := parseIdentity(tc.issuer, tc.ca, tc.concierge)
		if tc.want == "" {
			if err != nil || id.Issuer != "https://10.0.0.1/wcp/pinniped" || strings.HasSuffix(id.Concierge, "/") {
				t.Errorf("%s: %+v %v", name, id, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\x07") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The Secret of a cluster holds an administrator: neither an error nor an Endpoint shows anything of that.
func TestParseEndpoint(t *testing.T) {
	const users = "users:\n- name: admin\n  user: {client-key-data: SECRET-KEY}\n"
	cluster := func(fields string) string { return "clusters:\n- name: tkc1\n  cluster: {" + fields + "}\n" + users }
	for name, tc := range map[string]struct{ text, server, want string }{
		"by the system's roots": {cluster("server: 'https://10.0.0.9:6443'"), "https://10.0.0.9:6443", ""},
		"on 443":                {cluster("server: 'https://api.example.com:443'"), "https://api.example.com:443", ""},
		"http":                  {cluster("server: 'http://10.0.0.9:6443'"), "", "not https"},
		"a path":                {cluster("server: 'https://10.0.0.9:6443/path'"), "", "more than a host"},
		"a CA not in base64":    {cluster("server: 'https://10.0.0.9:6443', certificate-authority-data: '!'"), "", "not base64"},
		"no cluster":            {users, "", "no kubeconfig"},
		"no YAML":               {"\t: SECRET-KEY", "", "no kubeconfig"},
	} {
		e, err := parseEndpoint([]byte(tc.text))
		if tc.want == "" && (err != nil || e.Server != tc.server) {
			t.Errorf("%s: %+v %v", name, e, err)
		}
		if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "SECRET")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add([]byte("clusters:\n- name: a\n  cluster: {server: 'https://10.0.0.9:6443', certificate-authority-data: ''}\n"))
	costtest.Seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Endpoint
		var err error
		costtest.Limit(t, "kubeconfig", func() { e, err = parseEndpoint(text) })
		if err == nil && !strings.HasPrefix(e.Server, "https://") {
			t.Errorf("%+v", e)
		}
	})
}

func TestServerOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://sup.example.com/wcp/pinniped": "sup.example.com", "https://SUP.example.com:443/": "sup.example.com", "https://sup.example.com:8443": "sup.example.com:8443",
		"https://[FD00:0::1]/": "fd00::1", "https://[::ffff:10.0.0.1]:443/": "10.0.0.1",
		"https://sup.example.com./": "", "https://*.example.com/": "", "https://me@sup.example.com/": "", "https:///x": "", "https://[fe80::1%25eth0]/": "", "x": "",
	} {
		got, err := ServerOf(url)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%s: %s %v", url, got, err)
		}
	}
}

// Only a certificate that names a host itself proves it; a wildcard is for anybody's host below it.
func TestCertificateNamesAHost(t *testing.T) {
	c := &x509.Certificate{DNSNames: []string{"*.example.com", "Sup.example.org"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1), net.ParseIP("fd00::1")}}
	for host, want := range map[string]bool{
		"sup.example.org": true, "10.0.0.1": true, "fd00::1": true,
		"sup.example.com": false, "*.example.com": false, "example.com": false, "10.0.0.2": false, "evil.sup.example.org": false, "": false,
	} {
		if got := names(c, host); got != want || names(nil, host) {
			t.Errorf("%q: %t", host, got)
		}
	}
}
