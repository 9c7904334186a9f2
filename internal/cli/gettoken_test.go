package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const (
	execInfo = "KUBERNETES_EXEC_INFO"
	asked    = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true}}`
)

// getToken is what kubectl runs for the Supervisor.
func getToken(w *consoletest.World, more ...string) consoletest.Result {
	return w.Run(append([]string{"get-token", "--server", supervisor, "--user", user}, more...)...)
}

// handed is the token that a run hands to kubectl. Standard output must be one object and nothing else.
func handed(t *testing.T, r consoletest.Result) (token, apiVersion string) {
	t.Helper()
	var c struct {
		Kind, APIVersion string
		Status           struct{ Token, ExpirationTimestamp string }
	}
	if err := json.Unmarshal([]byte(r.Out), &c); err != nil || c.Kind != "ExecCredential" || strings.Count(r.Out, "\n") != 1 {
		t.Errorf("%v %q", err, r.Out)
	}
	if until, err := time.Parse(time.RFC3339, c.Status.ExpirationTimestamp); err != nil || until.Before(time.Now()) {
		t.Errorf("%v %s", err, r.Out)
	}
	return c.Status.Token, c.APIVersion
}

// empty fails the test when a failed run wrote something that kubectl would read.
func empty(t *testing.T, r consoletest.Result) {
	t.Helper()
	if r.Out != "" {
		t.Errorf("standard output is %q", r.Out)
	}
}

// What is good comes from the store: there is no network here.
func TestGetToken(t *testing.T) {
	w := clitest.New(t)
	s := w.SignIn(supervisor)
	w.KeepToken(s, tokens.Key{Server: supervisor, User: user, Cluster: "ns1/tkc1"}, "token-of-tkc1")
	for _, line := range [][]string{
		nil, {"--user", "DEV@vsphere.local"}, {"--server", "https://" + supervisor + "/"}, {"--server", supervisor + ":443"},
	} {
		if got, version := handed(t, getToken(w, line...).Exits(failure.OK)); got != token || version != "client.authentication.k8s.io/v1" {
			t.Errorf("%q: %s %s", line, got, version)
		}
	}
	if got, _ := handed(t, getToken(w, "--cluster", "ns1/tkc1")); got != "token-of-tkc1" {
		t.Error(got)
	}
	w.Vars[execInfo] = strings.ReplaceAll(asked, "/v1", "/v1beta1")
	if _, version := handed(t, getToken(w)); version != "client.authentication.k8s.io/v1beta1" {
		t.Error(version)
	}
	if kubeconfig := w.ReadKubeconfig(); kubeconfig != "" {
		t.Error("get-token writes a kubeconfig")
	}
}

func TestGetTokenUsage(t *testing.T) {
	w := clitest.New(t)
	for line, want := range map[string]string{
		"get-token":                                    "--server and --user",
		"get-token --server 10.0.0.1":                  "--server and --user",
		"get-token --user ada":                         "--server and --user",
		"get-token --server a:b:c --user ada":          "--server",
		"get-token --server x --user a --cluster tkc":  "NAMESPACE/NAME",
		"get-token --server x --user a --cluster a/b/": "NAMESPACE/NAME",
		"get-token --server x --user a now":            "one word too many",
	} {
		r := w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(want)
		empty(t, r)
	}
	for _, info := range []string{"{", `{"kind":"Pod","apiVersion":"v1"}`, strings.ReplaceAll(asked, "/v1", "/v9")} {
		w.Vars[execInfo] = info
		empty(t, getToken(w).Exits(failure.Failed).Says(execInfo))
	}
	w.Vars[execInfo], w.Vars["KUBECTL_VSPHERE_HOME"] = "", "relative"
	empty(t, getToken(w).Exits(failure.Failed).Says("KUBECTL_VSPHERE_HOME"))
}

func TestGetTokenWithoutASession(t *testing.T) {
	w := clitest.New(t)
	empty(t, getToken(w).Exits(failure.Failed).Says("not logged in to "+supervisor, "kubectl vsphere login --server "+supervisor+" -u "+user))
	empty(t, getToken(w, "--user", `DOM\ada`).Exits(failure.Failed).Says(`-u 'DOM\ada'`))
}

// ended is a world whose session has ended, with a Supervisor that can be asked.
func ended(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w := clitest.New(t)
	s := w.Supervisor(supervisor)
	w.SignIn(supervisor)
	w.Advance(consoletest.Life)
	return w, s
}

// Without a person and a password nothing is asked of the Supervisor.
func TestGetTokenEnded(t *testing.T) {
	w, s := ended(t)
	empty(t, getToken(w).Exits(failure.Failed).Says("has ended", "kubectl vsphere login --server "+supervisor+" -u "+user))
	if requests := s.Requests(); len(requests) > 0 {
		t.Errorf("%q", requests)
	}
}

// A person who may be asked types the password, and the next call has the token.
func TestGetTokenAsks(t *testing.T) {
	for _, info := range []string{"", asked} {
		w, _ := ended(t)
		w.Vars[execInfo] = info
		w.Person(consoletest.Answer{To: "The session at " + supervisor + " has ended. Password of " + user + ": ", Keys: consoletest.Password})
		first, _ := handed(t, getToken(w).Exits(failure.OK).Omits(consoletest.Password))
		w.Nobody()
		if again, _ := handed(t, getToken(w).Exits(failure.OK)); again != first || first == token {
			t.Errorf("%q, then %q", first, again)
		}
	}
}

// A cluster that no login found is no session that has ended.
func TestGetTokenOfAnUnknownCluster(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	of := func(cluster string, more ...string) []string {
		return append([]string{"get-token", "--server", clitest.Server, "--user", consoletest.User, "--cluster", cluster}, more...)
	}
	const login = "type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local"
	for _, more := range [][]string{nil, {"--force-refresh"}} {
		w.Run(of("ns1/nope", more...)...).Exits(failure.Failed).Says("knows no cluster ns1/nope; "+login+"\n").Omits("has ended", "new token")
	}
	w.Run(of("ns1/tkc1", "--force-refresh")...).Exits(failure.Failed).Says("needs the password; " + login)
	w.Person(consoletest.Answer{To: "knows no cluster ns1/nope. Password of dev@vsphere.local: ", Keys: consoletest.Password + "\n"})
	w.Run(of("ns1/nope")...).Exits(failure.Failed).Says("no API server of this cluster: ns1/nope", "Check its name.", login+" --prune").Omits("has ended")
	w.Nobody()
	w.Advance(11 * time.Hour)
	w.Run(of("ns1/nope")...).Exits(failure.Failed).Says("has ended; " + login)
}

// A terminal is no leave to ask: client-go says whether it may be used, and a variable forbids it.
func TestGetTokenAsksNobody(t *testing.T) {
	for name, vars := range map[string]map[string]string{
		"client-go forbids it":    {execInfo: strings.ReplaceAll(asked, "true", "false")},
		"the variable forbids it": {execInfo: asked, "KUBECTL_VSPHERE_INTERACTIVE": "never"},
	} {
		w, s := ended(t)
		for variable, value := range vars {
			w.Vars[variable] = value
		}
		w.Person()
		empty(t, getToken(w).Exits(failure.Failed).Says("has ended").Omits("Password of"))
		if len(s.Requests()) > 0 {
			t.Errorf("%s: %q", name, s.Requests())
		}
	}
}

func TestGetTokenAtThePrompt(t *testing.T) {
	for keys, c := range map[string]struct {
		code int
		says string
	}{
		"wrong": {failure.Refused, "was refused"}, "": {failure.Failed, "no password was typed"}, consoletest.Interrupt: {failure.Interrupted, ""},
	} {
		w, _ := ended(t)
		w.Person(consoletest.Answer{To: "Password of", Keys: keys})
		empty(t, getToken(w).Exits(c.code).Says(c.says))
		w.Person()
		empty(t, getToken(w).Omits("Password of")) // kubectl runs a plugin that fails several times.
	}
}

// A job has its password in the environment, unless that is somebody else's.
func TestGetTokenByTheVariable(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable], w.Vars[failure.UsernameVariable] = consoletest.Password, "eve@vsphere.local"
	empty(t, getToken(w).Exits(failure.Failed).Says("has ended"))
	w.Vars[failure.UsernameVariable] = strings.ToUpper(user)
	handed(t, getToken(w).Exits(failure.OK))
	if n := s.Count("POST /wcp/login"); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// A server that is not verified gets no password unattended.
func TestGetTokenInsecure(t *testing.T) {
	w, s := ended(t)
	w.SignIn(supervisor, func(s *tokens.Session) { s.Trust = trust.Trust{Mode: trust.Insecure} })
	w.Advance(consoletest.Life)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	empty(t, getToken(w).Exits(failure.Failed).Says("not verified"))
	if len(s.Requests()) > 0 {
		t.Errorf("%q", s.Requests())
	}
	w.Person(consoletest.Answer{To: "Password of", Keys: consoletest.Password})
	handed(t, getToken(w).Exits(failure.OK).Says("WARNING: the certificate of "+supervisor+" is not verified"))
}

func TestGetTokenErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consoletest.World, *consoletest.Supervisor)
		code   int
		says   []string
	}{
		"a refused password": {func(_ *consoletest.World, s *consoletest.Supervisor) { s.Users[user] = "another" }, failure.Refused, []string{"was refused"}},
		"an outage":          {func(w *consoletest.World, _ *consoletest.Supervisor) { w.Down(supervisor + ":443") }, failure.Server, []string{supervisor}},
		"a bad gateway": {func(_ *consoletest.World, s *consoletest.Supervisor) {
			s.Replies["POST /wcp/login"] = consoletest.Status(502, "bad gateway")
		}, failure.Server, []string{"502"}},
		"another CA": {func(w *consoletest.World, s *consoletest.Supervisor) {
			w.Serve(supervisor+":443", consoletest.NewCA(t, "somebody"), s)
		}, failure.Server, []string{"somebody", "--certificate-authority", "Log in again with one of these flags: kubectl vsphere login"}},
	} {
		w, s := ended(t)
		w.Vars[failure.PasswordVariable] = consoletest.Password
		c.change(w, s)
		r := getToken(w).Exits(c.code).Says(c.says...).Omits(consoletest.Password)
		empty(t, r)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestGetTokenForce(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	first, _ := handed(t, getToken(w))
	if again, _ := handed(t, getToken(w)); again != first {
		t.Error("a good token is renewed")
	}
	if forced, _ := handed(t, getToken(w, "--force-refresh")); forced == first || s.Count("POST /wcp/login") != 2 {
		t.Error("--force-refresh renews nothing")
	}
	delete(w.Vars, failure.PasswordVariable)
	empty(t, getToken(w, "--force-refresh").Exits(failure.Failed).Says("a new token for "+user, "needs the password"))
}
