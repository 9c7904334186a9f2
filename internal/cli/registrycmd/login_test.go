package registrycmd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// reached is a rig whose Supervisor can be logged in to, and whose registry takes what it makes.
func reached(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.Supervisor(supervisor)
	r.Vars[failure.PasswordVariable] = consoletest.Password
	r.harbor.Review = func(user, token string) bool {
		c, _, err := r.Store().Credential(tokens.Key{Server: supervisor, User: consoletest.User})
		return err == nil && user == asToken && c.Token.Reveal() == token
	}
	return r
}

// login is docker-credential-vsphere login.
func (r *rig) login(args ...string) consoletest.Result {
	return r.Run(append([]string{"registry", "login"}, args...)...)
}

// Where nobody is logged in, a login comes first; the registry's CA is the Supervisor's.
func TestLogin(t *testing.T) {
	r := reached(t)
	r.login(host).Exits(failure.Failed).Says("not logged in", "docker-credential-vsphere login REGISTRY --server SUPERVISOR")
	r.login(host, "--server", supervisor, "--user", consoletest.User, "--tlscacert", r.CAFile).Exits(failure.OK).
		Says("Logged in successfully", "takes your login as "+consoletest.User)
	if s := r.Session(); s.User != consoletest.User || s.Trust.CA != r.CA.PEM {
		t.Errorf("%+v", s)
	}
}

func TestLoginWithASession(t *testing.T) {
	r := signedIn(t)
	r.login(host).Exits(failure.OK).Says("takes your login as " + consoletest.User)
	r.Run("registry", "logout", host).Exits(failure.OK).Says("Logged out of " + host)
	if r.record(t).TakesToken() {
		t.Error("it still takes the token")
	}
	r.login().Exits(failure.OK).Says("takes your login as") // All that are known.
	if !r.record(t).TakesToken() {
		t.Error("it takes no token after the login")
	}
}

func TestLoginOfNothingKnown(t *testing.T) {
	r := signedIn(t)
	r.login().Exits(failure.Usage).Says("no registry is known yet")
	r.login("--service", "none").Exits(failure.Usage)
}

// The login that a registry was added with is taken up again, with the same user.
func TestLoginWhenTheSessionHasEnded(t *testing.T) {
	r := reached(t)
	r.SignIn(supervisor)
	r.login(host).Exits(failure.OK)
	r.Advance(11 * time.Hour)
	delete(r.Vars, failure.PasswordVariable)
	r.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	r.login(host).Exits(failure.OK).Says("The login of "+consoletest.User+" at "+supervisor+" has ended", "Logged in successfully")
	r.Run("logout").Exits(failure.OK)
	r.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	r.login(host, "--tlscacert", r.CAFile).Exits(failure.OK).Says("Logged in successfully") // The record names server and user.
	if s := r.Session(); s.User != consoletest.User {
		t.Errorf("%+v", s)
	}
}

// What is renewed without a person needs no login.
func TestLoginWhenTheSessionRenewsItself(t *testing.T) {
	r := reached(t)
	r.SignIn(supervisor)
	r.Advance(11 * time.Hour)
	r.login(host).Omits("has ended", "Logged in successfully")
}

// The flags that help are those of another command, and that is said.
func TestLoginThatFails(t *testing.T) {
	r := reached(t)
	r.login(host, "--server", supervisor, "-u", consoletest.User).Exits(failure.Server).
		Says("--certificate-authority", "These are flags of")
	r.login(host, "--server", "10.0.0.2", "-u", "ada", "--tlscacert", r.CAFile).Exits(failure.Server).Says("10.0.0.2")
}

func TestLogout(t *testing.T) {
	r := added(t)
	r.store(t, "robot$ci")
	if err := r.records().SaveLogin(registry.Login{Host: "quay.io", Username: "ada"}); err != nil {
		t.Fatal(err)
	}
	r.Run("registry", "logout", "10.0.0.9").Exits(failure.OK).Says("nothing to log out of")
	r.Run("registry", "logout", "-u", "nobody").Exits(failure.OK).Says("nothing to log out of")
	r.Run("registry", "logout", "-u", "ROBOT$ci").Exits(failure.OK).Says("Removed the stored login for " + host).Omits("quay.io")
	if r.stored(t).Host != "" || !r.record(t).TakesToken() {
		t.Error("what is behind it does not stay")
	}
	r.store(t, "robot$ci")
	r.Run("registry", "logout", "-u", consoletest.User).Exits(failure.OK).Says("nothing to log out of") // A robot goes first.
	result := r.Run("registry", "logout").Exits(failure.OK).Says("Logged out of "+host, "Removed the stored login for quay.io")
	if strings.Count(result.Out, "\n") != 2 || r.record(t).TakesToken() || r.stored(t).Host != "" {
		t.Errorf("%s %+v", result.Out, r.record(t))
	}
}

// A login brings the registries of its Supervisor up to date; what does not work is a note.
func TestLoginRefreshes(t *testing.T) {
	r := reached(t)
	login := func() consoletest.Result {
		return r.Run("login", "--server", supervisor, "-u", consoletest.User, "--certificate-authority", r.CAFile).Exits(failure.OK)
	}
	login()
	r.Run("registry", "add", host).Exits(failure.OK)
	r.Run("registry", "logout").Exits(failure.OK)
	login().Omits(host + ":")
	if !r.record(t).TakesToken() {
		t.Error("a login does not end the logout")
	}
	r.WriteFile("store/registries/broken.lab.json", "{", 0o600)
	r.harbor.Forget()
	r.harbor.Review = nil
	login().Says("note: registry "+host, "robot create", "broken.lab")
	if len(r.harbor.Secrets()) != 2 || r.record(t).TakesToken() {
		t.Errorf("%q %+v", r.harbor.Secrets(), r.record(t))
	}
	r.Down(host + ":443")
	login().Says("note: registry " + host)
	r.save(t, func(rec *registry.Record) { rec.User, rec.Username = "eve@vsphere.local", "tokenreview$eve" })
	login().Says("login of eve@vsphere.local", "registry add "+host+" -u "+consoletest.User)
}

// A login with a CA for the Supervisor alone leaves a registry as it was added, and says what to type.
func TestLoginRefreshesAfterAFirstUse(t *testing.T) {
	r := reached(t)
	login := []string{"login", "--server", supervisor, "-u", consoletest.User}
	r.Run(append(login, "--certificate-authority", r.CAFile)...).Exits(failure.OK)
	r.Run("registry", "add", host).Exits(failure.OK)
	r.Run("logout", "--forget-server").Exits(failure.OK)
	r.Person(consoletest.Answer{To: "Trust it for " + supervisor + " alone", Keys: "y"})
	r.Run(login...).Exits(failure.OK).Says("note: registry "+host+": ", "that you trust for "+supervisor+" alone", "type: kubectl vsphere registry add "+host+"\n")
	if !r.record(t).TakesToken() {
		t.Errorf("%+v", r.record(t))
	}
	r.Person(consoletest.Answer{To: "Trust it for " + host + " too?", Keys: "y"})
	r.Run("registry", "add", host).Exits(failure.OK)
	r.Person()
	r.Run(login...).Exits(failure.OK).Omits("note: registry")
}

// A name that cannot log in is refused before anything is sent: vCenter would count it.
func TestLoginWithABrokenName(t *testing.T) {
	for _, name := range []string{"a:b", " ", "x\x1b[2J"} {
		r := newRig(t)
		s := r.Supervisor(supervisor)
		r.Vars[failure.PasswordVariable] = consoletest.Password
		r.Run("registry", "login", host, "--server", supervisor, "-u", name, "--certificate-authority", r.CAFile).Exits(failure.Usage).Omits("\x1b")
		if all := s.Requests(); len(all) > 0 {
			t.Errorf("%q: %q", name, all)
		}
	}
}
