package logincmd_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A Supervisor that was taken over names an issuer of its own, or another CA for the one that it had. The new issuer gets no password before
// somebody says that it is meant, and by itself never that of the last login's command.
func TestSupervisorThatNamesAnotherIssuer(t *testing.T) {
	const meant = "Is that meant?"
	for name, tc := range map[string]struct {
		change func(*consoletest.World, *consoletest.Supervisor) *consoletest.Issuer
		asked  []consoletest.Answer
	}{
		"an issuer of its own": {func(_ *consoletest.World, s *consoletest.Supervisor) *consoletest.Issuer {
			return s.Federate("", consoletest.LDAP())
		}, []consoletest.Answer{{To: meant, Keys: "y"}}},
		"another CA": {func(w *consoletest.World, s *consoletest.Supervisor) *consoletest.Issuer {
			w.CA = consoletest.NewCA(t, "in-between")
			return s.Federate("sso.example", consoletest.LDAP())
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			good := s.Federate("sso.example", consoletest.LDAP())
			command := w.WriteFile("pass", "#!/bin/sh\necho '"+consoletest.Password+"'\n", 0o700)
			w.Run(byPassword(w, "--trust-issuer", good.URL, "--password-command", command)...).Exits(0)
			w.Run("login").Exits(0)
			bad := tc.change(w, s)
			byName := byPassword(w, "--oidc-flow", "password")
			for _, args := range [][]string{byName, {"login"}} {
				r := w.Run(args...)
				if r.Code == 0 {
					t.Errorf("%q logs in", args)
				}
				r.Says(good.URL)
			}
			if len(tc.asked) > 0 {
				given(w)
				w.Run(byName...).Exits(1).Says("it was "+good.URL+" and is "+bad.URL, "--trust-issuer "+bad.URL)
				w.Person(consoletest.Answer{To: meant, Keys: ""})
				w.Run("login").Exits(1).Says("you did not log in there")
				delete(w.Vars, failure.PasswordVariable)
			}
			if n := bad.Secrets(); n > 0 {
				t.Errorf("%d secrets were sent", n)
			}
			w.Person(append(tc.asked, consoletest.Answer{To: "Password: ", Keys: consoletest.Password})...)
			w.Run("login").Exits(0).Says("The password of the last login is not sent")
			if command := w.Session().PasswordCommand; len(command) != 0 {
				t.Errorf("the new session has the command %q", command)
			}
			w.Nobody()
			w.Run(byPassword(w, "--password-command", command)...).Exits(0)
			w.Run("login").Exits(0).Omits("is not sent")
		})
	}
}

// An issuer says that the person who logged in is somebody else: a variable with that user's name and password is not for it.
func TestVariableOfTheUserThatAnIssuerNames(t *testing.T) {
	w, i := alone(t)
	given(w)
	i.Users["joe"] = consoletest.Password
	i.Names = map[string]string{"joe": "admin@vsphere.local"}
	w.Run(atIssuer(w, "--oidc-flow", "password", "-u", "joe")...).Exits(0)
	if user := w.Session().User; user != "admin@vsphere.local" {
		t.Fatal(user)
	}
	get := []string{"get-token", "--server", "10.0.0.7", "--user", "admin@vsphere.local"}
	w.Advance(consoletest.TokenLife)
	i.EndSessions()
	w.Vars[failure.UsernameVariable], w.Vars[failure.PasswordVariable] = "admin@vsphere.local", "that-of-vcenter"
	for range 2 {
		w.Run(get...).Exits(1).Says("it is not sent, since").Omits("that-of-vcenter")
	}
	if n := i.Count("token password"); n != 1 {
		t.Errorf("%d passwords were sent", n)
	}
}
