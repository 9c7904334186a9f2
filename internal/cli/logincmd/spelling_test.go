package logincmd_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	files "github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// spellings are names of one user.
var spellings = []string{"dev@vsphere.local", "DEV@VSPHERE.LOCAL", `vsphere.local\dev`, `VSPHERE.LOCAL\Dev`, `VSPHERE\dev`, "dev"}

// spelled is a site whose vCenter takes all spellings.
func spelled(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	s.Spellings = map[string]string{}
	for _, name := range spellings {
		s.Spellings[strings.ToLower(name)] = consoletest.User
	}
	w.Vars[failure.PasswordVariable] = consoletest.Password
	return w, s
}

// as is the command line of a login with a name.
func as(w *consoletest.World, name string, more ...string) []string {
	return append([]string{"login", "--server", clitest.Server, "-u", name, "--certificate-authority", w.CAFile}, more...)
}

// users are the names of the sessions' users, and those that get-token gets in the kubeconfig.
func users(t *testing.T, w *consoletest.World) (sessions, entries []string) {
	t.Helper()
	all, errs := w.Store().Sessions()
	for _, s := range all {
		sessions = append(sessions, s.User)
	}
	for _, u := range kubeconfig(t, w).AuthInfos {
		key, _ := files.Ours(u)
		entries = append(entries, key.User)
	}
	slices.Sort(sessions)
	slices.Sort(entries)
	if len(errs) > 0 {
		t.Error(errs)
	}
	return sessions, slices.Compact(entries)
}

// wantUsers checks them, and how many contexts there are.
func wantUsers(t *testing.T, w *consoletest.World, contexts int, want ...string) {
	t.Helper()
	sessions, entries := users(t, w)
	if diff := cmp.Diff(want, sessions) + cmp.Diff(want, entries); diff != "" {
		t.Error(diff)
	}
	if got := len(kubeconfig(t, w).Contexts); got != contexts {
		t.Errorf("%d contexts", got)
	}
}

// tokenOf is what kubectl gets for a user, or an error's text.
func tokenOf(w *consoletest.World, name string, more ...string) string {
	r := w.Run(append([]string{"get-token", "--server", clitest.Server, "--user", name}, more...)...)
	var got struct {
		Status struct{ Token string }
	}
	if json.Unmarshal([]byte(r.Out), &got) != nil {
		return r.Err
	}
	return got.Status.Token
}

// However a person spells the name, and whichever spelling was first, it is one account: one session, five contexts, one token; and each
// spelling ends it.
func TestSpellingsAreOneAccount(t *testing.T) {
	for i, first := range spellings {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			w, s := spelled(t)
			w.Run(as(w, first)...).Exits(0)
			for _, name := range spellings {
				w.Run(as(w, name)...).Exits(0)
				wantUsers(t, w, 5, first)
			}
			s.Forget()
			want := tokenOf(w, first)
			for _, name := range spellings {
				if got := tokenOf(w, name); got != want || !strings.Contains(got, ".") {
					t.Errorf("%s has another token: %s", name, got)
				}
			}
			if got := s.Requests(); len(got) > 0 {
				t.Errorf("a token that is there was asked for: %q", got)
			}
			var status struct{ Sessions []struct{ User string } }
			if err := json.Unmarshal([]byte(w.Run("status", "-o", "json").Exits(0).Out), &status); err != nil || len(status.Sessions) != 1 {
				t.Errorf("%+v %v", status, err)
			}
			w.Run("logout", "-u", spellings[len(spellings)-1-i]).Exits(0).Says("Logged out " + first)
			wantUsers(t, w, 0)
		})
	}
}

// A login that nobody repeated with a spelling is meant by it nevertheless, where a person says whose session to end; a kubeconfig does not
// mean it.
func TestSpellingOfTheOnlyUser(t *testing.T) {
	for _, name := range spellings[1:] {
		w, _ := spelled(t)
		w.Run(as(w, spellings[0])...).Exits(0)
		delete(w.Vars, failure.PasswordVariable)
		short := !strings.Contains(strings.ToLower(name), "vsphere.local")
		if got := tokenOf(w, name); strings.Contains(got, name+" is not logged in") != short {
			t.Errorf("%s: %s", name, got)
		}
		w.Run("logout", "-u", name).Exits(0)
		wantUsers(t, w, 0)
	}
}

// What a token says of its user does not join people: neither another name, nor another domain than the one that was typed.
func TestClaimsJoinNobodyElse(t *testing.T) {
	for name, c := range map[string]struct{ claim, other string }{
		"another name":            {"admin@vsphere.local", "admin@vsphere.local"},
		"another domain":          {"dev@corp.example", "dev@corp.example"},
		"a name without a domain": {"dev", "dev@corp.example"},
		"no name":                 {"", `CORP.EXAMPLE\dev`},
		"hidden characters":       {"dev@vsphere.local\u200b", `other\dev`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := spelled(t)
			s.Users[c.other] = consoletest.Password
			s.Subject = func(string, string) string { return c.claim }
			w.Run(as(w, c.other)...).Exits(0)
			want := tokenOf(w, c.other)
			w.Run(as(w, "dev@vsphere.local")...).Exits(0)
			both := []string{c.other, "dev@vsphere.local"}
			slices.Sort(both)
			wantUsers(t, w, 10, both...)
			if got := tokenOf(w, c.other); got != want {
				t.Errorf("%s has got another token: %s", c.other, got)
			}
			w.Run("logout", "-u", "dev@vsphere.local").Exits(0)
			wantUsers(t, w, 5, c.other)
		})
	}
}

// A short name may be of any domain: which one, only the login shows.
func TestShortNameOfAnotherDomain(t *testing.T) {
	w, s := spelled(t)
	s.Users["dev@corp.example"] = consoletest.Password
	w.Run(as(w, "dev@vsphere.local")...).Exits(0)
	s.Spellings["dev"] = "dev@corp.example"
	w.Run(as(w, "dev")...).Exits(0).Omits("that session goes on")
	wantUsers(t, w, 10, "dev", "dev@vsphere.local")
	w.Run(as(w, "dev@corp.example")...).Exits(0).Says("dev@corp.example is dev there")
	wantUsers(t, w, 10, "dev", "dev@vsphere.local")

	// The site changes its default domain: the name is that of somebody else, whose tokens are gone.
	s.Spellings["dev"] = "dev@vsphere.local"
	w.Run(as(w, "dev", "--workload-clusters", "none")...).Exits(0).Says("calls dev dev@vsphere.local now; at the last login it was dev@corp.example")
	for _, c := range credentials(w) {
		if c.Key.Cluster != "" && c.Key.User == "dev" {
			t.Errorf("a token of somebody else is left: %+v", c.Key)
		}
	}
}

func credentials(w *consoletest.World) []tokens.Credential {
	all, _ := w.Store().Credentials()
	return all
}

// Where nothing is verified, somebody in between could call a user as they like: that joins no session which was verified.
func TestUnverifiedClaimsJoinNoVerifiedSession(t *testing.T) {
	w, _ := spelled(t)
	w.Run(as(w, "dev@vsphere.local")...).Exits(0)
	w.Run("login", "--server", clitest.Server, "-u", "dev", "--insecure-skip-tls-verify").Exits(0)
	wantUsers(t, w, 10, "dev", "dev@vsphere.local")

	// A login of both kinds joins the two: the contexts stay, and call one credential.
	w.Run(as(w, "dev")...).Exits(0)
	wantUsers(t, w, 10, "dev")
	if got := credentials(w); len(got) != 3 {
		t.Errorf("%d credentials", len(got))
	}
	w.Run("logout", "-u", `vsphere.local\dev`).Exits(0)
	wantUsers(t, w, 0)
}

// A store of an earlier version does not know what a user is called: the tokens in it do.
func TestSpellingAfterAnEarlierVersion(t *testing.T) {
	w, _ := spelled(t)
	w.Run(as(w, "dev")...).Exits(0)
	s := w.Session()
	path := w.Store().SessionPath(s.ID)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), `"identity"`) {
		t.Fatal(string(text), err)
	}
	old := strings.ReplaceAll(string(text), `"identity"`, `"unknown"`)
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Run(as(w, "dev@vsphere.local")...).Exits(0)
	wantUsers(t, w, 5, "dev")
}

// A kubeconfig from another machine, or an earlier store, has the contexts of another spelling.
func TestSpellingInAKubeconfigWithoutSession(t *testing.T) {
	for name, change := range map[string]func(cfg *api.Config){
		"ours":                 func(*api.Config) {},
		"without user entries": func(cfg *api.Config) { cfg.AuthInfos = nil },
		"of VMware's plugin": func(cfg *api.Config) {
			for _, u := range cfg.AuthInfos {
				*u = api.AuthInfo{Token: "t"}
			}
		},
	} {
		w, _ := spelled(t)
		w.Run(as(w, `VSPHERE.LOCAL\dev`)...).Exits(0)
		edit(t, w, change)
		if err := w.Store().Clear(); err != nil {
			t.Fatal(err)
		}
		w.Run(as(w, "dev@vsphere.local")...).Exits(0)
		wantUsers(t, w, 5, "dev@vsphere.local")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// A password goes to the server under a name that a person typed there; what the server calls the user lends it no password.
func TestClaimsLendNoPassword(t *testing.T) {
	w, s := spelled(t)
	s.Spellings["dev"], s.Users["dev@corp.example"] = "dev@corp.example", consoletest.Password
	w.Run(as(w, "dev", "--password-command", "sh -c 'echo "+consoletest.Password+"'")...).Exits(0)
	delete(w.Vars, failure.PasswordVariable)
	s.Forget()
	w.Nobody()
	w.Run(as(w, "dev@corp.example")...).Exits(2)
	if got := s.Count("GET /wcp/workloads"); got > 0 {
		t.Error("the password of dev was sent with another name")
	}
	w.Run(as(w, "dev")...).Exits(0)

	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(as(w, "dev", "--password-command", "")...).Exits(0)
	w.Vars[failure.UsernameVariable] = "dev@corp.example"
	w.Run(as(w, "dev")...).Exits(2).Says("names another user")
	if got := tokenOf(w, "dev", "--force-refresh"); !strings.Contains(got, "names another user") {
		t.Error(got)
	}
	w.Vars[failure.UsernameVariable] = ""
	w.Run(as(w, "dev@corp.example")...).Exits(0) // Now a person has typed both.
	for _, name := range []string{"dev", "dev@corp.example"} {
		w.Vars[failure.UsernameVariable] = name
		if got := tokenOf(w, "dev", "--force-refresh"); !strings.Contains(got, ".") || strings.Contains(got, " ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	w.Vars[failure.UsernameVariable] = "somebody"
	if got := tokenOf(w, "dev", "--force-refresh"); !strings.Contains(got, "names another user") {
		t.Error(got)
	}
}

// The keychain has a password under the session's name: of two sessions, that one goes on, and no password is left of the other.
func TestSpellingsInTheKeychain(t *testing.T) {
	keyring.MockInit()
	for _, saved := range []string{"dev@vsphere.local", "dev"} {
		w, s := spelled(t)
		s.Subject = func(string, string) string { return "" }
		w.Run(as(w, "dev@vsphere.local")...).Exits(0)
		w.Run(as(w, "dev")...).Exits(0)
		w.Run(as(w, saved, "--save-password")...).Exits(0)
		wantUsers(t, w, 10, "dev", "dev@vsphere.local")
		s.Subject = nil
		w.Run(as(w, "dev@vsphere.local")...).Exits(0) // It learns what the user is called.
		w.Run(as(w, "dev")...).Exits(0)
		w.Run(as(w, "dev@vsphere.local")...).Exits(0)
		delete(w.Vars, failure.PasswordVariable)
		wantUsers(t, w, 10, saved)
		if got := tokenOf(w, "dev", "--force-refresh"); strings.Contains(got, " ") {
			t.Error(got)
		}
	}
}

// A name that has become somebody else's renews no context of the user before.
func TestRenewalOfSomebodyElse(t *testing.T) {
	w, s := spelled(t)
	w.Run(as(w, "dev")...).Exits(0)
	s.Spellings["dev"], s.Users["dev@corp.example"] = "dev@corp.example", consoletest.Password
	if got := tokenOf(w, "dev", "--force-refresh"); !strings.Contains(got, "calls dev dev@corp.example now") {
		t.Error(got)
	}
	w.Run(as(w, "dev@vsphere.local")...).Exits(0)
	if got := tokenOf(w, "dev", "--force-refresh"); strings.Contains(got, " ") {
		t.Error(got)
	}
	wantUsers(t, w, 5, "dev")
}

// Renewals send the name of the last login: an earlier spelling may have become that of somebody else.
func TestRenewalSendsTheLastName(t *testing.T) {
	w, s := spelled(t)
	w.Run(as(w, "dev")...).Exits(0)
	w.Run(as(w, "dev@vsphere.local")...).Exits(0)
	delete(s.Spellings, "dev")
	want := tokenOf(w, "dev")
	if got := tokenOf(w, "dev", "--force-refresh"); got == want || !strings.Contains(got, ".") || strings.Contains(got, " ") {
		t.Error(got)
	}
	wantUsers(t, w, 5, "dev")
}

// A name that has become somebody else's leaves no name and no password behind that are then taken for the other one's.
func TestNothingGoesOnForSomebodyElse(t *testing.T) {
	for name, first := range map[string][]string{"its own session": {"dev"}, "another spelling's": {"dev@vsphere.local", "dev"}} {
		t.Run(name, func(t *testing.T) {
			keyring.MockInit()
			w, s := spelled(t)
			for _, spelling := range first {
				w.Run(as(w, spelling, "--save-password")...).Exits(0)
			}
			s.Spellings["dev"], s.Users["dev@corp.example"] = "dev@corp.example", "of somebody else"
			w.Vars[failure.PasswordVariable], w.Vars[failure.UsernameVariable] = "of somebody else", "dev"
			w.Run(as(w, "dev")...).Exits(0)
			all, _ := w.Store().Sessions()
			for _, of := range all {
				if _, err := secret.Keychain(of.KeychainEntry()).Get(t.Context()); (err == nil) != of.Keychain {
					t.Errorf("%s: the keychain has a password: %v", of.User, err)
				}
				if of.Identity == "dev@corp.example" && (of.Keychain || of.User != "dev") || of.Identity != "dev@corp.example" && of.Typed("dev") {
					t.Errorf("%s: %+v", of.Identity, of)
				}
			}
			if got := tokenOf(w, "dev", "--force-refresh"); strings.Contains(got, " ") {
				t.Error(got)
			}
			delete(w.Vars, failure.PasswordVariable)
			before := len(s.Requests())
			if got := tokenOf(w, "dev", "--force-refresh"); !strings.Contains(got, "needs the password") || len(s.Requests()) != before {
				t.Error(got)
			}
		})
	}
}
