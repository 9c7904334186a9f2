package cli_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// left are the sessions and credentials of a store, as SERVER USER CLUSTER.
func left(w *consoletest.World) (all []string) {
	sessions, _ := w.Store().Sessions()
	for _, s := range sessions {
		all = append(all, "session "+s.Server+" "+s.User)
	}
	credentials, _ := w.Store().Credentials()
	for _, c := range credentials {
		all = append(all, strings.TrimSpace("token "+c.Key.Server+" "+c.Key.User+" "+c.Key.Cluster))
	}
	return all
}

func TestLogout(t *testing.T) {
	w, _, _ := site(t)
	w.WriteFile("kubeconfig", "apiVersion: v1\nkind: Config\n# mine\nusers:\n- name: mine\n  user: {token: t}\n", 0o600)
	login(w)
	w.Run("logout").Exits(failure.OK).Says("Logged out of all vSphere namespaces", "current KUBECONFIG context is unset")
	if all := left(w); len(all) > 0 {
		t.Errorf("%q", all)
	}
	if text := w.ReadKubeconfig(); strings.Contains(text, supervisor) || strings.Contains(text, "tkc1") || !strings.Contains(text, "# mine\nusers:\n- name: mine") {
		t.Error(text)
	}
	w.Run("logout").Exits(failure.OK)
}

func TestLogoutUsage(t *testing.T) {
	w := clitest.New(t)
	for line, want := range map[string]string{
		"logout --server a:b:c":       "--server",
		"logout --all --server x":     "--all",
		"logout --all -u ada":         "--all",
		"logout --vsphere-username":   "--vsphere-username",
		"logout --server 10.0.0.1 me": "one word too many",
	} {
		w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(want)
	}
	w.Vars["KUBECTL_VSPHERE_HOME"] = "relative"
	w.Run("logout").Exits(failure.Failed).Says("KUBECTL_VSPHERE_HOME")
}

// The scope of a logout is what its flags say, and nothing else ends.
func TestLogoutScope(t *testing.T) {
	eve := func(s *tokens.Session) { s.User = "eve@vsphere.local" }
	for line, want := range map[string][]string{
		"logout --all":                       nil,
		"logout":                             nil,
		"logout --server 10.0.0.1":           {"session 10.0.0.2 " + user, "token 10.0.0.2 " + user},
		"logout -u " + strings.ToUpper(user): {"session 10.0.0.1 eve@vsphere.local", "token 10.0.0.1 eve@vsphere.local"},
		"logout --server https://10.0.0.1/ -u " + user: {
			"session 10.0.0.2 " + user, "session 10.0.0.1 eve@vsphere.local", "token 10.0.0.1 eve@vsphere.local", "token 10.0.0.2 " + user},
		"logout --server 10.0.0.2 -u eve@vsphere.local": {"session 10.0.0.2 " + user, "session 10.0.0.1 eve@vsphere.local", "session 10.0.0.1 " + user,
			"token 10.0.0.1 eve@vsphere.local", "token 10.0.0.1 " + user, "token 10.0.0.2 " + user},
	} {
		w := clitest.New(t)
		w.SignIn(supervisor)
		w.Advance(time.Second)
		w.SignIn(supervisor, eve)
		w.Advance(time.Second)
		w.SignIn("10.0.0.2")
		r := w.Run(strings.Fields(line)...).Exits(failure.OK)
		sorted := cmp.Transformer("set", func(all []string) map[string]bool {
			set := map[string]bool{}
			for _, one := range all {
				set[one] = true
			}
			return set
		})
		if diff := cmp.Diff(want, left(w), sorted); diff != "" {
			t.Errorf("%s: %s\n%s", line, diff, r.Out)
		}
		if len(want) == 6 {
			r.Says("no session to end", "kubectl vsphere logout --server 10.0.0.2 -u "+user)
		}
		if len(want) == 4 {
			r.Says("Logged out " + user + " from 10.0.0.1.")
		}
	}
}

// A control plane host that two Supervisors share keeps its token for the session that stays.
func TestLogoutLeavesWhatAnotherSessionNeeds(t *testing.T) {
	w := clitest.New(t)
	shared := func(s *tokens.Session) { s.Hosts = []string{s.Server, "10.0.0.3"} }
	w.SignIn(supervisor, shared)
	stays := w.SignIn("10.0.0.2", shared)
	w.KeepToken(stays, tokens.Key{Server: "10.0.0.3", User: user}, "shared")
	w.Run("logout", "--server", supervisor).Exits(failure.OK)
	want := []string{"session 10.0.0.2 " + user, "token 10.0.0.2 " + user, "token 10.0.0.3 " + user}
	if diff := cmp.Diff(want, left(w)); diff != "" {
		t.Error(diff)
	}
}

// What cannot be read may be anybody's: it goes with everything, and else is named.
func TestLogoutOfWhatIsBroken(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor)
	w.WriteFile("store/sessions/broken.json", "{", 0o600)
	w.Run("logout", "--server", supervisor).Exits(failure.Failed).Says("Logged out "+user, "broken.json", "To remove it too, type: kubectl vsphere logout")
	w.Run("logout").Exits(failure.OK)
	if text := w.ReadFile("store/sessions/broken.json"); text != "" {
		t.Error("it is still there")
	}
	w.SignIn(supervisor)
	w.WriteFile("kubeconfig", "{", 0o600)
	w.Run("logout").Exits(failure.Failed).Says("the sessions are gone, but the contexts")
	if all := left(w); len(all) > 0 {
		t.Errorf("the secrets go first: %q", all)
	}
}

// What a registry told to a session goes with it; what a client stored stays.
func TestLogoutAndRegistries(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor)
	records := registryaccess.RecordsOf(w.Store())
	for host, fetched := range map[string]bool{"a.lab": true, "b.lab": false} {
		if err := records.SaveRecord(registry.Record{Host: host, Server: supervisor, User: user}); err != nil {
			t.Fatal(err)
		}
		if err := records.SaveLogin(registry.Login{Host: host, Username: "x", Fetched: fetched}); err != nil {
			t.Fatal(err)
		}
	}
	w.Run("logout", "-u", user).Exits(failure.OK)
	logins, _ := records.Logins()
	if len(logins) != 1 || logins[0].Host != "b.lab" {
		t.Errorf("%+v", logins)
	}
	if all, _ := records.Records(); len(all) != 2 {
		t.Errorf("%+v", all)
	}
}

const issuer = "idp.lab"

// issued is what is kept of a login by the issuer, which can be asked to revoke it.
var issued = oidc.Session{
	Provider: oidc.Provider{Issuer: "https://" + issuer, Token: "https://" + issuer + "/token", Revocation: "https://" + issuer + "/revoke"},
	Client:   "pinniped-cli", Refresh: redact.Stored{Secret: "refresh-token"},
}

// The session ends at its identity provider too, and what the provider does about it does not fail the logout.
func TestLogoutRevokes(t *testing.T) {
	none := issued
	none.Provider.Revocation = ""
	for name, c := range map[string]struct {
		kept  oidc.Session
		ends  time.Duration
		reply http.HandlerFunc
		says  string
		asked int
	}{
		"revoked":                  {issued, 0, consoletest.Reply(""), "", 1},
		"the provider is ill":      {issued, 0, consoletest.Status(500, "no refresh-token here"), "could not be revoked", 1},
		"offers no way":            {none, 0, nil, "offers no way to revoke a session", 0},
		"offers no way, until":     {none, time.Hour, nil, ", and longer if it is renewed by then", 0},
		"offers no way, for once":  {oidc.Session{Access: redact.Stored{Secret: "at"}}, time.Hour, nil, "(in 60m)\n", 0},
		"offers no way, has ended": {none, -time.Hour, nil, "", 0},
		"nothing left":             {oidc.Session{}, 0, nil, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := clitest.New(t)
			asked := 0
			w.Serve(issuer+":443", w.CA, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				asked++
				if r.URL.Path != "/revoke" || r.FormValue("token") != "refresh-token" || r.FormValue("client_id") != "pinniped-cli" {
					t.Errorf("%s %v", r.URL, r.Form)
				}
				c.reply(rw, r)
			}))
			w.SignIn(supervisor, byProvider(t, c.kept, func(s *tokens.Session) {
				if c.ends != 0 {
					s.Ends = w.Now().Add(c.ends)
				}
			}))
			r := w.Run("logout").Exits(failure.OK).Says("Logged out of all", c.says).Omits("refresh-token")
			if c.says == "" && r.Err != "" || asked != c.asked || len(left(w)) > 0 {
				t.Errorf("asked %d times; %q; %q", asked, r.Err, left(w))
			}
		})
	}
}

// A session of a method that nobody knows is logged out of all the same.
func TestLogoutOfAnUnknownMethod(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor, func(s *tokens.Session) { s.Method = "smartcard" })
	w.Run("logout").Exits(failure.OK).Says("Logged out of all", "smartcard")
	if all := left(w); len(all) > 0 {
		t.Errorf("%q", all)
	}
}
