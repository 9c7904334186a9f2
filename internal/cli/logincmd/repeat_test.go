package logincmd_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

func TestNothingToRepeat(t *testing.T) {
	w, _ := site(t)
	w.Run("login").Exits(2).Says("--server is missing")
}

// The last login is repeated with what it was for, and sees what is new.
func TestRepeat(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(signIn(w, "--context-prefix", "lab-", "--workload-clusters", "ns1/tkc1")...).Exits(0)
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "ns3"})
	w.Run("login").Exits(0).Says(" again as "+consoletest.User+", with vCenter Single Sign-On.", "   lab-ns3\n")
	wantContexts(t, w, "lab-10.0.0.1", "lab-ns1", "lab-ns2", "lab-ns3", "lab-tkc1")
	if got := w.Session(); got.ContextPrefix != "lab-" || got.Clusters != "ns1/tkc1" {
		t.Errorf("the session keeps %q, %q", got.ContextPrefix, got.Clusters)
	}
	w.Run("login", "--workload-clusters", "all", "--context-prefix", "").Exits(0)
	if got := w.Session(); got.ContextPrefix != "" || got.Clusters != "" {
		t.Errorf("flags do not win: the session keeps %q, %q", got.ContextPrefix, got.Clusters)
	}
}

// What somebody else's login was for is not for this one.
func TestRepeatAsSomebodyElse(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Users["ops@vsphere.local"] = consoletest.Password
	w.Run(signIn(w, "--workload-clusters", "none")...).Exits(0)
	w.Run("login", "-u", "ops@vsphere.local").Exits(0).Says("Logging in to 10.0.0.1.", "   tkc1\n")
}

// With several sessions the current context decides; without one of ours the server must be named.
func TestRepeatAmongSeveral(t *testing.T) {
	w, _ := site(t)
	given(w)
	second := w.Supervisor("10.0.2.1", &consoletest.Namespace{Name: "other"})
	w.Run(signIn(w)...).Exits(0)
	w.Run("login", "--server", "10.0.2.1", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(0)
	second.Forget()
	w.Run("login").Exits(0).Says("Logging in to 10.0.2.1 ")
	if second.Count(proof) != 1 {
		t.Error("the session of the current context was not repeated")
	}
	text := w.ReadKubeconfig()
	w.WriteFile("kubeconfig", text[:strings.Index(text, "current-context:")]+"current-context: mine\n", 0o600)
	w.Run("login").Exits(2).Says("--server is missing")
}

// A session of an unknown method is never taken for one of another: the error names its file.
func TestUnknownMethod(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	session := w.Session()
	session.Method = "passkey"
	if _, err := w.Store().SaveSession(session); err != nil {
		t.Fatal(err)
	}
	s.Forget()
	w.Run("login").Exits(1).Says(w.Store().SessionPath(session.ID), `"passkey"`, "kubectl vsphere logout --server 10.0.0.1")
	w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--force-refresh").Exits(1).Says(w.Store().SessionPath(session.ID), `"passkey"`)
	if len(s.Requests()) > 0 {
		t.Errorf("it was sent %q", s.Requests())
	}
}

// Which method is used, and why, is said.
func TestMethodOfALogin(t *testing.T) {
	w, s := site(t)
	given(w)
	server := []string{"login", "--server", "10.0.0.1", "--certificate-authority", w.CAFile}
	w.Run(signIn(w)...).Exits(0).Says("since -u is given")
	w.Person(consoletest.Answer{To: "Username: ", Keys: consoletest.User})
	w.Run(server...).Exits(0).Says("since KUBECTL_VSPHERE_PASSWORD is given")
	w.Nobody()
	w.Run(append(server, "--auth-method", "oidc")...).Exits(1).Says("no external identity provider", "--auth-method sso")
	if n := s.Count("GET /api/v1/namespaces/kube-public/configmaps/pinniped-info"); n != 1 {
		t.Errorf("the Supervisor was asked for its identity provider %d times", n)
	}
}

// A store that takes nothing is found before anybody logs in.
func TestUnwritableStore(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Vars["KUBECTL_VSPHERE_HOME"] = w.WriteFile("file", "", 0o600)
	w.Run(signIn(w)...).Exits(1)
	if s.Count(proof) > 0 {
		t.Error("a password was sent")
	}
}
