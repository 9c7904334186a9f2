package breakglass_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/breakglass"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// read reads a Secret of the cluster tkc1 as a server sends it.
func read(t *testing.T, kind breakglass.Kind, key, value string) (breakglass.Credentials, error) {
	t.Helper()
	text := strings.Replace(consoletest.Secret("ns1", kind.SecretName("tkc1"), key, value), "{", `{"apiVersion":"v1","kind":"Secret",`, 1)
	server := kubeapi.New(func(context.Context, wire.Request) ([]byte, error) { return []byte(text), nil })
	secret, err := server.Get(t.Context(), breakglass.Resource, "ns1", kind.SecretName("tkc1"))
	if err != nil {
		t.Fatal(err)
	}
	return kind.Read("tkc1", secret)
}

// What is written is what was checked, and nothing else.
func TestReadAdmin(t *testing.T) {
	w := consoletest.New(t)
	until := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	text, _ := w.AdminKubeconfig("tkc1", "https://10.0.0.11:6443", until)
	for _, given := range []string{
		text,
		strings.ReplaceAll(text, "tkc1", "other"),
		strings.Replace(text, "preferences: {}", "preferences: {colors: true}\nextensions: [{name: x, extension: {run: me}}]", 1),
		strings.Replace(text, "{server:", "{disable-compression: true, extensions: [], server:", 1),
	} {
		c, err := read(t, breakglass.Admin, "value", given)
		if err != nil {
			t.Fatal(err)
		}
		got, err := clientcmd.Load([]byte(c.Text.Reveal()))
		if err != nil || !c.Until.Equal(until) {
			t.Fatal(err, c.Until)
		}
		cluster, user := got.Clusters["tkc1"], got.AuthInfos["tkc1-admin"]
		if got.CurrentContext != "tkc1-admin@tkc1" || cluster.Server != "https://10.0.0.11:6443" || string(cluster.CertificateAuthorityData) != w.CA.PEM || len(user.ClientKeyData) == 0 {
			t.Errorf("%+v %+v", got, cluster)
		}
		if strings.Contains(c.Text.Reveal(), "run") || strings.Contains(c.Text.Reveal(), "other") || strings.Contains(c.Text.Reveal(), "colors") {
			t.Error(c.Text.Reveal())
		}
	}
	named, err := read(t, breakglass.Admin, "value", strings.Replace(text, "{server:", "{tls-server-name: kubernetes, server:", 1))
	if err != nil || !strings.Contains(named.Text.Reveal(), "tls-server-name: kubernetes") {
		t.Error(err)
	}
}

// A kubeconfig that runs a program, reads a file, or sends the certificate elsewhere is refused, and its error shows nothing of it.
func TestAdminOfOddShape(t *testing.T) {
	w := consoletest.New(t)
	text, key := w.AdminKubeconfig("tkc1", "https://10.0.0.11:6443", time.Now().Add(time.Hour))
	_, foreign := w.AdminKubeconfig("tkc1", "https://10.0.0.11:6443", time.Now().Add(time.Hour))
	replace := func(old, with string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(text, old, with, 1)
	}
	for want, given := range map[string]string{
		`it has no "value"`:                          "",
		"holds no kubeconfig":                        "- a",
		"0 clusters, 0 users and 0 contexts":         "{}",
		"2 clusters, 1 users":                        replace("clusters:\n", "clusters:\n- {name: b, cluster: {server: \"https://b\"}}\n"),
		"1 clusters, 2 users":                        replace("users:\n", "users:\n- {name: b, user: {token: t}}\n"),
		"and 2 contexts":                             replace("contexts:\n", "contexts:\n- {name: b, context: {cluster: tkc1, user: tkc1-admin}}\n"),
		"its context is of another":                  replace("cluster: tkc1,", "cluster: b,"),
		`its cluster has "certificate-authority"`:    replace("{server:", "{certificate-authority: /ca, server:"),
		`its cluster has "insecure-skip-tls-verify"`: replace("{server:", "{insecure-skip-tls-verify: true, server:"),
		`its cluster has "proxy-url"`:                replace("{server:", "{proxy-url: \"http://evil\", server:"),
		"is not https":                               replace("https://", "http://"),
		"its server: ":                               replace("10.0.0.11:6443", "10.0.0.11:6443/path"),
		"its CA: it is missing":                      replace("certificate-authority-data: ", "extensions: "),
		"its CA: it holds no certificate":            replace("certificate-authority-data: ", "certificate-authority-data: YQ==\n   ,extensions: "),
		"its tls-server-name":                        replace("{server:", "{tls-server-name: \"a b\", server:"),
		`its user has "exec"`:                        replace("user: {", "user: {exec: {command: touch}, "),
		`its user has "auth-provider"`:               replace("user: {", "user: {auth-provider: {name: x}, "),
		`its user has "token"`:                       replace("user: {", "user: {token: t, "),
		`its user has "tokenFile"`:                   replace("user: {", "user: {tokenFile: /etc/passwd, "),
		`its user has "client-key"`:                  replace("user: {", "user: {client-key: /etc/passwd, "),
		`its user has "as"`:                          replace("user: {", "user: {as: me, "),
		"no certificate with a key":                  replace("client-key-data: ", "extensions: "),
		"is not of the certificate":                  replace(key, foreign),
	} {
		c, err := read(t, breakglass.Admin, "value", given)
		if err == nil || !strings.Contains(err.Error(), want) || c.Text != "" {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if strings.Contains(err.Error(), key) || len(err.Error()) > 300 {
			t.Errorf("%s shows it: %v", want, err)
		}
	}
}

func TestReadKey(t *testing.T) {
	w := consoletest.New(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}))
	public := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&private.PublicKey)}))
	open := w.SSHKey("")
	for _, given := range []string{open, pkcs1, strings.TrimSpace(open), "a comment\n" + open + "\x1b[31m"} {
		c, err := read(t, breakglass.SSHKey, "ssh-privatekey", given)
		if err != nil || c.Text.Reveal() != open && c.Text.Reveal() != pkcs1 {
			t.Errorf("%v: %q", err, c.Text.Reveal())
		}
	}
	for want, given := range map[string]string{
		"it holds 2 blocks":        open + pkcs1,
		"it holds 0 blocks":        "ssh-ed25519 AAAA",
		"its key has a pass":       w.SSHKey("open sesame"),
		"no private key that Open": public,
		`no "ssh-privatekey"`:      "",
	} {
		c, err := read(t, breakglass.SSHKey, "ssh-privatekey", given)
		if err == nil || !strings.Contains(err.Error(), want) || c.Text != "" {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestReadPassword(t *testing.T) {
	for given, want := range map[string]string{"a b=\n": "a b=\n", "x": "x\n", "": "", "\n": "", "a\nb": "", "\x1b[31m": "", strings.Repeat("a", 513): ""} {
		c, err := read(t, breakglass.SSHPassword, "ssh-passwordkey", given)
		if c.Text.Reveal() != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %q, %v", given, c.Text.Reveal(), err)
		}
	}
}

// Printed in any way, credentials are a placeholder.
func TestCredentialsAreNotPrinted(t *testing.T) {
	c, err := read(t, breakglass.SSHPassword, "ssh-passwordkey", "hush-hush")
	if text := fmt.Sprintf("%v %+v %#v %q", c, c, c, c.Text); err != nil || strings.Contains(text, "hush") {
		t.Error(text, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("clusters: []"))
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n-----END OPENSSH PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, kind := range breakglass.Kinds {
			key := map[string]string{"admin": "value", "ssh": "ssh-privatekey", "ssh-password": "ssh-passwordkey"}[kind]
			c, err := read(t, breakglass.Kind(kind), key, string(text))
			if err != nil && (c.Text != "" || len(text) > 40 && strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(text))) {
				t.Error(kind, err)
			}
			if err == nil && slices.Contains([]byte(c.Text.Reveal()), 0x1b) {
				t.Errorf("%s: %q", kind, c.Text.Reveal())
			}
		}
	})
}
