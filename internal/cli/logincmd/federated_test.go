package logincmd_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
)

// byProvider is the command line of a login by the Supervisor's identity provider.
func byProvider(w *consoletest.World, more ...string) []string {
	return append([]string{"login", "--server", "10.0.0.1", "--certificate-authority", w.CAFile}, more...)
}

// byPassword is that of one with a password at the identity provider.
func byPassword(w *consoletest.World, more ...string) []string {
	return byProvider(w, append([]string{"--auth-method", "oidc", "-u", consoletest.User}, more...)...)
}

// kept is what the session keeps of its issuer.
func kept(t *testing.T, w *consoletest.World) oidc.Session {
	t.Helper()
	s, err := oidc.ParseSession(w.Session().Renewal)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const paste = "paste the code"

func TestLoginByABrowser(t *testing.T) {
	for name, browser := range map[string]func(*consoletest.Issuer) func(string) string{
		"pasted":    func(i *consoletest.Issuer) func(string) string { return i.Paste(consoletest.User) },
		"came back": func(i *consoletest.Issuer) func(string) string { return i.Browser(consoletest.User) },
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			i := s.Federate("", consoletest.Okta())
			w.Person(consoletest.Answer{To: paste, Reply: browser(i)})
			w.Run(byProvider(w, "--no-browser")...).Exits(0).Says("you are "+consoletest.User, "   ns1\n", "   tkc1\n")
			if s := w.Session(); s.Method != "oidc" || s.User != consoletest.User {
				t.Errorf("%s by %s", s.User, s.Method)
			}
			wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2")
			if n := s.Count(proof) + s.Count("POST /wcp/login"); n > 0 {
				t.Error("vCenter's login was used")
			}
			for _, c := range s.Namespaces[0].Clusters {
				if n := c.Count("POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"); n > 0 {
					t.Error("a cluster was asked before it is used")
				}
			}
			w.Nobody()
			r := w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--cluster", "ns1/tkc1").Exits(0)
			r.Says("clientCertificateData")
		})
	}
}

// What is pasted wrongly is said, and asked for again.
func TestWrongPaste(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.Okta())
	w.Person(consoletest.Answer{To: paste, Keys: "what"}, consoletest.Answer{To: "neither a code"}, consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run(byProvider(w, "--no-browser")...).Exits(0)
}

func TestInterruptedAtTheBrowser(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.Okta())
	w.Person(consoletest.Answer{To: paste, Keys: consoletest.Interrupt})
	w.Run(byProvider(w, "--no-browser")...).Exits(130)
	if sessions, _ := w.Store().Sessions(); len(sessions) > 0 {
		t.Error("a session was kept")
	}
}

func TestNoBrowserAndNobody(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.Okta())
	w.Run(byProvider(w)...).Exits(2).Says("no terminal", "--no-browser", "--browser-command")
}

// The provider prefers a password, and somebody can type it.
func TestPasswordOfTheIdentityProvider(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.LDAP())
	w.Person(consoletest.Answer{To: "Username: ", Keys: consoletest.User}, consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run(byProvider(w)...).Exits(0).Says("by the identity provider of this Supervisor").Omits(consoletest.Password)
	if got := kept(t, w); got.Flow != "password" || got.IdentityProvider != "ldap" {
		t.Errorf("the session keeps %s, %s", got.Flow, got.IdentityProvider)
	}
	w.Nobody()
	given(w)
	w.Run("login").Exits(0).Says(" again as " + consoletest.User + ", by its identity provider.")
	if n := i.Count("authorize"); n != 2 {
		t.Errorf("%d authorizations", n)
	}
}

// A refusal at the identity provider is not vCenter's, and the password is not sent again by itself.
func TestRefusedByTheIdentityProvider(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.LDAP())
	w.Vars[failure.PasswordVariable] = "wrong-word-9"
	w.Run(byPassword(w)...).Exits(3).Says("was refused", "It is not sent again").Omits("wrong-word-9", "five refusals")
	w.Run(byPassword(w)...).Exits(3).Says("is not sent again")
	w.Run(byPassword(w, "--force")...).Exits(3)
	if n := i.Count("authorize"); n != 2 {
		t.Errorf("%d requests with a password", n)
	}
}

func TestFlowThatIsNotOffered(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.Okta())
	given(w)
	w.Run(byPassword(w, "--oidc-flow", "device")...).Exits(2).Says("device", "--no-browser")
	i.Providers = []consoletest.Provider{{Name: "ad", Type: "activedirectory", Flows: []string{"cli_password"}}}
	w.Run(byPassword(w, "--oidc-flow", "browser")...).Exits(2).Says("only passwords")
}

func TestStaticTokensAreForVCenter(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	given(w)
	w.Run(byPassword(w, "--static-tokens")...).Exits(2).Says("--static-tokens")
	w.Run(byPassword(w, "--kubeconfig", "-")...).Exits(2).Says("--kubeconfig -")
}

// One is chosen by name, by number, by flag, and as the last time.
func TestChoiceOfAProvider(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.LDAP(), consoletest.Okta())
	given(w)
	w.Run(byPassword(w)...).Exits(2).Says("--identity-provider", "ldap, okta")
	w.Run(byPassword(w, "--identity-provider", "ad")...).Exits(2).Says(`"ad"`, "ldap, okta")
	const question = "Number or name: "
	w.Person(consoletest.Answer{To: question, Keys: "3"})
	w.Run(byPassword(w)...).Exits(2).Says(`"3"`)
	w.Person(consoletest.Answer{To: question, Keys: ""})
	w.Run(byPassword(w)...).Exits(1)
	for _, keys := range []string{"1", "ldap"} {
		w.Person(consoletest.Answer{To: question, Keys: keys})
		w.Run(byPassword(w, "--dry-run")...).Exits(0)
	}
	w.Nobody()
	w.Run(byPassword(w, "--identity-provider", "ldap")...).Exits(0)
	w.Run(byPassword(w)...).Exits(0).Says("ldap, as in the last login")
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run(byProvider(w, "--identity-provider", "okta", "--no-browser")...).Exits(0)
	if got := kept(t, w); got.IdentityProvider != "okta" {
		t.Errorf("the session keeps %s", got.IdentityProvider)
	}
}

// An issuer on another server could do there what the person can: somebody must say that it is right.
func TestIssuerOnAnotherServer(t *testing.T) {
	w, s := site(t)
	i := s.Federate("sso.example", consoletest.LDAP())
	given(w)
	w.Run(byPassword(w)...).Exits(1).Says("another server", "--trust-issuer "+i.URL)
	w.Run(byPassword(w, "--trust-issuer", "https://sso.example/other")...).Exits(2).Says("--trust-issuer", i.URL)
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: ""})
	w.Run(byPassword(w)...).Exits(1).Says("you did not log in there")
	if i.Count("authorize") > 0 {
		t.Error("a password was sent")
	}
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: "y"})
	w.Run(byPassword(w)...).Exits(0)
	w.Nobody()
	w.Run(byPassword(w)...).Exits(0).Omits("another server")

	fresh, s := site(t)
	i = s.Federate("sso.example", consoletest.LDAP())
	given(fresh)
	fresh.Run(byPassword(fresh, "--trust-issuer", i.URL+"/")...).Exits(0)
}

// That somebody named an issuer for an API server does not mean that a Supervisor there may name it.
func TestIssuerOfAPlainSession(t *testing.T) {
	w, s := site(t)
	i := w.Issuer("sso.example")
	given(w)
	s.Replies["GET /version"] = consoletest.Status(http.StatusUnauthorized, "")
	w.Run(byProvider(w, "-u", consoletest.User, "--oidc-issuer-url", i.URL, "--oidc-client-id", "kube", "--oidc-ca", w.CAFile, "--oidc-flow", "password")...).Exits(0)
	before := i.Secrets()
	s.Identity = map[string]string{"issuer": i.URL}
	w.Run(byPassword(w, "--identity-provider", "ldap")...).Exits(1).Says("another server", "--trust-issuer "+i.URL)
	if n := i.Secrets() - before; n > 0 {
		t.Errorf("%d secrets were sent", n)
	}
}

// An issuer is the Supervisor's own at the same host and port only, or if the Supervisor's certificate names its host. A wildcard names
// nobody, and a CA that was not known before proves no name.
func TestWhoseIssuerItIs(t *testing.T) {
	const sup = "sup.example.com"
	for name, tc := range map[string]struct {
		names, issuer string // of the Supervisor's certificate
		firstUse, own bool
	}{
		"itself":                     {names: sup, own: true},
		"itself, by a wildcard":      {names: "*.example.com", own: true},
		"itself, in upper case":      {names: sup, issuer: "SUP.example.com", own: true},
		"itself, with its port":      {names: sup, issuer: sup + ":443", own: true},
		"itself, at first use":       {names: sup, firstUse: true, own: true},
		"a sibling by a wildcard":    {names: "*.example.com", issuer: "evil.example.com"},
		"a sibling by both":          {names: "*.example.com," + sup, issuer: "evil.example.com"},
		"another port":               {names: sup, issuer: sup + ":8443"},
		"another port by a wildcard": {names: "*.example.com", issuer: sup + ":8443"},
		"a dot at the end":           {names: sup, issuer: sup + "."},
		"the wildcard itself":        {names: "*.example.com", issuer: "*.example.com"},
		"another name":               {names: sup + ",10.0.0.1", issuer: "10.0.0.1", own: true},
		"another name, another port": {names: sup + ",10.0.0.1", issuer: "10.0.0.1:8443"},
		"another name, at first use": {names: sup + ",10.0.0.1", issuer: "10.0.0.1", firstUse: true},
		"an IPv6 spelling":           {names: sup + ",10.0.0.1", issuer: "[::ffff:10.0.0.1]", own: true},
		"nobody's":                   {names: sup, issuer: "evil.example"},
	} {
		t.Run(name, func(t *testing.T) {
			w := clitest.New(t)
			s := w.Supervisor(sup, &consoletest.Namespace{Name: "ns1"})
			i := s.Federate(tc.issuer, consoletest.LDAP())
			w.ServeAt(sup+":443", tc.names, w.CA, s)
			if tc.issuer == "[::ffff:10.0.0.1]" || tc.issuer == "SUP.example.com" || tc.issuer == sup+":443" {
				w.ServeAt(strings.TrimSuffix(tc.issuer, ":443")+":443", tc.names, w.CA, either(i, s))
			}
			given(w)
			login := []string{"login", "--server", sup, "--auth-method", "oidc", "-u", consoletest.User}
			if tc.firstUse {
				w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
				delete(w.Vars, failure.PasswordVariable)
				if tc.own {
					w.Person(consoletest.Answer{To: firstUse, Keys: "y"}, consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
				} else {
					w.Person(consoletest.Answer{To: firstUse, Keys: "y"}, consoletest.Answer{To: "Is that meant?", Keys: ""})
				}
			} else {
				login = append(login, "--certificate-authority", w.CAFile)
			}
			r := w.Run(login...)
			if tc.own {
				r.Exits(0).Omits("another server")
				return
			}
			r.Exits(1).Says("another server")
			if n := i.Secrets() + i.Count("GET /.well-known/openid-configuration"); n > 0 {
				t.Errorf("it got %d requests", n)
			}
		})
	}
}

// either serves an issuer that has the name of its Supervisor.
func either(i *consoletest.Issuer, s *consoletest.Supervisor) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/wcp/pinniped/") {
			i.ServeHTTP(w, r)
			return
		}
		s.ServeHTTP(w, r)
	})
}

// The issuer must show a certificate of the CA that the Supervisor names.
func TestIssuerOfAnotherCA(t *testing.T) {
	w, s := site(t)
	i := s.Federate("sso.example", consoletest.LDAP())
	w.Serve("sso.example:443", consoletest.NewCA(t, "another-ca"), i)
	given(w)
	w.Run(byPassword(w, "--trust-issuer", i.URL)...).Exits(4).Says("issuer_ca_bundle_data")
	if i.Count("GET /.well-known/openid-configuration") > 0 {
		t.Error("it was asked")
	}
}

// An issuer for which the Supervisor names no CA is verified as its other servers are: a CA that was accepted for the Supervisor alone does
// not count for the issuer without a question.
func TestFirstUseOfAnIssuer(t *testing.T) {
	w, s := site(t)
	i := s.Federate("sso.example", consoletest.LDAP())
	delete(s.Identity, "issuer_ca_bundle_data")
	login := untold("--auth-method", "oidc", "--trust-issuer", i.URL)
	const too = "Trust it for sso.example too?"
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: too, Keys: ""})
	w.Run(login...).Exits(4).Says("that you trust for 10.0.0.1 also signed the certificate of:\n  sso.example\n").Omits("Password: ")
	if n := i.Secrets() + i.Count("GET /.well-known/openid-configuration"); n > 0 {
		t.Errorf("it got %d requests", n)
	}
	password := consoletest.Answer{To: "Password: ", Keys: consoletest.Password}
	w.Person(consoletest.Answer{To: too, Keys: "y"}, password) // The first answer counts already.
	w.Run(login...).Exits(0)
	w.Person(password)
	w.Run(login...).Exits(0)
	if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443", "sso.example:443"), w.Session().Trust); diff != "" {
		t.Error(diff)
	}
	w.Nobody()
	w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--force-refresh").Exits(0)
}

func TestBadIssuers(t *testing.T) {
	for name, tc := range map[string]struct {
		request string
		reply   http.HandlerFunc
		code    int
		says    string
	}{
		"no document":         {"GET /.well-known/openid-configuration", consoletest.Status(404, ""), 4, "openid-configuration"},
		"of somebody else":    {"GET /.well-known/openid-configuration", consoletest.Reply(`{"issuer":"https://other.example"}`), 4, "other.example"},
		"garbled":             {"GET /.well-known/openid-configuration", consoletest.Reply(`{`), 4, "openid-configuration"},
		"no keys":             {"GET /jwks", consoletest.Status(500, ""), 4, "/jwks"},
		"no providers":        {"GET /providers", consoletest.Reply(`{"pinniped_identity_providers":[]}`), 4, "no identity provider is configured"},
		"a page":              {"authorize", consoletest.Reply("<html>"), 4, "wants a browser"},
		"down":                {"token authorization_code", consoletest.Status(502, ""), 4, "/token"},
		"refuses to exchange": {"token token-exchange", consoletest.Refuse(403, "access_denied"), 3, "gives no token for the Supervisor"},
	} {
		w, s := site(t)
		i := s.Federate("", consoletest.LDAP())
		given(w)
		i.Replies[tc.request] = tc.reply
		t.Run(name, func(t *testing.T) {
			w.Run(byPassword(w)...).Exits(tc.code).Says(tc.says).Omits(consoletest.Password)
			if sessions, _ := w.Store().Sessions(); len(sessions) > 0 || w.ReadKubeconfig() != "" {
				t.Error("something was kept")
			}
		})
	}
}

// Login fails if the browser remembers another user than -u names.
func TestSomebodyElse(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.Okta())
	i.Revokes = true
	i.Users["ops@vsphere.local"] = "x"
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste("ops@vsphere.local")})
	w.Run(byPassword(w, "--no-browser")...).Exits(1).Says("you logged in as ops@vsphere.local", "you logged in as")
	if n := i.LiveTokens(); n > 0 {
		t.Errorf("%d tokens that nobody keeps are still good", n)
	}
}

// A namespace that is named and not there is said, with each method, and gets no context.
func TestNamespacesThatAreNotThere(t *testing.T) {
	w, s := site(t)
	const note = "note: you have no vSphere Namespace nope here"
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(signIn(w, "--namespaces", "nope,ns1")...).Exits(0).Says(note, "   ns1\n").Omits("   nope\n", "Namespace ns1 here")
	w.Run(signIn(w)...).Exits(0).Omits(note)
	w.Run("logout").Exits(0)
	s.Federate("", consoletest.LDAP())
	w.Run(byPassword(w, "--namespaces", "nope,kube-system,ns1")...).Exits(0).Says(note, "   ns1\n", "   kube-system\n").Omits("   nope\n", "Namespace ns1 here", "Namespace kube")
	s.Hidden = true
	w.Run(byPassword(w, "--namespaces", "nope,ns1")...).Exits(0).Says("   nope\n").Omits(note) // Nobody knows.
}

func TestNamespacesAreHidden(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	given(w)
	s.Hidden = true
	w.Run(byPassword(w)...).Exits(0).Says("you may not list the vSphere Namespaces", "--namespaces").Omits("   ns1\n")
	w.Run(byPassword(w, "--namespaces", "ns1")...).Exits(0).Says("   ns1\n", "   tkc1\n")
	w.Run(byPassword(w)...).Exits(0).Says("   ns1\n")
	if got := w.Session().Namespaces; !slices.Equal(got, []string{"ns1"}) {
		t.Errorf("the session keeps %q", got)
	}
}

// A user who may not read a cluster's Secret gets its address from the object, and its CA from the cluster if the user trusts it.
func TestSealedCluster(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	given(w)
	c := s.Namespaces[0].Clusters[0]
	c.Sealed = true
	w.Run(byPassword(w)...).Exits(5).Says("ns1/tkc1")
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
	delete(w.Vars, failure.PasswordVariable)
	w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password}, consoletest.Answer{To: firstUse, Keys: "y"})
	w.Run("login", "--server", "10.0.0.1", "--auth-method", "oidc", "-u", consoletest.User).Exits(0).Says("   tkc1\n")
	w.Nobody()
	w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--cluster", "ns1/tkc1").Exits(0)
}

// A CA file is about the Supervisor. A cluster that tells its CA itself is asked about as at first use, once; a job compares a fingerprint.
func TestSealedClusterWithACAFile(t *testing.T) {
	prepare := func(t *testing.T) (*consoletest.World, *consoletest.Cluster) {
		w, s := site(t)
		s.Federate("", consoletest.LDAP())
		given(w)
		c := s.Namespaces[0].Clusters[0]
		c.Sealed = true
		return w, c
	}
	const asked = "Trust it for 10.0.0.11:6443 alone from now on?"
	use := []string{"get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--cluster", "ns1/tkc1"}
	w, c := prepare(t)
	w.Run(byPassword(w)...).Exits(5).Says("ns1/tkc1", "--ca-fingerprint")
	w.Person(consoletest.Answer{To: asked, Keys: ""})
	w.Run(byPassword(w)...).Exits(5).Says("The Supervisor 10.0.0.1 names this server.", "Not trusted")
	w.Person(consoletest.Answer{To: asked, Keys: "y"})
	w.Run(byPassword(w)...).Exits(0).Says("   tkc1\n")
	w.Person()
	w.Run(byPassword(w)...).Exits(0)
	w.Nobody()
	w.Run(byPassword(w)...).Exits(0)
	w.Run(use...).Exits(0)
	w.Run("logout").Exits(0)
	w.Run(byPassword(w)...).Exits(0).Says("   tkc1\n") // It outlives the session.
	w.Run("logout").Exits(0)
	another := consoletest.NewCA(t, "another-ca")
	w.Serve("10.0.0.11:6443", another, c)
	w.Person()
	w.Run(byPassword(w)...).Exits(5).Says("10.0.0.11:6443 is not the one that was trusted so far", "--replace-ca")

	w, c = prepare(t)
	w.Run(byPassword(w, "--ca-fingerprint", strings.Repeat("0", 64))...).Exits(5).Says("does not show the certificate of --ca-fingerprint")
	w.Run(byPassword(w, "--ca-fingerprint", fingerprintOf(c.CA))...).Exits(0).Says("   tkc1\n")
	w.Run(byPassword(w)...).Exits(0)
	w.Run(use...).Exits(0)
}

// Clusters that are asked for their CA, and show the one that was accepted for the Supervisor, are asked about once.
func TestSealedClustersOfTheSameCA(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	for _, c := range append(s.Namespaces[0].Clusters, s.Namespaces[1].Clusters...) {
		c.Sealed, c.CA = true, w.CA
		w.Serve(c.Host+":6443", w.CA, c)
	}
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Password: ", Keys: consoletest.Password},
		consoletest.Answer{To: "Trust it for these 2 servers too?", Keys: "y"})
	w.Run(untold("--auth-method", "oidc")...).Exits(0).Says("   tkc1\n", "   tkc2\n").Omits("of this site")
	w.Nobody()
	w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--cluster", "ns1/tkc1", "--force-refresh").Exits(0)
}

// A session that nothing renews ends with its token, and that is said.
func TestNoRefreshToken(t *testing.T) {
	w, s := site(t)
	i := s.Federate("", consoletest.LDAP())
	i.NoRefresh = true
	given(w)
	w.Run(byPassword(w)...).Exits(0).Says("no refresh token", "offline_access")
	if ends := w.Session().Ends; ends.IsZero() || ends.After(w.Now().Add(3*time.Minute)) {
		t.Errorf("it ends at %s", ends)
	}
}

// How long a session lasts is told as of the end of a wait.
func TestNoteAfterAWait(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP()).NoRefresh = true
	given(w)
	s.Namespaces[0].Clusters[0].Replies["POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"] = func(rw http.ResponseWriter, _ *http.Request) {
		w.Advance(time.Minute)
		rw.WriteHeader(http.StatusForbidden)
	}
	r := w.Run(byPassword(w, "--wait", "1s")...).Exits(5)
	r.Says("this session ends at", "(in "+console.Span(w.Session().Ends.Sub(w.Now()))+")")
}

func TestWaitByTheIdentityProvider(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	given(w)
	s.Namespaces[0].Clusters[0].Building = true
	w.Run(byPassword(w, "--wait", "3s")...).Exits(5).Says("Waiting for ns1/tkc1", "not ready in time").Omits("another process")
	s.Namespaces[0].Clusters[0].Building = false
	w.Run(byPassword(w, "--wait", "1m")...).Exits(0)
	for _, c := range s.Namespaces[0].Clusters {
		if c.Count("GET /version") == 0 {
			t.Errorf("nobody asked whether %s accepts the certificate", c.Name)
		}
	}
}

// A session that another method replaces during the wait is not renewed.
func TestReplacedWhileWaiting(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP())
	given(w)
	s.Namespaces[0].Clusters[0].Replies["POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"] = func(rw http.ResponseWriter, _ *http.Request) {
		now := w.Session()
		now.Method, now.Account = "sso", "vcenter "+consoletest.User
		if _, err := w.Store().SaveSession(now); err != nil {
			t.Error(err)
		}
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
	w.Run(byPassword(w, "--wait", "1m")...).Exits(5).Says("ns1/tkc1: another login replaced this session").Omits("does not know")
}

// A Supervisor that had an issuer and says that it has none may be another one that wants the vCenter password.
func TestIssuerThatIsGone(t *testing.T) {
	login := func(w *consoletest.World, more ...string) []string {
		return append([]string{"login", "--server", "10.0.0.1"}, more...)
	}
	prepare := func(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
		w, s := site(t)
		s.Federate("", consoletest.LDAP())
		given(w)
		w.Run(byPassword(w)...).Exits(0)
		delete(w.Vars, failure.PasswordVariable)
		s.Identity = nil
		s.Forget()
		return w, s
	}
	sent := func(s *consoletest.Supervisor) int { return s.Count(proof) + s.Count("POST /wcp/login") }
	const gone = "says that it has none now"

	w, s := prepare(t)
	w.Run(login(w)...).Exits(1).Says("used the identity provider at https://10.0.0.1/wcp/pinniped", gone, "--auth-method sso")
	w.Run(login(w, "--auth-method", "oidc")...).Exits(1).Says(gone).Omits("--auth-method sso", "-u USER")
	w.Run("login").Exits(1).Says(gone).Omits("--auth-method sso")
	w.Vars[failure.PasswordVariable] = "wrong-word-9" // that of the provider
	w.Run("login").Exits(1).Says(gone)
	w.Run(login(w)...).Exits(2).Says("whose password it is")
	delete(w.Vars, failure.PasswordVariable)
	w.Person(consoletest.Answer{To: "Log in with vCenter Single Sign-On? [y/N]", Keys: ""})
	w.Run(login(w)...).Exits(1).Says("WARNING: ", gone, "you did not log in").Omits("Username: ", "Password: ")
	w.Person()
	w.Run("login").Exits(1).Says(gone).Omits("Password: ")
	if n := sent(s); n > 0 {
		t.Errorf("%d passwords were sent", n)
	}
	w.Person(consoletest.Answer{To: "Log in with vCenter Single Sign-On? [y/N]", Keys: "y"}, consoletest.Answer{To: "Username: ", Keys: consoletest.User},
		consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run(login(w)...).Exits(0)

	w, s = prepare(t)
	given(w)
	w.Run(login(w, "--auth-method", "sso", "-u", consoletest.User)...).Exits(0).Omits(gone)
	w.Run(login(w, "-u", consoletest.User)...).Exits(0) // The last login was by vCenter.
	if sent(s) == 0 {
		t.Error("no password was sent")
	}
}

// A password without a method is not sent to vCenter if the last login was by the identity provider: it is more likely that one's.
func TestPasswordOfTheProviderIsNotForVCenter(t *testing.T) {
	for name, tc := range map[string]struct {
		more []string
		user string // KUBECTL_VSPHERE_USERNAME
		sent bool
	}{
		"a variable":                       {nil, "", false},
		"a variable and its user":          {nil, consoletest.User, false},
		"-u":                               {[]string{"-u", strings.ToUpper(consoletest.User)}, "", false},
		"standard input":                   {[]string{"-u", consoletest.User, "--password-stdin"}, "", false},
		"a command":                        {[]string{"--password-command", "/bin/echo " + consoletest.Password}, "", false},
		"-u of somebody else":              {[]string{"-u", "ops@vsphere.local"}, "", true},
		"a method":                         {[]string{"-u", consoletest.User, "--auth-method", "sso"}, "", true},
		"a method, with a variable's user": {[]string{"-u", consoletest.User, "--auth-method", "sso"}, consoletest.User, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			s.Federate("", consoletest.LDAP())
			s.Users["ops@vsphere.local"] = consoletest.Password
			given(w)
			w.Run(byPassword(w)...).Exits(0)
			w.Vars[failure.UsernameVariable] = tc.user
			w.Stdin = consoletest.Password
			r := w.Run(append([]string{"login", "--server", "10.0.0.1"}, tc.more...)...)
			if n := s.Count(proof); tc.sent != (n > 0) {
				t.Errorf("%d passwords were sent", n)
			}
			if !tc.sent {
				r.Exits(2).Says("--auth-method sso", "--auth-method oidc").Omits(consoletest.Password)
			}
		})
	}
	// A person who uses a browser there, and gives a password for another account, is not asked.
	w, s := site(t)
	i := s.Federate("", consoletest.Okta())
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run(byProvider(w, "--no-browser")...).Exits(0)
	w.Person(consoletest.Answer{To: "Username: ", Keys: consoletest.User})
	given(w)
	w.Run("login", "--server", "10.0.0.1").Exits(0).Says("since " + failure.PasswordVariable + " is given")
}
