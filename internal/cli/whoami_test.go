package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const review = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews"

// is answers who somebody is to an API server.
func is(t *testing.T, name string, groups ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(text), `"kind":"SelfSubjectReview"`) || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			t.Errorf("%s %q", text, r.Header)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"status": map[string]any{"userInfo": map[string]any{"username": name, "groups": groups}}})
	}
}

func TestWhoami(t *testing.T) {
	w, s, tkc := site(t)
	s.Replies[review] = is(t, "sso:"+user, "sso:devs", "system:authenticated")
	tkc.Replies[review] = is(t, "sso:"+user+"@tkc")
	login(w)
	w.Run("whoami").Exits(failure.OK).Says("Username:     sso:"+user+"\n", "sso:devs, system:authenticated", "https://"+supervisor+":6443", "in 10h").Omits("Claims")
	w.Run("whoami", "--context", "tkc1").Exits(failure.OK).Says("sso:"+user+"@tkc", "https://10.0.0.11:6443")
	var id struct {
		Context, Server, Username string
		Groups                    []string
		Claims                    map[string]any
	}
	r := w.Run("whoami", "-o", "json", "--show-claims").Exits(failure.OK)
	if err := json.Unmarshal([]byte(r.Out), &id); err != nil || id.Context != supervisor || len(id.Groups) != 2 || id.Claims["sub"] != user {
		t.Errorf("%v %s", err, r.Out)
	}
	w.Run("whoami", "--show-claims").Exits(failure.OK).Says("Claims:", `"sub": "`+user+`"`)
}

// A context is needed that login wrote.
func TestWhoamiOfNoContext(t *testing.T) {
	w, _, _ := site(t)
	w.Run("whoami").Exits(failure.Failed).Says("no current context", "--context")
	login(w)
	w.Run("whoami", "--context", "tkc9").Exits(failure.Failed).Says(`"tkc9" is not in the kubeconfig`)
	w.WriteFile("kubeconfig", `{"apiVersion":"v1","kind":"Config","current-context":"a",
"contexts":[{"name":"a","context":{"cluster":"c","user":"u"}},{"name":"b","context":{"cluster":"gone","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":"https://x"}}],"users":[{"name":"u","user":{"token":"t"}}]}`, 0o600)
	w.Run("whoami").Exits(failure.Failed).Says("not written by this program", "--context")
	w.Run("whoami", "--context", "b").Exits(failure.Failed).Says("cluster or user that is not in the kubeconfig")
	w.WriteFile("kubeconfig", "{", 0o600)
	w.Run("whoami").Exits(failure.Failed)
	w.Vars["KUBECTL_VSPHERE_HOME"] = "relative"
	w.Run("whoami").Exits(failure.Failed).Says("KUBECTL_VSPHERE_HOME")
}

func TestWhoamiErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consoletest.World, *consoletest.Cluster)
		code   int
		says   []string
	}{
		"a refused token": {func(_ *consoletest.World, tkc *consoletest.Cluster) {
			tkc.Replies[review] = consoletest.Status(401, "no")
		}, failure.Refused,
			[]string{"though valid until", "new cluster", "kubectl vsphere login --server " + supervisor + " -u " + user}},
		"an ill server": {func(_ *consoletest.World, tkc *consoletest.Cluster) {
			tkc.Replies[review] = consoletest.Status(503, "no")
		}, failure.Server, []string{"503"}},
		"a page": {func(_ *consoletest.World, tkc *consoletest.Cluster) {
			tkc.Replies[review] = consoletest.Reply("<html>")
		}, failure.Server, nil},
		"nobody there":    {func(w *consoletest.World, _ *consoletest.Cluster) { w.Down("10.0.0.11:6443") }, failure.Server, []string{"10.0.0.11"}},
		"a session ended": {func(w *consoletest.World, _ *consoletest.Cluster) { w.Advance(consoletest.Life) }, failure.Failed, []string{"has ended"}},
		"logged out": {func(w *consoletest.World, _ *consoletest.Cluster) {
			text := w.ReadKubeconfig()
			w.Run("logout")
			w.WriteFile("kubeconfig", text, 0o600)
		}, failure.Failed, []string{"not logged in"}},
		"another CA": {func(w *consoletest.World, tkc *consoletest.Cluster) {
			w.Serve("10.0.0.11:6443", consoletest.NewCA(t, "somebody"), tkc)
		}, failure.Server, []string{"somebody"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, tkc := site(t)
			login(w)
			c.change(w, tkc)
			if r := w.Run("whoami", "--context", "tkc1").Exits(c.code).Says(c.says...); r.Out != "" {
				t.Errorf("%q", r.Out)
			}
		})
	}
}

// What a server says of a person does nothing to a terminal.
func TestWhoamiIsHarmless(t *testing.T) {
	w, s, _ := site(t)
	s.Replies[review] = is(t, "a\x1b[2Jb\u202e", "g\x07")
	login(w)
	for _, line := range []string{"whoami", "whoami -o yaml", "whoami -o json"} {
		w.Run(strings.Fields(line)...).Exits(failure.OK).Omits("\x1b", "\u202e", "\x07")
	}
}

// The claims of an identity provider's session are those that it told at the last renewal.
func TestWhoamiClaims(t *testing.T) {
	w, s, _ := site(t)
	login(w)
	s.Replies[review] = is(t, user)
	for name, c := range map[string]struct {
		session func(*tokens.Session)
		says    string
		code    int
	}{
		"told":    {byProvider(t, oidc.Session{Claims: json.RawMessage(`{"email":"ada@lab","x":"\u001b"}`)}), `"email": "ada@lab"`, failure.OK},
		"not":     {byProvider(t, oidc.Session{}), "no claims to show", failure.Failed},
		"broken":  {func(s *tokens.Session) { s.Method, s.Renewal = "oidc", []byte("[]") }, "", failure.Failed},
		"unknown": {func(s *tokens.Session) { s.Method = "smartcard" }, "smartcard", failure.Failed},
	} {
		w.SignIn(supervisor, c.session) // Its token is no JWT.
		w.Run("whoami", "--show-claims").Exits(c.code).Says(c.says).Omits("\x1b")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// The credential may be a client certificate, which is shown to the server and to nobody else.
func TestWhoamiWithoutAToken(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor)
	w.WriteFile("kubeconfig", `{"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":"https://10.0.0.1:6443","certificate-authority":"/gone.pem"}}],
"users":[{"name":"u","user":{"exec":{"apiVersion":"client.authentication.k8s.io/v1","interactiveMode":"IfAvailable","command":"kubectl-vsphere","args":["get-token","--server","10.0.0.1","--user","dev@vsphere.local"]}}}]}`, 0o600)
	w.Run("whoami").Exits(failure.Failed).Says("/gone.pem")
	c, _, err := w.Store().Credential(tokens.Key{Server: supervisor, User: user})
	if err != nil {
		t.Fatal(err)
	}
	c.Token, c.Certificate, c.PrivateKey = "", "none", "none"
	if err := w.Store().SaveCredential(c); err != nil {
		t.Fatal(err)
	}
	w.WriteFile("kubeconfig", strings.ReplaceAll(w.ReadKubeconfig(), "/gone.pem", w.CAFile), 0o600)
	w.Run("whoami").Exits(failure.Failed).Says("--force-refresh")
}
