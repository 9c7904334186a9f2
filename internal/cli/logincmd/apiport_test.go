package logincmd_test

import (
	"bytes"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// server is where a context leads, as kubectl reads it: the URL, the CA, and whether it is verified.
func server(t *testing.T, w *consoletest.World, name string) (url, ca string) {
	t.Helper()
	cfg, err := clientcmd.LoadFromFile(w.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	c := cfg.Contexts[name]
	if c == nil || cfg.Clusters[c.Cluster] == nil {
		t.Fatalf("there is no context %s", name)
	}
	if cfg.Clusters[c.Cluster].InsecureSkipTLSVerify {
		t.Errorf("%s is not verified", name)
	}
	return cfg.Clusters[c.Cluster].Server, string(bytes.TrimSpace(cfg.Clusters[c.Cluster].CertificateAuthorityData))
}

func wantServer(t *testing.T, w *consoletest.World, name, url, ca string) {
	t.Helper()
	gotURL, gotCA := server(t, w, name)
	if gotURL != url || gotCA != strings.TrimSpace(ca) {
		t.Errorf("%s is at %s with the CA\n%s\nnot at %s with\n%s", name, gotURL, gotCA, url, ca)
	}
}

// Where a firewall opens 443 alone, the contexts of a Supervisor and of its namespaces go by the front, verified as the front was. Those of
// clusters do not. It is said, and tried again at the next login.
func TestClosedAPIPort(t *testing.T) {
	w, s := site(t)
	given(w)
	api := consoletest.NewCA(t, "api-ca")
	s.CA = api // That is what the Supervisor tells.
	w.Serve("10.0.0.1:6443", api, s)
	w.Run(signIn(w)...).Exits(0).Omits("443")
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", w.CA.PEM+api.PEM)
	w.Run("status").Exits(0).Omits("port")

	w.Down("10.0.0.1:6443")
	w.Run("whoami").Exits(4).Says("connection refused", "kubectl vsphere login --server 10.0.0.1")
	w.Run(signIn(w)...).Exits(0).Says("note: 10.0.0.1: port 6443 does not answer: connection refused", "use port 443", "tries 6443 again")
	for _, name := range []string{"10.0.0.1", "ns1", "ns2"} {
		wantServer(t, w, name, "https://10.0.0.1:443", w.CA.PEM)
	}
	if url, _ := server(t, w, "tkc1"); url != "https://10.0.0.11:6443" {
		t.Errorf("the cluster is at %s", url)
	}
	w.Run("status").Exits(0).Says("The contexts of 10.0.0.1 use port 443: port 6443 does not answer: connection refused. The next login tries again.")
	w.Run("status", "-o", "json").Exits(0).Says(`"port": 443`, `"reason": "port 6443 does not answer`)
	s.Replies["POST /apis/authentication.k8s.io/v1/selfsubjectreviews"] = consoletest.Reply(`{"status":{"userInfo":{"username":"sso:dev"}}}`)
	w.Run("whoami").Exits(0).Says("https://10.0.0.1:443", "sso:dev")

	w.Serve("10.0.0.1:6443", api, s)
	w.Run("login").Exits(0).Omits("443")
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", w.CA.PEM+api.PEM)
	w.Run("status").Exits(0).Omits("port")
}

// A front that a person accepted is verified by what was accepted, also by kubectl.
func TestClosedAPIPortAfterFirstUse(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Down("10.0.0.1:6443")
	s.CA = consoletest.NewCA(t, "api-ca")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("use port 443")
	wantServer(t, w, "ns1", "https://10.0.0.1:443", w.CA.PEM)
}

// Each control plane host has a port of its own: one of them may be filtered. NAT stays.
func TestClosedAPIPortOfOneHost(t *testing.T) {
	w, _ := linked(t, "10.0.0.2")
	w.Down("10.0.0.2:6443")
	w.Run(signIn(w)...).Exits(0).Says("note: 10.0.0.2: port 6443").Omits("10.0.0.1: port")
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", w.CA.PEM)
	wantServer(t, w, "of1-0", "https://10.0.0.2:443", w.CA.PEM)
	w.ServeAt("192.168.0.2:443", "10.0.0.2", w.CA, w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "of1-0"}))
	w.Down("10.0.0.2:6443")
	w.Run(signIn(w, "--control-plane-address", "10.0.0.2=192.168.0.2")...).Exits(0)
	wantServer(t, w, "of1-0", "https://192.168.0.2:443", w.CA.PEM)
}

// The port can be said. That is remembered, and no longer found out, until it is to be found out again.
func TestAPIPortFlag(t *testing.T) {
	w, s := site(t)
	given(w)
	for _, step := range []struct {
		more []string
		want string
		asks int
	}{
		{[]string{"--api-port", "443"}, "443", 0},
		{nil, "443", 0},
		{[]string{"--api-port", "6443"}, "6443", 1},
		{[]string{"--api-port", "7443"}, "7443", 0},
		{[]string{"--api-port", "auto"}, "6443", 1},
		{nil, "6443", 1},
	} {
		s.Forget()
		if r := w.Run(signIn(w, step.more...)...).Exits(0); step.want == "7443" { // Nothing is there.
			r.Says("note: 10.0.0.1: port 7443 does not answer", "add: --api-port auto")
		} else {
			r.Omits("note: ")
		}
		wantServer(t, w, "ns1", "https://10.0.0.1:"+step.want, w.CA.PEM)
		if n := s.Count("GET /version"); n != step.asks {
			t.Errorf("%v: asked %d times", step.more, n)
		}
		if step.want == "443" {
			w.Run("status").Exits(0).Says("The contexts of 10.0.0.1 use port 443, as --api-port says.")
		}
	}
	for _, wrong := range []string{"0", "65536", "x", "-1", "443/tcp"} {
		w.Run(signIn(w, "--api-port", wrong)...).Exits(2).Says("--api-port: want auto or a port")
	}
}

// What a session of an identity provider asks of the Supervisor goes by the front too, now and at renewals.
func TestClosedAPIPortOfAProvider(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Federate("", consoletest.LDAP())
	w.Down("10.0.0.1:6443")
	w.Run(byPassword(w)...).Exits(0).Says("use port 443", "   ns1\n", "   tkc1\n")
	wantServer(t, w, "ns1", "https://10.0.0.1:443", w.CA.PEM)
	if known, _, err := w.Store().Site("10.0.0.1"); err != nil || known.APIPorts["10.0.0.1"].Port != 443 || known.APIPorts["10.0.0.1"].Reason == "" {
		t.Errorf("remembered is %+v, %v", known, err)
	}
	s.Forget()
	if err := w.Store().DeleteCredential(tokens.Key{Server: "10.0.0.1", User: consoletest.User}); err != nil { // It has its target.
		t.Fatal(err)
	}
	w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User).Exits(0).Says("clientCertificateData")
	if n := s.Count("POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"); n != 1 {
		t.Errorf("%d requests for a certificate", n)
	}
}

// An API server that had a CA of its own, which somebody accepted, and shows one now that the Supervisor names.
func TestAPIServerWithANewCA(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Untold = true
	api := consoletest.NewCA(t, "api-ca")
	w.Serve("10.0.0.1:6443", api, s)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.0.1:6443 alone", Keys: "y"})
	w.Run(untold()...).Exits(0)
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", api.PEM)
	s.Untold, s.CA = false, consoletest.NewCA(t, "new-api-ca")
	w.Nobody()
	w.Run(untold()...).Exits(0)
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", api.PEM)
	w.Serve("10.0.0.1:6443", s.CA, s)
	w.Run(untold()...).Exits(0).Omits("443")
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", s.CA.PEM)
}

// A front that ends TLS passes no certificate on. It then answers as to a stranger, which must not look like missing rights.
func TestCertificatesDoNotPassTheFront(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Federate("", consoletest.LDAP())
	w.ServeWithoutClients("10.0.0.1", w.CA, s)
	w.Run(byPassword(w)...).Exits(0)
	w.Down("10.0.0.1:6443")
	w.Run(byPassword(w)...).Exits(4).Says("does not ask for the client certificate", "(6443)", "--auth-method sso").Omits("--namespaces")
}

// The entries of the kubeconfig are changed, and none are left behind.
func TestClosedAPIPortChangesTheSameEntries(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	before := len(kubeconfig(t, w).Clusters)
	w.Down("10.0.0.1:6443")
	w.Run(signIn(w)...).Exits(0)
	cfg := kubeconfig(t, w)
	if len(cfg.Clusters) != before || cfg.Clusters["10.0.0.1"] == nil || cfg.Clusters["10.0.0.1"].Server != "https://10.0.0.1:443" {
		t.Errorf("%d clusters became %d: %s", before, len(cfg.Clusters), w.ReadKubeconfig())
	}
}

// A host that is down when the port is to be found out again does not keep it.
func TestAPIPortOfAHostThatIsDown(t *testing.T) {
	w, hosts := linked(t, "10.0.0.2")
	w.Run(signIn(w, "--api-port", "443")...).Exits(0)
	w.Down("10.0.0.2:443")
	w.Run(signIn(w, "--api-port", "auto")...).Exits(5)
	w.Serve("10.0.0.2:443", w.CA, hosts[0])
	w.Run(signIn(w)...).Exits(0)
	wantServer(t, w, "of1-0", "https://10.0.0.2:6443", w.CA.PEM)
}

// What is known of the ports is the site's: a logout leaves it, and a dry run does not write it.
func TestAPIPortOutlivesTheSession(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--api-port", "443", "--dry-run")...).Exits(0).Says("https://10.0.0.1:443")
	w.Run(signIn(w, "--dry-run")...).Exits(0).Says("https://10.0.0.1:6443")
	w.Run(signIn(w, "--api-port", "443")...).Exits(0)
	w.Run("logout").Exits(0)
	w.Run(signIn(w)...).Exits(0)
	wantServer(t, w, "ns1", "https://10.0.0.1:443", w.CA.PEM)
}
