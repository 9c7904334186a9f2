package federated_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
)

// named is a site whose directory knows a person by the name typed, and whose Pinniped calls them otherwise: by another attribute of LDAP, or
// by a transform of its administrators.
func named(t *testing.T, typed, identity string) scene {
	t.Helper()
	w, s := clitest.Site(t)
	x := scene{w, s, s.Federate("", consoletest.LDAP()), s.Namespaces[0].Clusters[0]}
	x.i.Users = map[string]string{typed: consoletest.Password}
	x.i.Names = map[string]string{typed: identity}
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", clitest.Server, "-u", typed, "--auth-method", "oidc", "--certificate-authority", w.CAFile).Exits(0).Says("says that you are " + identity)
	delete(w.Vars, failure.PasswordVariable)
	return x
}

// The name that a person types goes to the directory, at every login and renewal; the identity is what everything else goes by. A name that the
// directory does not know would be refused, and counted.
func TestLoginNameAndIdentity(t *testing.T) {
	for typed, identity := range map[string]string{"alice": "alice@example.test", "carol": "corp:carol", "dave@example.test": "dave", "Erin": "erin"} {
		x := named(t, typed, identity)
		get := []string{"get-token", "--server", clitest.Server, "--user", identity, "--cluster", "ns1/tkc1"}
		end := func() { x.Advance(afterRefresh); x.i.EndSessions(); x.Nobody() }
		prompt := consoletest.Answer{To: "Password: ", Keys: consoletest.Password}
		variables := func(user string) func() {
			return func() {
				x.Vars[failure.PasswordVariable], x.Vars[failure.UsernameVariable] = consoletest.Password, user
			}
		}
		for name, tc := range map[string]struct {
			prepare func()
			args    []string
			code    int
			says    string
			sends   int
		}{
			"the same name":   {func() { x.Person(prompt) }, []string{"login", "--server", clitest.Server, "-u", typed, "--auth-method", "oidc"}, 0, "you are " + identity, 1},
			"the identity":    {func() { x.Person(prompt) }, []string{"login", "--server", clitest.Server, "-u", identity, "--auth-method", "oidc"}, 0, "you are " + identity, 1},
			"no name":         {func() { x.Person(prompt) }, []string{"login"}, 0, "you are " + identity, 1},
			"the same, again": {func() { x.Person(prompt) }, []string{"login", "-u", typed}, 0, "you are " + identity, 1},
			"kubectl's prompt": {func() {
				x.Person(consoletest.Answer{To: "Password of " + typed + ": ", Keys: consoletest.Password})
			}, get, 0, certificate, 1},
			"a variable":                 {variables(""), get, 0, certificate, 1},
			"a variable of that name":    {variables(typed), get, 0, certificate, 1},
			"a variable of another":      {variables("bob"), get, 1, "it is not sent", 0},
			"login with a variable":      {variables(typed), []string{"login"}, 0, "you are " + identity, 1},
			"login with that of another": {variables("bob"), []string{"login"}, 2, "names another user", 0},
			// It may be vCenter's, or the provider's: nobody gets it.
			"a variable and a name": {variables(""), []string{"login", "--server", clitest.Server, "-u", typed}, 2, "--auth-method", 0},
		} {
			t.Run(typed+" "+name, func(t *testing.T) {
				end()
				delete(x.Vars, failure.PasswordVariable)
				delete(x.Vars, failure.UsernameVariable)
				tc.prepare()
				before, toFront := x.i.Count("authorize"), passwordsAtTheFront(x)
				r := x.Run(tc.args...).Exits(tc.code).Says(tc.says)
				if len(tc.args) == 1 { // A repeat has nothing to explain.
					r.Omits("calls you")
				}
				if n := x.i.Count("authorize") - before; n != tc.sends || passwordsAtTheFront(x) != toFront {
					t.Errorf("%d requests with a password, and %d to the front", n, passwordsAtTheFront(x)-toFront)
				}
			})
		}
		// What is not about the password goes by the identity.
		s := x.Session()
		if s.User != identity || s.LoginName() != typed && !strings.EqualFold(s.User, typed) || !strings.Contains(x.ReadKubeconfig(), "wcp:10.0.0.1:"+identity) {
			t.Errorf("the session is of %s, %s", s.User, s.LoginName())
		}
		x.Run("status").Exits(0).Says(identity)
		if mark, err := x.Store().Mark(secret.UserName(identity)); err != nil || len(mark.Refusals) != 0 {
			t.Errorf("%v %v", mark, err)
		}
	}
}

// passwordsAtTheFront counts requests with a password to /wcp.
func passwordsAtTheFront(x scene) (n int) {
	for _, r := range x.s.Requests() {
		if strings.Contains(r, "/wcp/workloads") || strings.HasSuffix(r, "/wcp/login") {
			n++
		}
	}
	return n
}

// A person may have two accounts: what they type is a name to log in with first, and then what the provider calls them.
func TestLoginNameThatIsAlsoAnIdentity(t *testing.T) {
	x := named(t, "alice", "bob")
	x.i.Users["bob"], x.i.Names["bob"] = "bobs", "robert"
	login := []string{"login", "--server", clitest.Server, "-u", "bob", "--auth-method", "oidc"}
	x.Person(consoletest.Answer{To: "Password: ", Keys: "bobs"})
	x.Run(append(login, "--force")...).Exits(3) // Nobody has typed bob at a login yet: it is what alice is called.
	x.Person(consoletest.Answer{To: "Username: ", Keys: "bob"}, consoletest.Answer{To: "Password: ", Keys: "bobs"})
	x.Run("login", "--server", clitest.Server, "--auth-method", "oidc", "--identity-provider", "ldap").Exits(3)
}

// A policy of the administrators is no wrong password; a repeat names no rule of vCenter.
func TestRefusedByPolicy(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.LDAP())
	i.Replies["authorize"] = func(rw http.ResponseWriter, r *http.Request) {
		back := url.Values{"state": {r.URL.Query().Get("state")}, "error": {"access_denied"}, "error_description": {
			"The resource owner or authorization server denied the request. Reason: configured identity policy rejected this authentication: only developers."}}
		rw.Header().Set("Location", r.URL.Query().Get("redirect_uri")+"?"+back.Encode())
		rw.WriteHeader(http.StatusSeeOther)
	}
	w.Vars[failure.PasswordVariable] = consoletest.Password
	args := clitest.SignIn(w, "--auth-method", "oidc")
	w.Run(args...).Exits(3).Says("a policy of the identity provider", "only developers", "The password was not refused").Omits("vCenter", "password from KUBECTL")
	w.Run(args...).Exits(3).Says("--force").Omits("vCenter locks")
}

// An identity provider whose directory is down refuses nobody.
func TestDirectoryIsDownAtALogin(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.LDAP())
	i.Replies["authorize"] = func(rw http.ResponseWriter, r *http.Request) {
		back := url.Values{"state": {r.URL.Query().Get("state")}, "error": {"error"}, "error_description": {"Unexpected error during upstream LDAP authentication."}}
		rw.Header().Set("Location", r.URL.Query().Get("redirect_uri")+"?"+back.Encode())
		rw.WriteHeader(http.StatusSeeOther)
	}
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(clitest.SignIn(w, "--auth-method", "oidc")...).Exits(4).Says("Unexpected error during upstream LDAP", "was not refused").Omits("vSphere server administrator")
}

// A password is refused before anybody types it where the identity provider takes none, said or remembered.
func TestFlowWithoutPasswords(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.Okta())
	args := clitest.SignIn(w, "--auth-method", "oidc", "--oidc-flow", "password")
	w.Person() // Who is asked nothing.
	w.Run(args...).Exits(failure.Usage).Says("wants a browser", "--oidc-flow browser").Omits("Password: ")
	w.Nobody()
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(args...).Exits(failure.Usage).Says("--oidc-flow browser")
	i.Providers = []consoletest.Provider{{Name: "x", Type: "new", Flows: []string{"passkey"}}}
	w.Run(clitest.SignIn(w, "--auth-method", "oidc")...).Exits(failure.Usage).Says("no way to log in")
	if n := i.Count("authorize"); n != 0 {
		t.Errorf("%d passwords were sent", n)
	}
	// Before v0.18.0 a Pinniped lists no flows.
	i.Providers = []consoletest.Provider{{Name: "ad", Type: "activedirectory"}}
	w.Run(clitest.SignIn(w, "--auth-method", "oidc")...).Exits(0)
	i.Providers = []consoletest.Provider{{Name: "okta", Type: "oidc"}}
	w.Run(clitest.SignIn(w, "--auth-method", "oidc", "--identity-provider", "okta", "--oidc-flow", "password")...).Exits(0)
}

// status tells scripts what it tells people.
func TestStatusOfASessionOfTwoNames(t *testing.T) {
	x := named(t, "alice", "alice@example.test")
	var info struct {
		Sessions []struct {
			User, LoginName string
			Renewal         string
		}
	}
	if err := json.Unmarshal([]byte(x.Run("status", "-o", "json").Exits(0).Out), &info); err != nil {
		t.Fatal(err)
	}
	if got := info.Sessions[0]; got.User != "alice@example.test" || got.LoginName != "alice" || got.Renewal != "itself" {
		t.Errorf("%+v", got)
	}
}
