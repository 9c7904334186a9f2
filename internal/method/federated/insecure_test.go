package federated_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// loose is a scene whose session was never verified. The password is at hand, from a variable and a command.
func loose(t *testing.T) scene {
	t.Helper()
	w, s := clitest.Site(t)
	x := scene{w, s, s.Federate("", consoletest.LDAP()), s.Namespaces[0].Clusters[0]}
	x.i.Revokes = true
	command := w.WriteFile("bin/password", "#!/bin/sh\necho "+consoletest.Password+"\n", 0o755)
	x.Run("login", "--server", clitest.Server, "-u", consoletest.User, "--auth-method", "oidc", "--insecure-skip-tls-verify", "--password-command", command).Exits(0)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Forget()
	return x
}

const notAlone = "is not renewed without a person, since the server's certificate is not verified"

// Nothing of a session that was never verified is sent without a person: no refresh token, access token or password, from any source.
func TestUnverifiedSessionIsNotRenewedUnattended(t *testing.T) {
	for name, prepare := range map[string]func(x scene){
		"the access token is good":  func(scene) {},
		"the refresh token is good": func(x scene) { x.Advance(afterRefresh) },
		"only a password would do":  func(x scene) { x.Advance(afterRefresh); x.i.EndSessions() },
		"kubectl says: never":       func(x scene) { x.Person(); x.Vars["KUBECTL_VSPHERE_INTERACTIVE"] = "never" },
		"a program that cannot be asked": func(x scene) {
			x.Person()
			x.Vars["KUBERNETES_EXEC_INFO"] = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := loose(t)
			prepare(x)
			before := x.i.Secrets()
			x.getToken("--force-refresh").Exits(1).Says(notAlone, "type: "+aNewOne).Omits(certificate)
			x.getToken().Exits(1).Says(notAlone)
			x.Run("get-token", "--server", clitest.Server, "--user", consoletest.User, "--force-refresh").Exits(1).Says(notAlone)
			if n := x.i.Secrets() - before; n > 0 || len(x.s.Requests()) > 0 || x.c.Count(request) > 0 {
				t.Errorf("the issuer got %d secrets, the Supervisor %q", n, x.s.Requests())
			}
		})
	}
}

// At a terminal a person decides, and is not asked again at once after a no.
func TestUnverifiedSessionAsks(t *testing.T) {
	const question = "Renew the session of " + consoletest.User
	x := loose(t)
	x.Advance(afterRefresh)
	before := x.i.Secrets()
	x.Person(consoletest.Answer{To: question, Keys: ""})
	x.getToken().Exits(1).Says("WARNING: the certificate of 10.0.0.1 is not verified", "gets your tokens", "was not renewed")
	x.Person()
	x.getToken().Exits(1)
	if n := x.i.Secrets() - before; n > 0 {
		t.Errorf("%d secrets were sent after a no", n)
	}
	if err := x.Store().EndQuiet(x.Session().Account); err != nil {
		t.Fatal(err)
	}
	x.Person(consoletest.Answer{To: question, Keys: "y"})
	x.getToken().Exits(0).Says(certificate)
	x.Nobody()
	x.getToken().Exits(0).Says(certificate) // It is in the store.

	x.Advance(afterRefresh)
	x.i.EndSessions()
	x.Person(consoletest.Answer{To: question, Keys: "y"}, consoletest.Answer{To: "Password of " + consoletest.User, Keys: consoletest.Password})
	x.getToken().Exits(0).Says(certificate)
}

// A person is asked once for all that the same parent needs at once, by one process at a time. A minute later it is another question.
func TestUnverifiedSessionAsksOnce(t *testing.T) {
	const question = "Renew the session of " + consoletest.User
	x := loose(t)
	x.Advance(afterRefresh)
	unlock, err := x.Store().LockLogin(t.Context(), x.Session().Account, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	x.Person(consoletest.Answer{To: "Waiting for another process", Reply: func(screen string) string {
		if strings.Contains(screen, question) {
			t.Error("two processes ask at the same time")
		}
		unlock()
		return "y" // Typed ahead: no answer to a question that was not there yet.
	}}, consoletest.Answer{To: question, Keys: "y"})
	x.getToken().Exits(0).Says(certificate)
	supervisor := []string{"get-token", "--server", clitest.Server, "--user", consoletest.User, "--force-refresh"}
	x.Person()
	x.Run(supervisor...).Exits(0).Omits(question)
	x.Advance(time.Minute)
	x.Person(consoletest.Answer{To: question, Keys: ""})
	x.Run(supervisor...).Exits(1).Says("was not renewed")
}

// The yes is for the kubectl whose person gave it, and for that session: a process with another parent asks.
func TestUnverifiedSessionOfAnotherParent(t *testing.T) {
	const question = "Renew the session of " + consoletest.User
	if secret.ParentProcess().Start == "" {
		t.Skip("the system does not say when the parent began; on Linux, mount /proc")
	}
	for name, change := range map[string]func(m *tokens.Mark){
		"the same parent":                    func(*tokens.Mark) {},
		"another process":                    func(m *tokens.Mark) { m.ParentPID++ },
		"another process of the same number": func(m *tokens.Mark) { m.ParentStart += "x" },
		"a clock that was set back":          func(m *tokens.Mark) { m.Time = m.Time.Add(time.Hour) },
	} {
		x := loose(t)
		of := x.Session()
		agreement := of.Account + " agreed at " + of.Server
		x.Person(consoletest.Answer{To: question, Keys: "y"})
		x.getToken("--force-refresh").Exits(0)
		m, err := x.Store().Mark(agreement)
		if err != nil || m.ParentStart != secret.ParentProcess().Start {
			t.Fatalf("%+v %v", m, err)
		}
		change(&m)
		if err := x.Store().SetMark(agreement, m); err != nil {
			t.Fatal(err)
		}
		if name == "the same parent" {
			x.Person()
			x.getToken("--force-refresh").Exits(0)
			continue
		}
		x.Person(consoletest.Answer{To: question, Keys: ""})
		x.getToken("--force-refresh").Exits(1).Says("was not renewed")
	}
}

// A token for a registry, and a logout, send nothing without a person either.
func TestUnverifiedSessionOfOtherCommands(t *testing.T) {
	x := loose(t)
	before := x.i.Secrets()
	x.of(t, func(ctx context.Context, m session.Method, s tokens.Session) {
		if facts, err := m.Facts(s); err != nil || facts.Renews {
			t.Errorf("it renews itself: %t, %v", facts.Renews, err)
		}
		if _, err := m.(session.Exchanger).TokenFor(ctx, s, "registry"); !errors.Is(err, session.ErrUnverified) {
			t.Errorf("%v", err)
		}
	})
	x.Run("logout").Exits(0).Says("could not be revoked", "is not verified")
	if n := x.i.Secrets() - before; n > 0 {
		t.Errorf("%d secrets were sent", n)
	}
	x = loose(t)
	x.Person()
	x.Run("logout").Exits(0).Omits("could not be revoked")
	if n := x.i.Count("revoke"); n != 1 {
		t.Errorf("%d tokens revoked", n)
	}
}

// The login itself says that nothing is verified, so a wait of it asks nobody.
func TestUnverifiedLoginWaits(t *testing.T) {
	w, s := clitest.Site(t)
	s.Federate("", consoletest.LDAP())
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", clitest.Server, "-u", consoletest.User, "--auth-method", "oidc", "--insecure-skip-tls-verify", "--wait", "1m").Exits(0)
}
