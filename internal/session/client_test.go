package session_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func loginCluster(c *consoletest.Cluster, credential tokens.Credential) login.Cluster {
	return login.Cluster{Namespace: "ns1", Name: c.Name, Server: c.Host, CA: []byte(c.CA.PEM), Credential: credential}
}

// load reads the kubeconfig of a login, which a test may then change.
func load(t *testing.T, w *consoletest.World) *api.Config {
	t.Helper()
	cfg, err := clientcmd.Load([]byte(w.ReadKubeconfig()))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestFindContext(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	cfg := load(t, w)
	for _, name := range []string{"ns1", "tkc1"} {
		got, err := session.FindContext(cfg, name)
		if err != nil || got.Name != name {
			t.Fatalf("%+v %v", got, err)
		}
	}
	got, err := session.FindContext(cfg, "tkc1")
	if want := (tokens.Key{Server: "10.0.0.1", User: consoletest.User, Cluster: "ns1/tkc1"}); err != nil || cmp.Diff(want, got.Key) != "" || got.Server != "https://10.0.0.11:6443" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := session.FindContext(cfg, ""); err != nil || got.Name != "10.0.0.1" {
		t.Errorf("the current context is %+v %v", got, err)
	}
	cfg.Contexts["mine"] = &api.Context{Cluster: "10.0.0.1", AuthInfo: "me"}
	cfg.AuthInfos["me"] = &api.AuthInfo{Token: "x"}
	cfg.Contexts["loose"] = &api.Context{Cluster: "none", AuthInfo: "me"}
	cfg.CurrentContext = ""
	for name, want := range map[string]string{
		"": "no current context", "other": `"other" is not in the kubeconfig`, "mine": "not written by this program", "loose": "names a cluster or user",
	} {
		if _, err := session.FindContext(cfg, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A context's server is verified as the kubeconfig says, and reached where it says.
func TestClientOfAContext(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	file := w.WriteFile("tkc1-ca.pem", s.Namespaces[0].Clusters[0].CA.PEM, 0o600)
	w.ServeAt("192.168.0.11:6443", "10.0.0.11", s.Namespaces[0].Clusters[0].CA, s.Namespaces[0].Clusters[0])
	var untrusted *trust.UntrustedError
	for name, tc := range map[string]struct {
		change func(c *api.Cluster)
		want   any
	}{
		"as it was written": {func(*api.Cluster) {}, nil},
		"by a file":         {func(c *api.Cluster) { c.CertificateAuthorityData, c.CertificateAuthority = nil, file }, nil},
		"by nothing":        {func(c *api.Cluster) { c.CertificateAuthorityData, c.InsecureSkipTLSVerify = nil, true }, nil},
		"at an alias":       {func(c *api.Cluster) { c.Server, c.TLSServerName = "https://192.168.0.11:6443", "10.0.0.11" }, nil},
		"by the system":     {func(c *api.Cluster) { c.CertificateAuthorityData = nil }, &untrusted},
		"under another name": {func(c *api.Cluster) {
			c.Server = "https://192.168.0.11:6443"
		}, &untrusted},
		"by no such file": {func(c *api.Cluster) { c.CertificateAuthorityData, c.CertificateAuthority = nil, file+"x" }, new(*os.PathError)},
	} {
		cfg := load(t, w)
		tc.change(cfg.Clusters[cfg.Contexts["tkc1"].Cluster])
		found, err := session.FindContext(cfg, "tkc1")
		if err != nil {
			t.Fatal(err)
		}
		w.Do(func(ctx context.Context, e *console.Env) {
			client, _, err := method.Sessions(e, w.Store()).Client(ctx, found)
			if err == nil {
				defer client.CloseIdleConnections()
				_, err = client.Do(ctx, wire.Request{Method: http.MethodGet, URL: "/version"})
			}
			if tc.want == nil && err != nil || tc.want != nil && !errors.As(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// A CA that comes from a Supervisor that nobody verified verifies no cluster: its token needs a person.
func TestClientOfAClusterByHearsay(t *testing.T) {
	w := consoletest.New(t)
	arrived := 0
	w.Serve("10.0.0.9:6443", w.CA, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	to := session.Endpoint{Server: "https://10.0.0.9:6443", Trust: trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}, Unverified: true}
	client, err := session.NewAPIClient(w.Env(), to, tokens.Credential{Token: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	if _, err := client.Do(t.Context(), wire.Request{Method: http.MethodGet, URL: "/version"}); !errors.Is(err, disclose.ErrUnverified) || arrived > 0 {
		t.Errorf("%v, %d requests", err, arrived)
	}
	if _, err := client.Do(disclose.Attended(t.Context()), wire.Request{Method: http.MethodGet, URL: "/version"}); err != nil || arrived != 1 {
		t.Errorf("with a person: %v, %d requests", err, arrived)
	}
}

// A credential that cannot be used says how a new one is had.
func TestBrokenCertificate(t *testing.T) {
	w := consoletest.New(t)
	_, err := session.NewAPIClient(w.Env(), session.Endpoint{Server: "https://x"}, tokens.Credential{Certificate: "junk", PrivateKey: "junk"})
	if err == nil || !strings.Contains(failure.NextStep(err), "--force-refresh") {
		t.Errorf("%v", err)
	}
}

func TestPostJSON(t *testing.T) {
	w := consoletest.New(t)
	w.Serve("10.0.0.9:6443", w.CA, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer abc" || r.URL.Path != "/apis/x" {
			t.Errorf("%s %s", r.Header.Get("Authorization"), r.URL.Path)
		}
		_, _ = rw.Write([]byte(`{"status":"good"}`))
	}))
	client, err := session.NewAPIClient(w.Env(), session.Endpoint{Server: "https://10.0.0.9:6443/", Trust: trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}}, tokens.Credential{Token: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var out struct{ Status string }
	if err := client.PostJSON(t.Context(), "/apis/x", []byte("{}"), &out); err != nil || out.Status != "good" {
		t.Errorf("%v %+v", err, out)
	}
	if err := client.PostJSON(t.Context(), "/apis/x", []byte("{}"), new(int)); !errors.Is(err, wire.ErrServer) {
		t.Errorf("%v", err)
	}
}

// A store of an earlier version has no sites: what its sessions hold counts, but for one without verification. The first change writes it.
func TestSiteOfAnEarlierVersion(t *testing.T) {
	w := consoletest.New(t)
	sessions := &session.Sessions{Env: w.Env(), Store: w.Store(), Methods: []session.Method{&way{name: "sso", issuer: "https://idp"}}}
	site := func() tokens.Site {
		t.Helper()
		got, err := session.Sites{Sessions: sessions}.Of("10.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := site(); got.Known() || got.Hosts != nil || (session.Sites{Sessions: sessions}).Aliases(got) != nil {
		t.Errorf("%+v", got)
	}
	save := func(user string, after int, s tokens.Session) {
		s.Server, s.User, s.Updated = "10.0.0.1", user, w.Now().AddDate(0, 0, after)
		if _, err := w.Store().SaveSession(s); err != nil {
			t.Fatal(err)
		}
	}
	save("a", 1, tokens.Session{Trust: trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}, Hosts: []string{"10.0.0.1", "[fd00::1]:8443"}, Method: "sso"})
	save("b", 2, tokens.Session{Trust: trust.Trust{Mode: trust.System}, Aliases: map[string]string{"10.0.0.1": "192.168.0.1"}})
	save("c", 3, tokens.Session{Trust: trust.Trust{Mode: trust.Insecure}, Aliases: map[string]string{"10.0.0.1": "evil"}, Hosts: []string{"evil"}})
	want := tokens.Site{
		Server: "10.0.0.1", Trust: trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}, Hosts: []string{"10.0.0.1", "[fd00::1]:8443"},
		Aliases: map[string]string{"10.0.0.1": "192.168.0.1"}, Issuer: "https://idp",
	}
	if diff := cmp.Diff(want, site()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.1:443", "[fd00::1]:8443"}, session.ServersOf(want.Hosts)); diff != "" {
		t.Error(diff)
	}
	if err := (session.Sites{Sessions: sessions}).Update(t.Context(), "10.0.0.1", func(s *tokens.Site) { s.Issuer = "https://new" }); err != nil {
		t.Fatal(err)
	}
	if err := w.Store().Clear(); err != nil { // As a logout does.
		t.Fatal(err)
	}
	want.Version, want.Issuer = 1, "https://new"
	if diff := cmp.Diff(want, site()); diff != "" {
		t.Error(diff)
	}
}

// Where a password is was recorded for one method; another one does not take it over.
func TestLastOfAMethod(t *testing.T) {
	w := consoletest.New(t)
	if got := session.Last(w.Store(), key, "sso"); got.User != key.User || got.Account != tokens.HostAccount(key) {
		t.Errorf("%+v", got)
	}
	if _, err := w.Store().SaveSession(tokens.Session{
		Server: key.Server, User: key.User, Method: "sso", Account: "vc dev", PasswordCommand: []string{"/bin/pass"}, Keychain: true, ContextPrefix: "p-",
	}); err != nil {
		t.Fatal(err)
	}
	if got := session.Last(w.Store(), key, "sso"); got.Account != tokens.HostAccount(key) || !got.Keychain || len(got.PasswordCommand) != 1 {
		t.Errorf("%+v", got)
	}
	if got := session.Last(w.Store(), key, "oidc"); got.Account != tokens.HostAccount(key) || got.Keychain || got.PasswordCommand != nil || got.ContextPrefix != "p-" {
		t.Errorf("%+v", got)
	}
}

// A login replaces what may be of somebody else's rights, and ends the quiet after a refusal.
func TestKeepCredentials(t *testing.T) {
	w, sessions := with(t, &way{})
	of := w.Session()
	old := fresh()
	old.Key.Cluster, old.Session = "ns1/old", of.ID
	other := fresh()
	other.Key.Server, other.Session = "10.0.9.9", "somebody-else"
	for _, c := range []tokens.Credential{old, other} {
		if err := w.Store().SaveCredential(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Store().SetMark(of.Account, tokens.Mark{Time: w.Now(), Everybody: true, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := session.ReplaceCredentials(sessions(), of, []tokens.Credential{fresh()}); err != nil {
		t.Fatal(err)
	}
	var left []string
	all, _ := w.Store().Credentials()
	for _, c := range all {
		left = append(left, c.Key.Server+" "+c.Key.Cluster+" "+c.Session)
	}
	if diff := cmp.Diff([]string{"10.0.0.1  " + of.ID, "10.0.9.9  somebody-else"}, left); diff != "" {
		t.Error(diff)
	}
	if m, err := w.Store().Mark(of.Account); err != nil || !m.Time.IsZero() {
		t.Errorf("%+v %v", m, err)
	}
}
