package cli_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// report is the output of status for a program.
type report struct {
	Store    string
	Sessions []struct {
		Server, User, Method, Trust string
		LoggedIn, Ends              time.Time
		Credentials                 []struct {
			Server, Cluster          string
			Contexts                 []string
			ValidUntil               time.Time
			Valid, Minted, CAUnknown bool
		}
	}
	Registries []struct{ Registry, Source string }
}

func status(t *testing.T, w *consoletest.World) (out report) {
	t.Helper()
	for format, parse := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.Unmarshal(text, into) },
	} {
		out = report{}
		r := w.Run("status", "-o", format).Exits(failure.OK)
		if err := parse([]byte(r.Out), &out); err != nil {
			t.Errorf("%s: %v\n%s", format, err, r.Out)
		}
	}
	return out
}

func TestStatusOfNothing(t *testing.T) {
	w := clitest.New(t)
	w.Run("status").Exits(failure.OK).Says("no session", "kubectl vsphere login --server ADDRESS -u USER")
	if r := w.Run("status", "-o", "json"); !strings.Contains(r.Out, `"sessions": []`) {
		t.Error(r.Out)
	}
	w.Vars["KUBECTL_VSPHERE_HOME"] = "relative"
	w.Run("status").Exits(failure.Failed).Says("KUBECTL_VSPHERE_HOME")
}

func TestStatus(t *testing.T) {
	w, s, _ := site(t)
	login(w)
	s.Forget()
	w.Run("status").Exits(failure.OK).Says("SERVER", supervisor, user, "ns1/tkc1", "good for 10h").Omits("eyJ")
	got := status(t, w)
	if len(got.Sessions) != 1 || len(got.Sessions[0].Credentials) != 2 || got.Store != w.Store().Dir() || len(got.Registries) > 0 {
		t.Fatalf("%+v", got)
	}
	session := got.Sessions[0]
	own, tkc := session.Credentials[0], session.Credentials[1]
	if session.Server != supervisor || session.User != user || session.Method != "sso" || session.Trust != "ca" || session.LoggedIn.IsZero() {
		t.Errorf("%+v", session)
	}
	if strings.Join(own.Contexts, ",") != supervisor+",ns1" || !own.Valid || !own.Minted || own.Cluster != "" {
		t.Errorf("%+v", own)
	}
	if strings.Join(tkc.Contexts, ",") != "tkc1" || tkc.Cluster != "ns1/tkc1" || tkc.ValidUntil.Before(w.Now()) {
		t.Errorf("%+v", tkc)
	}
	if len(s.Requests()) > 0 {
		t.Errorf("status asks the Supervisor: %q", s.Requests())
	}
	w.Advance(consoletest.Life)
	w.Run("status").Exits(failure.OK).Says("ended")
	if got := status(t, w); got.Sessions[0].Credentials[0].Valid {
		t.Errorf("%+v", got)
	}
}

// Tokens that ended go when that is asked for, and are named. The session stays.
func TestStatusPrune(t *testing.T) {
	w := clitest.New(t)
	s := w.SignIn(supervisor)
	w.Advance(2 * consoletest.Life)
	w.KeepToken(s, tokens.Key{Server: supervisor, User: user, Cluster: "ns1/tkc1"}, "fresh")
	w.Advance(time.Second) // Files are as old as the real clock says.
	w.Run("status", "--prune").Exits(failure.OK).Says("Removed the token of "+user+" for "+supervisor+",", "ns1/tkc1").Omits("Removed the token of " + user + " for " + supervisor + " ns1")
	got := status(t, w)
	if len(got.Sessions) != 1 || len(got.Sessions[0].Credentials) != 1 || got.Sessions[0].Credentials[0].Cluster != "ns1/tkc1" {
		t.Errorf("%+v", got)
	}
	w.Advance(2 * consoletest.Life)
	w.Run("status", "--prune").Exits(failure.OK).Says("Removed the token of "+user+" for "+supervisor+" ns1/tkc1", "none")
}

// A cluster of an identity provider's session has no token until it is used, or until its CA is known.
func TestStatusOfTargets(t *testing.T) {
	w := clitest.New(t)
	s := w.SignIn(supervisor, byProvider(t, oidc.Session{Refresh: redact.Stored{Secret: "r"}}))
	for name, target := range map[string]tokens.Target{"ns1/new": {Server: "https://x"}, "ns1/unknown": {Server: "https://x", CAUnknown: true}} {
		err := w.Store().SaveCredential(tokens.Credential{Key: tokens.Key{Server: supervisor, User: user, Cluster: name}, Session: s.ID, Target: &target})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Run("status").Exits(failure.OK).Says("on first use", "CA unknown: log in")
	got := status(t, w).Sessions[0].Credentials
	if len(got) != 3 || got[1].Minted || got[1].CAUnknown || !got[2].CAUnknown || !got[0].Minted {
		t.Errorf("%+v", got)
	}
}

// When a person is needed again is said, with what to type once it has come.
func TestStatusEnds(t *testing.T) {
	for name, c := range map[string]struct {
		kept oidc.Session
		ends time.Duration // from now; 0: not known
		want string
	}{
		"renews itself": {oidc.Session{Refresh: redact.Stored{Secret: "r"}}, 9 * time.Hour, "renews itself when it is used. Unused, it ends at"},
		"does not":      {oidc.Session{}, 9 * time.Hour, "ends at"},
		"has ended":     {oidc.Session{}, -time.Hour, "has ended; type: kubectl vsphere login --server " + supervisor + " --auth-method oidc"},
		"not known":     {oidc.Session{}, 0, ""},
	} {
		w := clitest.New(t)
		w.SignIn(supervisor, byProvider(t, c.kept, func(s *tokens.Session) {
			if c.ends != 0 {
				s.Ends = w.Now().Add(c.ends)
			}
		}))
		r := w.Run("status").Exits(failure.OK).Says(c.want)
		if c.want == "" && strings.Contains(r.Out, "The session of") {
			t.Errorf("%s: %s", name, r.Out)
		}
		if got := status(t, w).Sessions[0]; got.Ends.IsZero() != (c.ends == 0) || got.Method != "oidc" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What is broken is a warning: the rest is shown.
func TestStatusWarns(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor)
	w.SignIn("10.0.0.2", func(s *tokens.Session) { s.Method = "smartcard" })
	w.SignIn("10.0.0.3", func(s *tokens.Session) { s.Method, s.Renewal = "oidc", redact.JSON(`[]`) })
	w.WriteFile("store/sessions/broken.json", "{", 0o600)
	w.WriteFile("store/credentials/broken.json", "{", 0o600)
	w.WriteFile("kubeconfig", "{", 0o600)
	r := w.Run("status").Exits(failure.OK).Says(supervisor, "10.0.0.2", "10.0.0.3", "good for 10h")
	if n := strings.Count(r.Err, "warning: "); n != 4 || !strings.Contains(r.Err, "smartcard") || strings.Contains(r.Out, "warning") {
		t.Errorf("%d warnings:\n%s", n, r.Err)
	}
	w.SignIn("10.0.0.4", func(s *tokens.Session) { s.User = "eve@vsphere.local" })
	if err := w.Store().DeleteCredential(tokens.Key{Server: "10.0.0.4", User: "eve@vsphere.local"}); err != nil {
		t.Fatal(err)
	}
	w.Run("status").Exits(failure.OK).Says("none")
}

func TestStatusOfRegistries(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor)
	err := registryaccess.RecordsOf(w.Store()).SaveRecord(registry.Record{Host: "10.0.0.5", Server: supervisor, User: user, Username: registry.TokenPrefix + user})
	if err != nil {
		t.Fatal(err)
	}
	w.Run("status").Exits(failure.OK).Says("REGISTRY", "10.0.0.5", "missing")
	if got := status(t, w).Registries; len(got) != 1 || got[0].Source != "login" {
		t.Errorf("%+v", got)
	}
}

// A server that logins verified is shown without a session too: with it, a CA that changes is a change.
func TestStatusOfKnownServers(t *testing.T) {
	w, _, _ := site(t)
	login(w)
	w.Run("status").Exits(0).Omits("earlier login")
	w.Run("logout").Exits(0)
	w.Run("status").Exits(0).Says("There is no session. Type: kubectl vsphere login --server "+supervisor+"\n",
		"How "+supervisor+" is verified is known", "kubectl vsphere logout --server "+supervisor+" --forget-server")
	var got struct {
		Servers []struct {
			Server, Trust string
			CAs           []string `json:"caSHA256"`
		}
	}
	if err := json.Unmarshal([]byte(w.Run("status", "-o", "json").Exits(0).Out), &got); err != nil {
		t.Fatal(err)
	}
	want := trust.Trust{CA: w.CA.PEM}.Fingerprints()
	if len(got.Servers) != 1 || got.Servers[0].Server != supervisor || got.Servers[0].Trust != "ca" || !slices.Equal(got.Servers[0].CAs, want) {
		t.Errorf("%+v", got)
	}
	w.Run("__complete", "login", "--server", "").Exits(0).Says(supervisor)
	w.WriteFile("store/sites/10.0.0.9.json", "{", 0o600)
	w.Run("status").Exits(0).Says("10.0.0.9.json", "How "+supervisor)
	w.Run("logout", "--forget-server").Exits(0)
	w.Run("status").Exits(0).Omits("is verified")
}

// Two Supervisors of one vCenter name each other, so that each login makes the tokens of both. There is one row for each server, and it is
// that of the session that renews it.
func TestStatusAfterLoginsAtBothSupervisors(t *testing.T) {
	w := clitest.New(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	one := w.Supervisor("10.0.0.1", &consoletest.Namespace{Name: "ns1"}, &consoletest.Namespace{Name: "ns2", Host: "10.0.0.2"})
	w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "ns1", Host: one.Host}, &consoletest.Namespace{Name: "ns2"})
	for _, server := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.1"} {
		w.Run("login", "--server", server, "-u", user, "--certificate-authority", w.CAFile).Exits(failure.OK)
		r := w.Run("status").Exits(failure.OK).Omits("none")
		for _, server := range []string{"10.0.0.1", "10.0.0.2"} {
			if n := strings.Count(r.Out, "\n"+server+" "); n != 1 {
				t.Errorf("%s has %d rows:\n%s", server, n, r.Out)
			}
		}
	}
	for _, s := range status(t, w).Sessions {
		if len(s.Credentials) != 1 || s.Credentials[0].Server != s.Server {
			t.Errorf("%+v", s)
		}
	}
}

// What there are contexts for is shown by kind. A program finds the namespaces beside the contexts.
func TestStatusByKind(t *testing.T) {
	w, _, _ := site(t)
	login(w)
	text := w.Run("status").Exits(failure.OK).Out
	want := `SERVER     USER                TOKEN          RENEWED BY   CONTEXTS
10.0.0.1   dev@vsphere.local   good for 10h   password     *10.0.0.1

NAMESPACE   SERVER     USER                CONTEXTS
ns1         10.0.0.1   dev@vsphere.local   ns1

CLUSTER    SERVER     USER                TOKEN          RENEWED BY   CONTEXTS
ns1/tkc1   10.0.0.1   dev@vsphere.local   good for 10h   password     tkc1
`
	if text != want {
		t.Errorf("%s", text)
	}
	w.Run("use", "ns1").Exits(failure.OK)
	w.Run("status").Exits(failure.OK).Says("ns1         10.0.0.1   dev@vsphere.local   *ns1\n")
	var out struct {
		Sessions []struct {
			Credentials []struct {
				Namespaces []struct {
					Namespace string
					Contexts  []string
					Current   bool
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(w.Run("status", "-o", "json").Out), &out); err != nil {
		t.Fatal(err)
	}
	all := out.Sessions[0].Credentials
	if own := all[0].Namespaces; len(own) != 1 || own[0].Namespace != "ns1" || own[0].Contexts[0] != "ns1" || !own[0].Current || len(all[1].Namespaces) > 0 {
		t.Errorf("%+v", all)
	}
}

// The current context has a star.
func TestStatusMarksTheCurrentContext(t *testing.T) {
	w, _, _ := site(t)
	login(w)
	w.Run("status").Exits(failure.OK).Says("   *"+supervisor+"\n", "   ns1\n", "   tkc1\n")
	text := strings.Replace(w.ReadKubeconfig(), "current-context: "+supervisor, "current-context: tkc1", 1)
	w.WriteFile("kubeconfig", text, 0o600)
	w.Run("status").Exits(failure.OK).Says("   "+supervisor+"\n", "   ns1\n", "   *tkc1\n")
	var out struct {
		CurrentContext string
		Sessions       []struct{ Credentials []struct{ Current bool } }
	}
	if err := json.Unmarshal([]byte(w.Run("status", "-o", "json").Out), &out); err != nil || out.CurrentContext != "tkc1" || out.Sessions[0].Credentials[0].Current || !out.Sessions[0].Credentials[1].Current {
		t.Errorf("%v %+v", err, out)
	}
}

// What renews a session is said.
func TestStatusSaysWhatRenews(t *testing.T) {
	for want, change := range map[string]func(*tokens.Session){
		"password": func(*tokens.Session) {},
		"command":  func(s *tokens.Session) { s.PasswordCommand = []string{"/bin/pass"} },
		"keychain": func(s *tokens.Session) { s.Keychain = true },
		"itself":   byProvider(t, oidc.Session{Refresh: redact.Stored{Secret: "r"}}),
		"login":    byProvider(t, oidc.Session{}),
	} {
		w := clitest.New(t)
		w.SignIn(supervisor, change)
		w.Run("status").Exits(failure.OK).Says("RENEWED BY", "   "+want+" ")
		w.Run("status", "-o", "json").Exits(failure.OK).Says(`"renewal": "` + want + `"`)
	}
	w := clitest.New(t)
	w.SignIn(supervisor, func(s *tokens.Session) { s.PasswordCommand, s.Trust.Mode = []string{"/bin/pass"}, trust.Insecure })
	w.Run("status").Exits(failure.OK).Says("   password ").Omits("   command ")
}
