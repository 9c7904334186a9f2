package password_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ended is a site that somebody logged in to 11 hours ago, so that every token has ended.
func ended(t *testing.T, more ...string) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s, more...)
	w.Advance(11 * time.Hour)
	return w, s
}

// getToken is what kubectl runs.
func getToken(more ...string) []string {
	return append([]string{"get-token", "--server", clitest.Server, "--user", consoletest.User}, more...)
}

const (
	own    = "POST /wcp/login"
	ofTKC1 = "POST /wcp/login ns1/tkc1"
	ofTKC2 = "POST /wcp/login ns1/tkc2"
)

// wantLogins compares the logins that were made.
func wantLogins(t *testing.T, s *consoletest.Supervisor, names ...string) {
	t.Helper()
	want := map[string]int{}
	for _, name := range names {
		want[name]++
	}
	for _, name := range []string{own, ofTKC1, ofTKC2} {
		if got := s.Count(name); got != want[name] {
			t.Errorf("%s: %d, not %d", name, got, want[name])
		}
	}
}

// An unattended source renews only what was asked for.
func TestRenewUnattended(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(getToken("--cluster", "ns1/tkc1")...).Exits(0).Says(`"token":"`).Omits(consoletest.Password)
	wantLogins(t, s, ofTKC1)
	w.Run(getToken("--cluster", "ns1/tkc1")...).Exits(0)
	wantLogins(t, s, ofTKC1)
}

func TestRenewByTheCommandOfTheLogin(t *testing.T) {
	w, s := clitest.Site(t)
	pass := w.WriteFile("pass", "#!/bin/sh\necho '"+consoletest.Password+"'\n", 0o700)
	clitest.SignedIn(t, w, s, "--password-command", pass)
	w.Advance(11 * time.Hour)
	w.Run(getToken()...).Exits(0)
	wantLogins(t, s, own)
	if err := os.Remove(pass); err != nil {
		t.Fatal(err)
	}
	w.Run(getToken("--force-refresh")...).Exits(1).Says("pass", "needs the password", "kubectl vsphere login --server 10.0.0.1 -u")
}

// While a person is at it, the session's other credentials that are due are renewed, too.
func TestTypedPasswordRenewsWhatIsDue(t *testing.T) {
	w, s := ended(t)
	w.Person(consoletest.Answer{To: "has ended. Password of " + consoletest.User, Keys: consoletest.Password})
	w.Run(getToken("--cluster", "ns1/tkc1")...).Exits(0)
	wantLogins(t, s, own, ofTKC1, ofTKC2)
	w.Nobody()
	w.Run(getToken("--cluster", "ns1/tkc2")...).Exits(0)
	w.Run(getToken()...).Exits(0)
	wantLogins(t, s, own, ofTKC1, ofTKC2)
}

// A host that no longer takes the password gets one request, however much is due there.
func TestTypedPasswordAtAHostThatRefuses(t *testing.T) {
	w, s := clitest.Site(t)
	var clusters []*consoletest.Cluster
	for i := range 12 {
		clusters = append(clusters, w.Cluster(fmt.Sprintf("far%d", i), fmt.Sprintf("10.0.2.%d", i+1)))
	}
	far := w.Supervisor("10.0.1.1", &consoletest.Namespace{Name: "far", Clusters: clusters})
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "far", Host: far.Host})
	clitest.SignedIn(t, w, s)
	for _, status := range []int{0, http.StatusUnauthorized, http.StatusGatewayTimeout} {
		w.Advance(11 * time.Hour)
		for _, name := range far.Requests() {
			if strings.HasPrefix(name, own) && status != 0 {
				far.Replies[name] = consoletest.Status(status, "")
			}
		}
		s.Forget()
		before := len(far.Requests())
		w.Person(consoletest.Answer{To: "Password of", Keys: consoletest.Password})
		w.Run(getToken("--cluster", "ns1/tkc1")...).Exits(0)
		want := 1
		if status == 0 {
			want = 13
		}
		if n := len(far.Requests()) - before; n != want {
			t.Errorf("%d: %d requests at the other host, not %d", status, n, want)
		}
		wantLogins(t, s, own, ofTKC1, ofTKC2)
		if mark, err := w.Store().Mark(secret.UserName(consoletest.User)); err != nil || len(mark.Refusals) != want%13 {
			t.Errorf("%d: %v counted, %v", status, mark.Refusals, err)
		}
	}
}

// What is in the first half of its life is left alone, and one that fails is due later.
func TestWhatIsNotDue(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	w.Person(consoletest.Answer{To: "A new token", Keys: consoletest.Password})
	w.Run(getToken("--force-refresh")...).Exits(0)
	wantLogins(t, s, own)
	w.Advance(11 * time.Hour)
	s.Forget()
	s.Replies[ofTKC2] = consoletest.Status(http.StatusBadGateway, "")
	w.Person(consoletest.Answer{To: "Password of", Keys: consoletest.Password})
	w.Run(getToken("--cluster", "ns1/tkc1")...).Exits(0)
	w.Nobody()
	w.Run(getToken("--cluster", "ns1/tkc2")...).Exits(1)
}

// A password that kubectl's prompt got and that is refused is not asked for again at once: kubectl runs a failing plugin five times.
func TestRefusedAtThePrompt(t *testing.T) {
	w, s := ended(t)
	w.Person(consoletest.Answer{To: "Password of", Keys: "wrong-word-9"})
	w.Run(getToken()...).Exits(3).Says("was refused", "five refusals", "nobody is asked for a minute. To try now, type: kubectl vsphere login --server 10.0.0.1 -u "+consoletest.User).Omits("wrong-word-9")
	w.Person() // Nobody is asked.
	w.Run(getToken()...).Exits(1).Says("was refused a moment ago", "type: kubectl vsphere login")
	wantLogins(t, s, own)
}

func TestNobodyToAsk(t *testing.T) {
	w, s := ended(t)
	for name, vars := range map[string]map[string]string{
		"no terminal":       nil,
		"not interactive":   {"KUBERNETES_EXEC_INFO": `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}`},
		"forbidden to ask":  {"KUBECTL_VSPHERE_INTERACTIVE": "never"},
		"for somebody else": {failure.PasswordVariable: consoletest.Password, failure.UsernameVariable: "ops@vsphere.local"},
	} {
		if name == "not interactive" || name == "forbidden to ask" {
			w.Person()
		} else {
			w.Nobody()
		}
		for _, v := range []string{"KUBERNETES_EXEC_INFO", "KUBECTL_VSPHERE_INTERACTIVE", failure.PasswordVariable, failure.UsernameVariable} {
			delete(w.Vars, v)
		}
		for k, v := range vars {
			w.Vars[k] = v
		}
		r := w.Run(getToken()...).Exits(1).Says("has ended", "type: kubectl vsphere login --server 10.0.0.1 -u "+consoletest.User)
		if r.Out != "" {
			t.Errorf("%s: %s", name, r.Out)
		}
	}
	wantLogins(t, s)
}

func TestNothingTyped(t *testing.T) {
	w, s := ended(t)
	w.Person(consoletest.Answer{To: "Password of", Keys: ""})
	w.Run(getToken()...).Exits(1).Says("no password was typed", "type: kubectl vsphere login")
	w.Advance(time.Hour)
	w.Person() // The same kubectl does not ask again, however long it runs.
	w.Run(getToken()...).Exits(1).Says("no password was typed a moment ago")
	wantLogins(t, s)
}

func TestInterruptedAtThePrompt(t *testing.T) {
	w, s := ended(t)
	w.Person(consoletest.Answer{To: "Password of", Keys: consoletest.Interrupt})
	w.Run(getToken()...).Exits(130)
	wantLogins(t, s)
}

// At an address without trust anybody may answer: no password is sent unless a person types it, and that person is warned.
func TestInsecureSession(t *testing.T) {
	w, s := clitest.Site(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", clitest.Server, "-u", consoletest.User, "--insecure-skip-tls-verify", "--password-command", "echo "+consoletest.Password).Exits(0)
	w.Advance(11 * time.Hour)
	s.Forget()
	w.Run(getToken()...).Exits(1).Says("not asked, since the server's certificate is not verified")
	wantLogins(t, s)
	w.Person(consoletest.Answer{To: "Password of", Keys: consoletest.Password})
	w.Run(getToken()...).Exits(0).Says("WARNING")
}

// A server that is down is no end of a session, and nobody is asked to log in.
func TestRenewFromABadServer(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Replies[own] = consoletest.Status(http.StatusBadGateway, "")
	w.Run(getToken()...).Exits(4).Says("bad gateway").Omits("kubectl vsphere login")
	w.Down(clitest.Server + ":443")
	w.Run(getToken()...).Exits(4).Says("connection refused").Omits("kubectl vsphere login")
	w.Serve(clitest.Server+":443", consoletest.NewCA(t, "another-ca"), s)
	w.Run(getToken()...).Exits(4).Says("is not trusted", "Log in again", "kubectl vsphere login")
}

// A Supervisor that asks to wait gets the password once, and the next time when that is over. kubectl runs the program five times.
func TestRenewFromABusyServer(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Next(own, consoletest.Busy("30"))
	w.Run(getToken()...).Exits(4).Says("service unavailable (503), and asks to wait 30s")
	for range 4 {
		w.Run(getToken()...).Exits(4).Says("asked to wait: nothing is sent to it before ").Omits("kubectl vsphere login")
	}
	wantLogins(t, s, own)
	w.Advance(30 * time.Second)
	w.Run(getToken()...).Exits(0)
	wantLogins(t, s, own, own)
}

// sends has the session's method send the password to send.
func sends(t *testing.T, w *consoletest.World, send secret.Sender) (err error) {
	t.Helper()
	w.Do(func(ctx context.Context, e *console.Env) {
		sessions := method.Sessions(e, w.Store())
		of := w.Session()
		m, failed := sessions.Method(of)
		if failed != nil {
			t.Fatal(failed)
		}
		err = m.(session.PasswordSender).SendPassword(ctx, of, "Password for the registry: ", send)
	})
	return err
}

// Other servers of the site that ask vCenter take the password under the same guard.
func TestSendPassword(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	var got redact.Secret
	take := func(_ context.Context, password redact.Secret, _ secret.Source) error { got = password; return nil }
	w.Person(consoletest.Answer{To: "Password for the registry: ", Keys: consoletest.Password})
	if err := sends(t, w, take); err != nil || got != consoletest.Password {
		t.Errorf("%v", err)
	}
	w.Nobody()
	w.Vars[failure.PasswordVariable] = "wrong-word-9"
	refuse := func(context.Context, redact.Secret, secret.Source) error {
		return fmt.Errorf("GET: %w", wire.ErrRefused)
	}
	var refused *secret.RefusedError
	if err := sends(t, w, refuse); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	got = ""
	if err := sends(t, w, take); !errors.Is(err, wire.ErrRefused) || got != "" {
		t.Errorf("a refused password is sent again: %v", err)
	}
}
