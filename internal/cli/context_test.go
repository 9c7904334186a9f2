package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// edit changes the cluster and user entry of a context in the user's kubeconfig.
func edit(t *testing.T, w *consoletest.World, context string, change func(*api.Cluster, *api.AuthInfo)) {
	t.Helper()
	cfg, err := clientcmd.Load([]byte(w.ReadKubeconfig()))
	if err != nil {
		t.Fatal(err)
	}
	change(cfg.Clusters[cfg.Contexts[context].Cluster], cfg.AuthInfos[cfg.Contexts[context].AuthInfo])
	text, err := clientcmd.Write(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.WriteFile("kubeconfig", string(text), 0o600)
}

// Where kubectl sends no credential, or refuses the entry, nothing is sent.
func TestContextsThatGetNoToken(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*api.Cluster, *api.AuthInfo)
		says   string
	}{
		"http":           {func(c *api.Cluster, _ *api.AuthInfo) { c.Server = "http://10.0.0.12:6443" }, "is not https: nothing is sent to it"},
		"no scheme":      {func(c *api.Cluster, _ *api.AuthInfo) { c.Server = "10.0.0.12:6443" }, "not a URL of a server"},
		"no server":      {func(c *api.Cluster, _ *api.AuthInfo) { c.Server = "" }, "not a URL of a server"},
		"user info":      {func(c *api.Cluster, _ *api.AuthInfo) { c.Server = "https://me@10.0.0.11:6443" }, "not a URL of a server"},
		"an odd proxy":   {func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "http://me:hush@[" }, "its proxy-url is not the address of a proxy"},
		"an old proxy":   {func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "socks4://me:hush@proxy" }, "its proxy-url is not the address of a proxy"},
		"CA, unverified": {func(c *api.Cluster, _ *api.AuthInfo) { c.InsecureSkipTLSVerify = true }, "insecure"},
		"two CAs":        {func(c *api.Cluster, _ *api.AuthInfo) { c.CertificateAuthority = "ca.pem" }, "which kubectl refuses"},
		"a CA that cannot be read": {func(c *api.Cluster, _ *api.AuthInfo) {
			c.CertificateAuthorityData, c.CertificateAuthority = nil, "kubeconfig"
		}, "holds no certificate"},
		"groups of nobody": {func(_ *api.Cluster, u *api.AuthInfo) { u.ImpersonateGroups = []string{"admins"} }, "without a user"},
		"a token":          {func(_ *api.Cluster, u *api.AuthInfo) { u.Token = "hush" }, "kubectl config unset users.wcp:10.0.0.11:dev@vsphere.local.token\n"},
		"a token's file":   {func(_ *api.Cluster, u *api.AuthInfo) { u.TokenFile = "/hush" }, "local.tokenFile\n"},
		"a password":       {func(_ *api.Cluster, u *api.AuthInfo) { u.Username, u.Password = "hush", "hush" }, "its user entry also has username, password, so"},
		"a certificate": {func(_ *api.Cluster, u *api.AuthInfo) {
			u.ClientCertificateData, u.ClientKeyData = []byte("hush"), []byte("hush")
		}, "client-certificate-data, client-key-data"},
		"a certificate's file": {func(_ *api.Cluster, u *api.AuthInfo) { u.ClientCertificate = "/hush" }, "has client-certificate, so"},
		"a provider": {func(_ *api.Cluster, u *api.AuthInfo) {
			u.AuthProvider = &api.AuthProviderConfig{Name: "oidc", Config: map[string]string{"id-token": "hush"}}
		}, "local.auth-provider\n"},
		"another store": {func(_ *api.Cluster, u *api.AuthInfo) {
			u.Exec.Env = []api.ExecEnvVar{{Name: "KUBECTL_VSPHERE_HOME", Value: "/other"}}
		}, "Set KUBECTL_VSPHERE_HOME to /other for this command"},
		"another store by env": {func(_ *api.Cluster, u *api.AuthInfo) {
			u.Exec.Args = append([]string{"KUBECTL_VSPHERE_HOME=/other", u.Exec.Command}, u.Exec.Args...)
			u.Exec.Command = "env"
		}, "Set KUBECTL_VSPHERE_HOME to /other for this command"},
		"no store": {func(_ *api.Cluster, u *api.AuthInfo) {
			u.Exec.Env = []api.ExecEnvVar{{Name: "KUBECTL_VSPHERE_HOME", Value: "x"}}
		}, "is not an absolute path"},
		"no mode":    {func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.InteractiveMode = "Perhaps" }, "interactiveMode \"Perhaps\""},
		"no version": {func(_ *api.Cluster, u *api.AuthInfo) { u.Exec.APIVersion = "" }, "has no apiVersion"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, tkc := site(t)
			login(w)
			s.Forget()
			plain := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s got %q", r.URL, r.Header) }))
			defer plain.Close()
			u, _ := url.Parse(plain.URL)
			w.Reach("10.0.0.12:6443", u.Host)
			tkc.Replies[review] = is(t, "ada")
			edit(t, w, "tkc1", c.change)
			w.Run("whoami", "--context", "tkc1").Exits(failure.Failed).Says(c.says).Omits("hush")
			if n := tkc.Count(review); n > 0 || len(s.Requests()) > 0 {
				t.Errorf("%d reviews, %q", n, s.Requests())
			}
		})
	}
}

// What kubectl ignores in a user entry, and variables that lead to the same store, keep nobody from being asked.
func TestContextsThatKubectlUses(t *testing.T) {
	w, _, tkc := site(t)
	login(w)
	tkc.Replies[review] = is(t, "ada")
	dir := w.Store().Dir()
	edit(t, w, "tkc1", func(_ *api.Cluster, u *api.AuthInfo) {
		u.Password, u.ClientKeyData = "x", []byte("x")
		u.Exec.APIVersion, u.Exec.InteractiveMode = "client.authentication.k8s.io/v1beta1", ""
		u.Exec.Env = []api.ExecEnvVar{{Name: "KUBECTL_VSPHERE_HOME", Value: "/other"}, {Name: "KUBECTL_VSPHERE_HOME", Value: dir + "/"}}
	})
	w.Run("whoami", "--context", "tkc1").Exits(failure.OK).Says("ada")
}

// A relative path of a CA is relative to the kubeconfig that names it, as for kubectl, and not to the working directory.
func TestRelativeCAOfAContext(t *testing.T) {
	w, _, tkc := site(t)
	login(w)
	tkc.Replies[review] = is(t, "ada")
	edit(t, w, "tkc1", func(c *api.Cluster, _ *api.AuthInfo) {
		c.CertificateAuthorityData, c.CertificateAuthority = nil, "cas/tkc1.pem"
	})
	here := t.TempDir()
	t.Chdir(here)
	if err := os.MkdirAll("cas", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("cas/tkc1.pem", []byte(tkc.CA.PEM), 0o600); err != nil { // Somebody put it there.
		t.Fatal(err)
	}
	w.Run("whoami", "--context", "tkc1").Exits(failure.Failed).Says(filepath.Join(w.Dir, "cas", "tkc1.pem"))
	if n := tkc.Count(review); n > 0 {
		t.Errorf("%d reviews", n)
	}
	w.WriteFile("cas/tkc1.pem", tkc.CA.PEM, 0o600)
	w.Run("whoami", "--context", "tkc1").Exits(failure.OK).Says("ada")

	// Of several files, the one that the entry comes from counts.
	w.WriteFile("elsewhere/config", w.ReadKubeconfig(), 0o600)
	w.WriteFile("elsewhere/cas/tkc1.pem", tkc.CA.PEM, 0o600)
	empty := w.WriteFile("first/config", "", 0o600)
	w.Vars["KUBECONFIG"] = empty + string(filepath.ListSeparator) + filepath.Join(w.Dir, "elsewhere", "config")
	if err := os.Remove(filepath.Join(w.Dir, "cas", "tkc1.pem")); err != nil {
		t.Fatal(err)
	}
	w.Run("whoami", "--context", "tkc1").Exits(failure.OK).Says("ada")
}

// The proxy of the cluster entry is the way, also where the environment names none or an odd one.
func TestProxyOfAContext(t *testing.T) {
	w, _, tkc := site(t)
	login(w)
	tkc.Replies[review] = is(t, "ada")
	var asked []string
	open := false
	plain := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		if r.Header.Get("Authorization") != "" {
			t.Error("the proxy got the token")
		}
		if open {
			tunnel(t, w, rw, r)
			return
		}
		rw.WriteHeader(http.StatusForbidden)
	}))
	defer plain.Close()
	u, _ := url.Parse(plain.URL)
	w.Reach("proxy.example:3128", u.Host)
	edit(t, w, "tkc1", func(c *api.Cluster, _ *api.AuthInfo) { c.ProxyURL = "http://proxy.example:3128" })
	for _, variable := range []string{"", "::1"} {
		w.Vars["HTTPS_PROXY"] = variable
		asked = nil
		w.Run("whoami", "--context", "tkc1").Exits(failure.Server).Says("proxy.example:3128")
		if fmt.Sprint(asked) != "[CONNECT 10.0.0.11:6443]" {
			t.Errorf("%q", asked)
		}
	}
	if n := tkc.Count(review); n > 0 {
		t.Errorf("%d reviews went past the proxy", n)
	}
	open = true
	w.Run("whoami", "--context", "tkc1").Exits(failure.OK).Says("ada")
}

// tunnel connects a client of a proxy to a server of the network (RFC 9110, section 9.3.6).
func tunnel(t *testing.T, w *consoletest.World, rw http.ResponseWriter, r *http.Request) {
	to, err := w.Env().Dial(r.Context(), "tcp", r.Host)
	if err != nil {
		t.Error(err)
		return
	}
	from, read, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n") // Only now: what the client sends next is for the server.
	go func() {
		_, _ = io.Copy(struct{ io.Writer }{to}, read) // A writer of no other kind: Go keeps the pipes of splice(2).
		_ = to.Close()
	}()
	_, _ = io.Copy(struct{ io.Writer }{from}, struct{ io.Reader }{to})
	_ = from.Close()
}

// whoami speaks of the user that kubectl impersonates.
func TestImpersonationOfAContext(t *testing.T) {
	w, s, tkc := site(t)
	login(w)
	var as []string
	answer := is(t, "robot")
	tkc.Replies[review] = func(rw http.ResponseWriter, r *http.Request) {
		as = append(as, r.Header.Get("Impersonate-User"), strings.Join(r.Header.Values("Impersonate-Group"), ","))
		answer(rw, r)
	}
	s.Replies[review] = tkc.Replies[review]
	edit(t, w, "tkc1", func(_ *api.Cluster, u *api.AuthInfo) {
		u.Impersonate, u.ImpersonateGroups = "robot", []string{"a", "b"}
	})
	w.Run("whoami", "--context", "tkc1").Exits(failure.OK).Says("robot")
	w.Run("whoami", "--context", "ns1").Exits(failure.OK)
	if fmt.Sprint(as) != "[robot a,b  ]" {
		t.Errorf("%q", as)
	}
}

// net/http would ignore such a proxy and connect directly.
func TestOddProxyOfTheEnvironment(t *testing.T) {
	w, s, tkc := site(t)
	login(w)
	tkc.Replies[review] = is(t, "ada")
	s.Forget()
	w.Vars["HTTPS_PROXY"] = "::1" // Also if the credential is in the store, so that only kubectl's way to the server is left.
	w.Run("whoami", "--context", "ns1").Exits(failure.Usage).Says("HTTPS_PROXY is set, but is not the address of a proxy")
	delete(w.Vars, "HTTPS_PROXY")
	w.Advance(consoletest.Life)
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		for _, value := range []string{"http://me:hush@[", "::1", "proxy:port:hush", "ftp://me:hush@proxy", "http://pro xy:hush"} {
			w.Vars[variable] = value
			w.Vars[failure.PasswordVariable] = consoletest.Password
			for _, line := range []string{
				"login --server " + supervisor + " -u " + user + " --certificate-authority " + w.CAFile, "login --server " + supervisor,
				"whoami --context ns1", "get-token --server " + supervisor + " --user " + user, "registry add 10.0.0.5",
			} {
				w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(variable+" is set, but is not the address of a proxy", "unset it").Omits("hush")
			}
			w.Run("status").Exits(failure.OK)
			w.Run("version").Exits(failure.OK)
		}
		delete(w.Vars, variable)
	}
	if got := s.Requests(); len(got) > 0 {
		t.Errorf("%q were sent", got)
	}
	w.Vars["NO_PROXY"], w.Vars["ALL_PROXY"] = "::[", "::1" // net/http does not read the second.
	w.Run("get-token", "--server", supervisor, "--user", user).Exits(failure.OK)
}
