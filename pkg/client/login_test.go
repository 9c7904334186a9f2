package client

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

func TestMain(m *testing.M) { leak.Main(m) }

// service is the login of a service at a site.
func service(w *consoletest.World, password string) Options {
	return Options{
		Server: clitest.Server, Trust: Trust{CA: []byte(w.CA.PEM)}, Password: &Password{User: consoletest.User, Password: Text(Secret(password))},
	}
}

func TestLogin(t *testing.T) {
	w, s := clitest.Site(t)
	session := must(t)(service(w, consoletest.Password).login(t.Context(), w.Env(), newMemory()))
	answers(t, session)
	cluster := must(t)(session.Cluster(t.Context(), "ns1/tkc1"))
	answers(t, cluster)
	if cluster.config.Host != "https://10.0.0.11:6443" || session.config.Host != "https://10.0.0.1:6443" {
		t.Error(session.config.Host, cluster.config.Host)
	}
	s.Forget()
	w.Advance(consoletest.Life)
	var all sync.WaitGroup
	for _, at := range []*Session{session, cluster} {
		for range 8 {
			all.Go(func() {
				if _, err := at.Credential(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if a, b := s.Count("POST /wcp/login"), s.Count("POST /wcp/login ns1/tkc1"); a != 1 || b != 1 {
		t.Errorf("%d renewals for the Supervisor, %d for the cluster", a, b)
	}
	for _, name := range []string{"", "tkc1", "ns1/", "ns1/nope"} {
		if _, err := session.Cluster(t.Context(), name); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if left, err := os.ReadDir(w.Vars["KUBECTL_VSPHERE_HOME"]); err != nil || len(left) > 0 || w.ReadKubeconfig() != "" {
		t.Errorf("a login without a store leaves %v, %v", left, err)
	}
}

// fingerprint is that of a CA.
func fingerprint(ca *consoletest.CA) string {
	block, _ := pem.Decode([]byte(ca.PEM))
	return trust.Fingerprint(block.Bytes)
}

// A server is verified as the caller says, and in no other way.
func TestLoginTrust(t *testing.T) {
	w, s := clitest.Site(t)
	another := consoletest.NewCA(t, "another")
	for name, c := range map[string]struct {
		trust Trust
		want  error // nil: it works
		says  string
	}{
		"a CA":                {Trust{CA: []byte(w.CA.PEM)}, nil, ""},
		"a fingerprint":       {Trust{Fingerprint: fingerprint(w.CA)}, nil, ""},
		"nothing":             {Trust{}, nil, "say how the server is verified"},
		"too much":            {Trust{CA: []byte(w.CA.PEM), System: true}, nil, "say how the server is verified"},
		"another CA":          {Trust{CA: []byte(another.PEM)}, ErrUntrusted, ""},
		"another fingerprint": {Trust{Fingerprint: fingerprint(another)}, ErrUntrusted, ""},
		"no fingerprint":      {Trust{Fingerprint: "abc"}, nil, "SHA-256"},
		"no CA":               {Trust{CA: []byte("abc")}, nil, "holds no certificate"},
		"the system":          {Trust{System: true}, ErrUntrusted, ""},
	} {
		s.Forget()
		o := service(w, consoletest.Password)
		o.Trust = c.trust
		session, err := o.login(t.Context(), w.Env(), newMemory())
		switch works := c.want == nil && c.says == ""; {
		case works && err == nil:
			answers(t, session)
		case works, err == nil, c.want != nil && !errors.Is(err, c.want), !strings.Contains(err.Error(), c.says), len(s.Requests()) > 0:
			t.Errorf("%s: %v %q", name, err, s.Requests())
		}
	}
}

// vCenter locks an account after five refusals. However often a service logs in, it stops at four, and sends no refused password twice.
// Comparing passwords is slow on purpose, so there are few here.
func TestLoginRefused(t *testing.T) {
	w, s := clitest.Site(t)
	m := newMemory()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { isRefused(t, w, m, "", "wrong-word-1") })
	}
	all.Wait()
	if n := s.Count("GET /wcp/workloads"); n != 1 {
		t.Errorf("the same password was sent %d times", n)
	}
	for i := 2; i < 6; i++ {
		isRefused(t, w, m, "", fmt.Sprint("wrong-word-", i))
	}
	isRefused(t, w, m, "", consoletest.Password) // It could be another wrong one.
	if n := s.Count("GET /wcp/workloads"); n != 4 {
		t.Errorf("%d passwords were sent", n)
	}
}

// A directory remembers refusals for the next process.
func TestLoginRefusedBefore(t *testing.T) {
	w, s := clitest.Site(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		isRefused(t, w, newMemory(), dir, "wrong-word-1")
	}
	if n := s.Count("GET /wcp/workloads"); n != 1 {
		t.Errorf("the same password was sent %d times", n)
	}
}

// isRefused fails the test unless a login is refused, in words without the password.
func isRefused(t *testing.T, w *consoletest.World, m *memory, refusals, password string) {
	o := service(w, password)
	o.Refusals = refusals
	_, err := o.login(t.Context(), w.Env(), m)
	if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), password) {
		t.Errorf("%v", err)
	}
}

func TestLoginErrors(t *testing.T) {
	w, s := clitest.Site(t)
	for name, c := range map[string]struct {
		change func(*Options)
		kind   error
		says   string
	}{
		"no server":     {func(o *Options) { o.Server = "a:b:c" }, nil, "Options.Server"},
		"nobody":        {func(o *Options) { o.Password = nil }, nil, "one of Options.Password and Options.Issuer"},
		"two":           {func(o *Options) { o.Issuer = &Issuer{} }, nil, "one of Options.Password and Options.Issuer"},
		"no user":       {func(o *Options) { o.Password.User = "" }, nil, "needs a user"},
		"an odd user":   {func(o *Options) { o.Password.User = "a:b" }, nil, "a name with a colon"},
		"no password":   {func(o *Options) { o.Password.Password = Text("") }, nil, "the password is empty"},
		"no file":       {func(o *Options) { o.Password.Password = File("/nonexistent/x") }, nil, "get the password: "},
		"no directory":  {func(o *Options) { o.Refusals = "/proc/x" }, nil, "/proc/x"},
		"an outage":     {func(o *Options) { o.Server = "10.0.0.99" }, ErrUnavailable, "10.0.0.99"},
		"a bad gateway": {func(*Options) { s.Next("GET /wcp/workloads", consoletest.Status(502, "")) }, ErrUnavailable, "502"},
		"not a Supervisor": {func(o *Options) {
			s.Next("GET /wcp/loginbanner", consoletest.Status(404, ""))
		}, nil, "not a vSphere Supervisor"},
	} {
		o := service(w, consoletest.Password)
		c.change(&o)
		_, err := o.login(t.Context(), w.Env(), newMemory())
		if err == nil || c.kind != nil && !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := service(w, consoletest.Password).login(ctx, w.Env(), newMemory()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A service that an issuer knows, by a secret or by a token that something else renews.
func TestLoginWithIssuer(t *testing.T) {
	w := clitest.New(t)
	i := w.Issuer("sso.example")
	i.Secret = "client-secret-5"
	var last string
	w.Serve("10.0.0.7:443", w.CA, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if last = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); last == "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	given := w.WriteFile("token", i.Token("job", "api")+"\n", 0o600)
	for name, issuer := range map[string]*Issuer{
		"job":  {Token: File(given)},
		"kube": {URL: "https://sso.example", Client: "kube", Secret: Text("client-secret-5"), Trust: Trust{CA: []byte(w.CA.PEM)}},
	} {
		o := Options{Server: "10.0.0.7", Trust: Trust{CA: []byte(w.CA.PEM)}, Issuer: issuer}
		session := must(t)(o.login(t.Context(), w.Env(), newMemory()))
		answers(t, session)
		first := last
		w.Advance(consoletest.TokenLife)
		w.WriteFile("token", i.Token("job", "api"), 0o600)
		answers(t, session)
		if first == "" || last == first || session.User() != name {
			t.Errorf("%s: as %s, first and last token are the same: %t", name, session.User(), first == last)
		}
		if _, err := session.Cluster(t.Context(), "ns1/tkc1"); err == nil {
			t.Error("clusters without a Supervisor")
		}
	}
	w.WriteFile("token", i.Token("another", "api"), 0o600)
	wrong := &Issuer{URL: "https://sso.example", Client: "kube", Secret: Text("wrong-secret-6"), Trust: Trust{CA: []byte(w.CA.PEM)}}
	m := newMemory()
	before := i.Count("token client_credentials")
	for range 3 {
		_, err := Options{Server: "10.0.0.7", Trust: Trust{CA: []byte(w.CA.PEM)}, Issuer: wrong}.login(t.Context(), w.Env(), m)
		if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "wrong-secret-6") {
			t.Errorf("%v", err)
		}
	}
	if n := i.Count("token client_credentials") - before; n != 1 {
		t.Errorf("a refused secret was sent %d times", n)
	}
	for _, bad := range []Issuer{{}, {Token: Text("x"), Secret: Text("x")}, {Secret: Text("x")}, {Token: Text("x"), Trust: Trust{Fingerprint: "x"}}} {
		if _, err := (Options{Server: "10.0.0.7", Trust: Trust{System: true}, Issuer: &bad}).login(t.Context(), w.Env(), m); err == nil {
			t.Errorf("%+v", bad)
		}
	}
}

// The kubeconfig of a job works without this package, and ends when it says.
func TestKubeconfig(t *testing.T) {
	w, s := clitest.Site(t)
	session := must(t)(service(w, consoletest.Password).login(t.Context(), w.Env(), newMemory()))
	session = must(t)(session.Cluster(t.Context(), "ns1/tkc1"))
	s.Forget()
	text, until, err := session.Kubeconfig(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := session.Credential(t.Context()); config.Host != "https://10.0.0.11:6443" || config.BearerToken != c.Token.Reveal() || len(config.CAData) == 0 || !until.Equal(c.Until) {
		t.Errorf("%s %s", config.Host, until)
	}
	w.Advance(9 * time.Hour)
	if _, until, err = session.Kubeconfig(t.Context(), 2*time.Hour); err != nil || until.Before(w.Now().Add(9*time.Hour)) || s.Count("POST /wcp/login ns1/tkc1") != 1 {
		t.Errorf("%s %v %q", until, err, s.Requests())
	}
	if _, _, err = session.Kubeconfig(t.Context(), 11*time.Hour); err == nil || !strings.Contains(err.Error(), "and the job needs one until") {
		t.Errorf("%v", err)
	}
}
