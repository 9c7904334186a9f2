package logincmd_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const proof = "GET /wcp/workloads" // the request that proves a password

// given sets the variable that holds the password.
func given(w *consoletest.World) { w.Vars[failure.PasswordVariable] = consoletest.Password }

// The question is VMware's, which scripts wait for; the hint before it is only for those who did not set the variable.
func TestPasswordPrompt(t *testing.T) {
	w, _ := site(t)
	w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run(signIn(w)...).Exits(0).Says("environment variable is not set").Omits(consoletest.Password)
}

func TestUserNamePrompt(t *testing.T) {
	w, _ := site(t)
	w.Person(consoletest.Answer{To: "Username: ", Keys: consoletest.User}, consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run("login", "--server", "10.0.0.1", "--certificate-authority", w.CAFile).Exits(0).Says("no external identity provider")
	if s := w.Session(); s.User != consoletest.User || s.Method != "sso" {
		t.Errorf("%s by %s", s.User, s.Method)
	}
}

func TestNothingTyped(t *testing.T) {
	w, s := site(t)
	w.Person(consoletest.Answer{To: "Password: ", Keys: ""})
	w.Run(signIn(w)...).Exits(1).Says("nothing was typed")
	w.Person(consoletest.Answer{To: "Username: ", Keys: ""})
	w.Run("login", "--server", "10.0.0.1", "--certificate-authority", w.CAFile, "--auth-method", "sso").Exits(1).Says("nothing was typed")
	w.Person(consoletest.Answer{To: "Username: ", Keys: "a:b"})
	w.Run("login", "--server", "10.0.0.1", "--certificate-authority", w.CAFile, "--auth-method", "sso").Exits(2).Says("colon")
	if s.Count(proof) > 0 {
		t.Error("a password was sent")
	}
}

// Without a terminal the next step says where a password can come from.
func TestNobodyToAsk(t *testing.T) {
	w, s := site(t)
	w.Run(signIn(w)...).Exits(2).Says(failure.PasswordVariable, "--password-command", "--password-stdin")
	given(w)
	w.Run("login", "--server", "10.0.0.1", "--certificate-authority", w.CAFile).Exits(2).Says("-u")
	if s.Count(proof) > 0 {
		t.Error("a password was sent")
	}
}

func TestSourcesOfAPassword(t *testing.T) {
	w, s := site(t)
	command := w.WriteFile("pass", "#!/bin/sh\necho '"+consoletest.Password+"'\n", 0o700)
	w.Stdin = consoletest.Password + "\n"
	for name, args := range map[string][]string{"stdin": {"--password-stdin"}, "command": {"--password-command", command}} {
		s.Forget()
		w.Run(signIn(w, args...)...).Exits(0)
		if n := s.Count(proof); n != 1 {
			t.Errorf("%s: %d requests with a password", name, n)
		}
	}
	if got := w.Session().PasswordCommand; len(got) != 1 || got[0] != command {
		t.Errorf("the session keeps the command %q", got)
	}
	w.Run(signIn(w)...).Exits(0) // by the command that was kept
	w.Run(signIn(w, "--password-command", "")...).Exits(2)
}

// A variable that names somebody else is not for this user.
func TestVariableOfAnotherUser(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Vars[failure.UsernameVariable] = "ops@vsphere.local"
	w.Run(signIn(w)...).Exits(2).Says("no terminal", failure.UsernameVariable+" names another user")
	w.Vars[failure.UsernameVariable] = strings.ToUpper(consoletest.User)
	w.Run(signIn(w)...).Exits(0)
	if n := s.Count(proof); n != 1 {
		t.Errorf("%d requests with a password", n)
	}
}

// A refused password is sent once, and not again by itself; --force sends it.
func TestRefusedPassword(t *testing.T) {
	w, s := site(t)
	w.Vars[failure.PasswordVariable] = "wrong-word-9"
	w.Run(signIn(w)...).Exits(3).Says("was refused", "five refusals").Omits("wrong-word-9")
	w.Run(signIn(w)...).Exits(3).Says("is not sent again", "--force")
	if n := s.Count(proof); n != 1 {
		t.Errorf("%d requests with a refused password", n)
	}
	w.Run(signIn(w, "--force")...).Exits(3)
	if n := s.Count(proof); n != 2 {
		t.Errorf("%d requests with --force", n)
	}
	w.Advance(6 * time.Minute)
	w.Run(signIn(w)...).Exits(3)
	if n := s.Count(proof); n != 3 {
		t.Errorf("%d requests after the quiet time", n)
	}
	if w.ReadKubeconfig() != "" {
		t.Error("a kubeconfig was written")
	}
}

// A script stops at four refusals, whatever it sends, also with --force. A person types the password.
func TestAScriptStopsAtFour(t *testing.T) {
	w, s := site(t)
	for i := range 6 {
		w.Vars[failure.PasswordVariable] = fmt.Sprint("wrong-word-", i)
		args := []string{"-u", []string{consoletest.User, "VSPHERE.LOCAL\\dev", "DEV"}[i%3], "--force"}
		result := w.Run(signIn(w, args...)...).Exits(3)
		if i >= 4 {
			result.Says("4 requests were refused or had no clear answer in the last 5 minutes", "type the password at a terminal")
		}
	}
	if n := s.Count(proof); n != 4 {
		t.Errorf("%d requests with wrong passwords", n)
	}
	delete(w.Vars, failure.PasswordVariable)
	w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run(signIn(w)...).Exits(0)
}

// A front that answers 504, whatever the password is: vCenter may have counted it.
func TestAScriptStopsAtFourAnswersThatSayNothing(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[proof] = consoletest.Status(http.StatusGatewayTimeout, "slow")
	for range 4 {
		w.Run(signIn(w)...).Exits(4)
	}
	w.Run(signIn(w)...).Says("4 requests were refused or had no clear answer")
	if n := s.Count(proof); n != 4 {
		t.Errorf("%d requests", n)
	}
}

// A front that lists namespaces to everybody and answers 504 to the login itself: vCenter may have counted each request. The script is
// told why it stops, and a person goes on.
func TestAListOfNamespacesProvesNoPassword(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[proof] = consoletest.Reply("[]")
	s.Replies["POST /wcp/login"] = consoletest.Status(http.StatusGatewayTimeout, "slow")
	for range 2 {
		w.Run(signIn(w)...).Exits(4).Says("gateway timeout", "contact your vSphere server administrator")
	}
	for range 3 {
		w.Run(signIn(w)...).Exits(1).Says("4 requests were refused or had no clear answer in the last 5 minutes",
			"What gets no clear answer, such as a 5xx, may be one.", "To go on now, type the password at a terminal. Else wait five minutes.")
	}
	if n := s.Count("POST /wcp/login"); n != 2 {
		t.Errorf("%d logins", n)
	}
	delete(s.Replies, "POST /wcp/login")
	delete(w.Vars, failure.PasswordVariable)
	w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run(signIn(w)...).Exits(0)
	w.Nobody()
	given(w)
	w.Advance(5 * time.Minute)
	w.Run(signIn(w)...).Exits(0)
}

// A script that creates an account has its password sent again until it is accepted, rarely enough that three count at any time.
func TestWaitForAnAccount(t *testing.T) {
	for _, after := range []int{1, 4} { // sleeps until the account is there
		w, s := site(t)
		given(w)
		w.Stdin = consoletest.Password + "\n"
		s.Users = map[string]string{}
		var sent []time.Time
		w.Between = func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.URL.Path == "/wcp/workloads" {
				sent = append(sent, w.Now())
			}
			server.ServeHTTP(rw, r)
		}
		sleeps := 0
		w.Asleep = func(time.Duration) {
			if nameIsLocked(t, w) {
				t.Error("others wait meanwhile")
			}
			if sleeps++; sleeps == after {
				s.Users = map[string]string{consoletest.User: consoletest.Password}
			}
		}
		more := [][]string{nil, {"--password-stdin"}}[after%2]
		w.Run(signIn(w, append(more, "--wait-for-account", "1h")...)...).Exits(0).
			Says("The password was refused. In case the account is new, it is sent again in ", "Logged in successfully.").Omits(consoletest.Password)
		if len(sent) < 2 || sleeps != after {
			t.Errorf("sent %d times, %d sleeps", len(sent), sleeps)
		}
		for i := 3; i < len(sent); i++ {
			if sent[i].Sub(sent[i-3]) < 5*time.Minute {
				t.Errorf("four in %s", sent[i].Sub(sent[i-3]))
			}
		}
	}
}

func TestAnAccountThatDoesNotCome(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Users = map[string]string{}
	w.Run(signIn(w)...).Exits(3).Says("If the account is new, a script may wait for it: --wait-for-account 10m.")
	w.Run(signIn(w)...).Exits(3).Says("is not sent again", "--wait-for-account 10m.")
	for _, c := range []struct {
		wait, says string
		sent       int // in all
	}{
		{"30s", "It is not sent again", 2}, {"5s", "is not sent before", 2}, {"2m", "It is not sent again", 3},
	} {
		w.Run(signIn(w, "--wait-for-account", c.wait)...).Exits(3).Says(c.says).Omits("--wait-for-account")
		if n := s.Count(proof); n != c.sent {
			t.Errorf("%s: sent %d times, not %d", c.wait, n, c.sent)
		}
	}
	w.Run(signIn(w, "-u", "dev", "--wait-for-account", "2m")...).Exits(3) // One is left to others, and this is no other.
	w.Vars[failure.PasswordVariable] = "wrong-word-9"
	w.Run(signIn(w)...).Exits(3)
	if n := s.Count(proof); n != 4 {
		t.Errorf("sent %d times", n)
	}
	w.Advance(time.Hour)
	s.Forget()
	ctx, cancel := context.WithCancel(t.Context())
	w.Asleep = func(time.Duration) { cancel() }
	w.Do(func(_ context.Context, e *console.Env) {
		if code := w.Program(ctx, e, signIn(w, "--wait-for-account", "10m")); code != 130 {
			t.Errorf("Ctrl-C: exit code %d", code)
		}
	})
	w.Advance(time.Hour)
	s.Forget()
	delete(w.Vars, failure.PasswordVariable)
	w.Person(consoletest.Answer{To: "Password: ", Keys: "wrong-word-9"}) // Who types one types it again.
	w.Run(signIn(w, "--wait-for-account", "10m")...).Exits(3)
	if n := s.Count(proof); n != 1 {
		t.Errorf("a typed one is sent %d times", n)
	}
}

func TestMayNotLogIn(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[proof] = consoletest.Status(http.StatusForbidden, "no role")
	w.Run(signIn(w)...).Exits(3).Says("may not log in here", "Ask your vSphere administrator")
}

func TestInterruptedAtThePassword(t *testing.T) {
	w, _ := site(t)
	w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Interrupt})
	w.Run(signIn(w)...).Exits(130)
}

// What the keychain keeps serves the next login, until it is told to forget.
func TestSavedPassword(t *testing.T) {
	keyring.MockInit()
	w, s := site(t)
	given(w)
	w.Run(signIn(w, "--save-password")...).Exits(0).Omits("warning")
	delete(w.Vars, failure.PasswordVariable)
	w.Run(signIn(w)...).Exits(0)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(signIn(w, "--save-password=false")...).Exits(0)
	if w.Session().Keychain {
		t.Error("the session names the keychain")
	}
	entry := w.Session().KeychainEntry()
	if _, err := keyring.Get("kubectl-vsphere", entry); err == nil {
		t.Error("the password is still in the keychain")
	}
	delete(w.Vars, failure.PasswordVariable)
	s.Forget()
	w.Run(signIn(w)...).Exits(2)
	if s.Count(proof) > 0 {
		t.Error("a forgotten password was sent")
	}
}

// A keychain that does not work costs the saved password, not the login.
func TestBrokenKeychain(t *testing.T) {
	keyring.MockInitWithError(http.ErrAbortHandler)
	t.Cleanup(keyring.MockInit)
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--save-password")...).Exits(0).Says("warning", "keychain")
	if w.Session().Keychain {
		t.Error("the session names the keychain")
	}
}
