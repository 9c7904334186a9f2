package logincmd_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const eve = "eve@vsphere.local"

// contextNames are the names of the contexts in the user's kubeconfig, sorted.
func contextNames(t *testing.T, w *consoletest.World) (names []string) {
	t.Helper()
	cfg, err := clientcmd.Load([]byte(w.ReadKubeconfig()))
	if err != nil {
		t.Fatal(err)
	}
	for name := range cfg.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// named is a Supervisor with a name, at which somebody has logged in and out again. The password is at hand.
func named(t *testing.T, more ...string) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := site(t)
	given(w)
	w.Run(signIn(w, append([]string{"--name", "Prod"}, more...)...)...).Exits(0)
	w.Run("logout").Exits(0)
	s.Forget()
	return w, s
}

// After a logout the name alone logs in as the last time: address, port, trust, user, method and prefix. Its case does not matter.
func TestLoginByName(t *testing.T) {
	for _, line := range []string{"login prod", "login PROD", "login --server prod", "login --server Prod", "login 10.0.0.1", "login prod -u " + consoletest.User} {
		w, _ := named(t, "--context-prefix", "lab-", "--api-port", "443")
		w.Person() // Nothing is asked.
		w.Run(strings.Fields(line)...).Exits(0).Says("Logging in to prod (10.0.0.1) as dev@vsphere.local, with vCenter Single Sign-On.")
		if diff := cmp.Diff([]string{"lab-10.0.0.1", "lab-ns1", "lab-ns2", "lab-tkc1", "lab-tkc2"}, contextNames(t, w)); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
		if !strings.Contains(w.ReadKubeconfig(), "server: https://10.0.0.1:443\n") {
			t.Errorf("%s: %s", line, w.ReadKubeconfig())
		}
		if got := known(t, w); got.Name != "prod" || got.Login.ContextPrefix != "lab-" {
			t.Errorf("%+v", got)
		}
	}
	w, _ := named(t, "--context-prefix", "lab-")
	w.Run(untold()...).Exits(0) // An address is the same each time, for scripts. The prefix is not forgotten by it.
	if diff := cmp.Diff([]string{"10.0.0.1", "ns1", "ns2", "tkc1", "tkc2"}, contextNames(t, w)); diff != "" || known(t, w).Login.ContextPrefix != "lab-" {
		t.Error(diff)
	}
}

// A Supervisor at another port has a name, too.
func TestLoginByNameAtAPort(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Serve("10.0.0.1:8443", w.CA, s)
	w.Run("login", "--server", "10.0.0.1:8443", "-u", consoletest.User, "--certificate-authority", w.CAFile, "--name", "far").Exits(0)
	w.Run("logout").Exits(0)
	w.Run("login", "far").Exits(0).Says("far (10.0.0.1:8443)")
}

// Whatever is typed goes before what is remembered.
func TestFlagsGoBeforeTheSite(t *testing.T) {
	w, s := named(t, "--context-prefix", "lab-")
	s.Users = map[string]string{eve: consoletest.Password, consoletest.User: consoletest.Password}
	w.Run("login", "prod", "-u", eve, "--context-prefix", "x-").Exits(0).Says("Logging in to prod (10.0.0.1).").Omits("as dev@")
	if got := w.Session(); got.User != eve || got.ContextPrefix != "x-" {
		t.Errorf("%s %s", got.User, got.ContextPrefix)
	}
	w.Run("logout").Exits(0)
	w.Run("login", "prod").Exits(0).Says("as eve@vsphere.local") // The last login counts.
	s.Federate("", consoletest.LDAP())
	w.Run("logout").Exits(0)
	w.Run("login", "prod", "--auth-method", "oidc", "-u", consoletest.User).Exits(0)
	if got := w.Session(); got.Method != "oidc" {
		t.Errorf("%+v", got)
	}
}

// The identity provider, its name and the flow are remembered as well.
func TestLoginByNameAndProvider(t *testing.T) {
	w, s := site(t)
	s.Federate("", consoletest.LDAP(), consoletest.Okta())
	given(w)
	w.Run(byPassword(w, "--identity-provider", "ldap", "--oidc-flow", "password", "--name", "prod")...).Exits(0)
	w.Run("logout").Exits(0)
	w.Person()
	w.Run("login", "prod").Exits(0).Says("Logging in to prod (10.0.0.1) by its identity provider.")
	if got := kept(t, w); got.IdentityProvider != "ldap" || got.Flow != "password" {
		t.Errorf("%+v", got)
	}
	w.Run("login", "prod").Exits(0).Says("Logging in to prod (10.0.0.1) again as ") // With a session, as that.
	w.Run("logout").Exits(0)
	w.Run("login", "prod", "--auth-method", "sso", "-u", consoletest.User).Exits(0).Omits("by its identity provider")
}

// For an unknown name, the error lists the known ones. Nobody is asked anything.
func TestUnknownName(t *testing.T) {
	w, s := named(t)
	w.Run("login", "prdo").Exits(2).Says(`there is no site "prdo"; did you mean prod?`)
	w.Run("login", "elsewhere").Exits(2).Says(`there is no site "elsewhere"; there are prod`, "If elsewhere is the address of a Supervisor, type: kubectl vsphere login --server elsewhere")
	w.Run("login", "10.0.0.9").Exits(2).Says("there are prod")
	w.Run("login", "prod", "lab").Exits(2).Says("one site at a time")
	w.Run("login", "--server", "prdo", "-u", consoletest.User).Exits(4).Says("No site is called prdo. Did you mean prod?")
	w.Run("login", "--server", "prdo", "--password-stdin").Exits(2).Says("--password-stdin needs --vsphere-username")
	w.Stdin = consoletest.Password
	unasked(t, s)
	w.Run("login", "--server", "prod", "--password-stdin").Exits(0)
}

// A name stays with its server until somebody renames it.
func TestNameThatIsTaken(t *testing.T) {
	w, s := named(t)
	other := w.Supervisor("10.0.0.2")
	at := func(server string, more ...string) []string {
		return append([]string{"login", "--server", server, "-u", consoletest.User, "--certificate-authority", w.CAFile}, more...)
	}
	w.Run(at("10.0.0.2", "--name", "prod")...).Exits(2).Says("--name: prod is the name of 10.0.0.1", "type: kubectl vsphere sites rename prod NEW-NAME")
	w.Run(at("10.0.0.1", "--name", "lab")...).Exits(2).Says("10.0.0.1 is called prod already", "type: kubectl vsphere sites rename prod lab")
	w.Run(at("10.0.0.1", "--name", "localhost")...).Exits(2).Says("cannot be the name of a site", "begins with a letter")
	unasked(t, s, other)
	w.Run(at("10.0.0.1", "--name", "prod")...).Exits(0) // A script says the same each time.
	w.Run(at("10.0.0.1")...).Exits(0)
	if got := known(t, w).Name; got != "prod" {
		t.Error(got)
	}
	w.Run("login", "prod", "--name", "lab").Exits(2).Says("type: kubectl vsphere sites rename prod lab")
	w.Run(at("10.0.0.2")...).Exits(0)
	w.Run("login", "10.0.0.2", "--name", "lab").Exits(0) // It had none.
	w.Run("login", "lab").Exits(0)
	w.Run("sites", "remove", "lab").Exits(1)
	w.Run("logout", "--server", "lab", "--forget-server").Exits(0)
	w.Serve("sup:443", w.CA, other)
	w.Run(at("sup")...).Exits(0)
	w.Run(at("10.0.0.2", "--name", "sup")...).Exits(2).Says("sup is the address of a server that is known", "Choose another name.")
}

// A name is never an address: whoever means a host of that name writes it as one, and renames the site before a login there.
func TestNameIsNoHost(t *testing.T) {
	w, s := named(t)
	host := w.Supervisor("prod")
	w.Run("login", "--server", "https://prod/", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(2).Says("prod is the name of 10.0.0.1")
	unasked(t, s)
	unasked(t, host)
	w.Run("login", "--server", "prod").Exits(0)
	unasked(t, host)
	s.Forget()
	w.Run("get-token", "--server", "prod", "--user", consoletest.User).Exits(1) // What a kubeconfig calls a server is an address.
	unasked(t, s)
}

// A login without verification keeps the name with the address, both typed by a person, and nothing else. The next one asks as any first one.
func TestNameWithoutVerification(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(untold("--insecure-skip-tls-verify", "--name", "prod", "--context-prefix", "x-", "--api-port", "7443")...).Exits(0)
	if diff := cmp.Diff(tokens.Site{Version: 1, Server: "10.0.0.1", Name: "prod"}, known(t, w)); diff != "" {
		t.Error(diff)
	}
	w.Run("logout").Exits(0)
	s.Forget()
	w.Run("login", "prod", "-u", consoletest.User).Exits(4).Says("--ca-fingerprint")
	unasked(t, s)
	w.Run(untold("--insecure-skip-tls-verify")...).Exits(0)
	s.Forget()
	w.Run("login", "prod").Exits(4) // Nor does it repeat a session's lack of it.
	unasked(t, s)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run("login", "prod").Exits(0)
}

// A dry run writes nothing, and shows the names that contexts would get. A login that fails keeps no name.
func TestNameThatIsNotKept(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Next(proof, consoletest.Status(401, ""))
	w.Run(signIn(w, "--name", "prod", "--force")...).Exits(3)
	if known(t, w).Name != "" {
		t.Error("a login that failed gave a name")
	}
	w.WriteFile("kubeconfig", "contexts:\n- name: ns1\n  context: {cluster: c, user: u}\n", 0o600)
	w.Run(signIn(w, "--dry-run", "--name", "prod", "--force")...).Exits(0).Says("name: ns1-prod")
	if known(t, w).Name != "" {
		t.Error("a dry run gave a name")
	}
	w.Run("login", "prod").Exits(2)
}

// Contexts of two sites with the same names are told apart by the name of the site. Those that exist keep theirs.
func TestContextsOfTwoSites(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "ns1", Clusters: []*consoletest.Cluster{w.Cluster("tkc1", "10.0.0.21")}}, &consoletest.Namespace{Name: "ns9"})
	second := []string{"login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile, "--name", "lab"}
	want := []string{"10.0.0.1", "10.0.0.2", "ns1", "ns1-lab", "ns2", "ns9", "tkc1", "tkc1-lab", "tkc2"}
	for range 2 {
		w.Run(second...).Exits(0)
		if diff := cmp.Diff(want, contextNames(t, w)); diff != "" {
			t.Error(diff)
		}
		w.Run("sites", "rename", "lab", "lab").Exits(0)
	}
	w.Run("sites", "rename", "lab", "test").Exits(0)
	w.Run("login", "test").Exits(0)
	w.Run("login", "prod", "--server", "10.0.0.1").Exits(2)
	w.Run("sites", "rename", "10.0.0.1", "prod").Exits(0)
	w.Run("login", "prod").Exits(0)
	if diff := cmp.Diff(want, contextNames(t, w)); diff != "" {
		t.Errorf("contexts that exist have new names: %s", diff)
	}
	w.Run("login", "test", "--context-prefix", "t-").Exits(0)
	for _, name := range []string{"ns1-lab", "t-ns9", "t-10.0.0.2"} { // To this login, the first one is named by hand.
		if all := contextNames(t, w); !slices.Contains(all, name) {
			t.Errorf("%s is not in %q", name, all)
		}
	}
}

// A context that had to be called NAME-HOST before the site had a name stays so.
func TestContextsBeforeTheName(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.WriteFile("kubeconfig", "contexts:\n- name: ns1\n  context: {cluster: c, user: u}\n", 0o600)
	w.Run(signIn(w)...).Exits(0)
	before := contextNames(t, w)
	w.Run(signIn(w, "--name", "prod")...).Exits(0)
	if diff := cmp.Diff(before, contextNames(t, w)); diff != "" || !slices.Contains(before, "ns1-10.0.0.1") {
		t.Error(diff)
	}
	w.Run("login", "prod", "--context-prefix", "x-").Exits(0) // It is known as one that login made.
	if all := contextNames(t, w); slices.Contains(all, "ns1-10.0.0.1") || !slices.Contains(all, "x-ns1") {
		t.Errorf("%q", all)
	}
}

// A file that cannot be read does not hide other names. Its own name is not known, and the server is not taken for an unknown one.
func TestNamesBesideABrokenFile(t *testing.T) {
	w, s := named(t)
	w.WriteFile("store/sites/10.0.0.2.json", "{", 0o600)
	w.Run("login", "prod").Exits(0).Omits("10.0.0.2.json")
	w.Run("login", "lab").Exits(2).Says("there are prod, 10.0.0.2", "store/sites/10.0.0.2.json")
	w.WriteFile("store/sites/10.0.0.1.json", `{"version":9}`, 0o600)
	s.Forget()
	w.Run("login", "10.0.0.1").Exits(1).Says("store/sites/10.0.0.1.json", "--forget-server")
	unasked(t, s)
}

// Somebody has copied a file: two sites have the name, and none is meant.
func TestNameOfTwoSites(t *testing.T) {
	w, s := named(t)
	text, err := os.ReadFile(w.Store().SitePath("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	w.WriteFile("store/sites/10.0.0.2.json", strings.ReplaceAll(string(text), "10.0.0.1", "10.0.0.2"), 0o600)
	for _, line := range []string{"login prod", "login --server prod", "list clusters --server prod", "logout --server prod", "sites remove prod"} {
		w.Run(strings.Fields(line)...).Exits(2).Says("several sites are called prod: 10.0.0.1, 10.0.0.2", "type: kubectl vsphere sites rename 10.0.0.1 NEW-NAME")
	}
	unasked(t, s)
	w.Run("sites", "rename", "10.0.0.2", "copy").Exits(0)
	w.Run("login", "prod").Exits(0)
}

// --server takes a name wherever it chooses among servers.
func TestServerByName(t *testing.T) {
	w, _ := named(t)
	w.Run("login", "prod").Exits(0)
	w.Run("list", "sites", "--server", " PROD ", "-o", "name").Exits(0).Says("prod\n")
	w.Run("registry", "add", "10.0.0.5", "--server", "prod").Exits(failure.Server) // It found the login, and not the registry.
	w.Run("status").Exits(0).Says("SITE   SERVER", "prod   10.0.0.1")
	w.Run("status", "-o", "json").Exits(0).Says(`"site": "prod"`, `"name": "prod"`)
	for _, line := range []string{"list clusters --server ", "logout --server ", "login ", "login --server ", "sites rename ", "sites remove "} {
		w.Run(append([]string{"__complete"}, strings.Split(line, " ")...)...).Exits(0).Says("prod\n")
	}
	w.Run("__complete", "login", "prod", "").Exits(0).Omits("10.0.0.1")
	w.Run("logout", "--server", "prod").Exits(0).Says("Logged out dev@vsphere.local from 10.0.0.1.")
	w.Run("status").Exits(0).Says("Type: kubectl vsphere login prod", "How prod (10.0.0.1) is verified is known")
	w.Run("logout", "--server", "prod", "--forget-server").Exits(0).Says("Forgot how 10.0.0.1 is verified.")
	w.Run("login", "prod").Exits(2)
}

// A host may be spelled like the name of another site. A login there would leave a session for which each printed command, such as that of
// a logout, means the other site.
func TestLoginAtAnAddressThatIsAName(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Serve("sup:443", w.CA, s)
	w.Run(signIn(w, "--name", "sup")...).Exits(0)
	s.Forget()
	const taken = "sup is the name of 10.0.0.1\nTo give that one another name, type: kubectl vsphere sites rename sup NEW-NAME"
	elsewhere := []string{"login", "--server", "https://sup", "-u", consoletest.User, "--certificate-authority", w.CAFile}
	for _, more := range [][]string{nil, {"--name", "other"}, {"--dry-run"}} {
		w.Run(append(slices.Clone(elsewhere), more...)...).Exits(failure.Usage).Says(taken)
	}
	if got := s.Requests(); len(got) > 0 {
		t.Errorf("it was asked: %q", got)
	}
	w.Run("sites", "rename", "sup", "prod").Exits(0)
	w.Run(elsewhere...).Exits(0)
	w.Run("sites", "rename", "prod", "sup").Exits(failure.Failed).Says("sup is the address of a server that is known")
	w.Run("logout", "--server", "sup").Exits(0).Says("from sup.")
}
