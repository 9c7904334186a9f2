package namecmd_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// named is a Supervisor called prod, at which somebody is logged in.
func named(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s, "--name", "prod")
	return w, s
}

func site(t *testing.T, w *consoletest.World) tokens.Site {
	t.Helper()
	known, _, err := w.Store().Site(clitest.Server)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// A new name takes the place of the old one, and changes nothing else. The session stays.
func TestRename(t *testing.T) {
	w, s := named(t)
	before, config := site(t, w), w.ReadKubeconfig()
	w.Run("sites", "rename", "PROD", "Production").Exits(failure.OK).Says("prod (10.0.0.1) is now called production.")
	want := before
	want.Name = "production"
	if diff := cmp.Diff(want, site(t, w)); diff != "" || w.ReadKubeconfig() != config {
		t.Error(diff)
	}
	w.Run("sites", "rename", "https://10.0.0.1/", "prod").Exits(failure.OK)
	w.Run("sites", "rename", "prod", "prod").Exits(failure.OK).Says("10.0.0.1 is called prod already.")
	if len(s.Requests()) > 0 {
		t.Errorf("%q", s.Requests())
	}
	if got := w.Session(); got.User != consoletest.User {
		t.Errorf("%+v", got)
	}
}

// What is no name, what is taken and what is not there is refused, and says what to do.
func TestRenameRefuses(t *testing.T) {
	w, _ := named(t)
	for _, bad := range []string{"", "10.0.0.2", "a.b", "a_b", "a-", "9a", "fd00::1", "a b", "localhost", "a\x1b[2J", "\u202eprod", "ſite"} {
		w.Run("sites", "rename", "prod", bad).Exits(failure.Usage).Says("cannot be the name of a site: a name has letters").Omits("\x1b", "\u202e")
	}
	w.Run("sites", "rename", "lab", "x").Exits(failure.Usage).Says(`there is no site "lab"; there are prod`)
	w.Run("sites", "rename", "prdo", "x").Exits(failure.Usage).Says("did you mean prod?")
	w.Run("sites", "rename", "prod").Exits(failure.Usage).Says("NAME is missing")
	w.Run("sites", "rename").Exits(failure.Usage).Says("SITE is missing")
	w.Run("sites", "rename", "prod", "a", "b").Exits(failure.Usage).Says(`"b" is one word too many`)
	w.Supervisor("10.0.0.2")
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.OK)
	w.Run("sites", "rename", "10.0.0.2", "Prod").Exits(failure.Failed).Says("prod is the name of 10.0.0.1", "type: kubectl vsphere sites rename prod NEW-NAME")
	if got := site(t, w).Name; got != "prod" {
		t.Error(got)
	}
}

// A site is forgotten as a whole, once nobody is logged in there. The next login asks as at first use.
func TestRemove(t *testing.T) {
	w, s := named(t)
	w.Run("sites", "remove", "prod").Exits(failure.Failed).Says("there is a session of dev@vsphere.local at 10.0.0.1", "Log out first: kubectl vsphere logout --server 10.0.0.1")
	if !site(t, w).Known() {
		t.Error("it is forgotten")
	}
	w.Run("logout", "--server", "prod").Exits(failure.OK)
	w.Run("sites", "remove", "prod").Exits(failure.OK).Says("Forgot prod (10.0.0.1). The next login there asks as at first use.")
	w.Run("sites", "remove", "prod").Exits(failure.Usage).Says(`there is no site "prod"; no site is known yet`)
	for _, word := range []string{"ls", "list"} {
		w.Run("sites", word, "-o", "json").Exits(failure.Usage).Says(`unknown command "` + word + `"; type: kubectl vsphere list sites`)
	}
	if len(w.Store().SiteServers()) > 0 || len(s.Requests()) > 0 {
		t.Errorf("%q %q", w.Store().SiteServers(), s.Requests())
	}
	w.Run("login", "--server", "10.0.0.1", "-u", consoletest.User).Exits(failure.Server).Says("--ca-fingerprint").Omits("trusted so far")
}

// A file that cannot be read is removed by the address of its server.
func TestRemoveWhatCannotBeRead(t *testing.T) {
	w := clitest.New(t)
	w.WriteFile("store/sites/10.0.0.9.json", "{", 0o600)
	w.Run("sites", "remove", "lab").Exits(failure.Usage).Says("there are 10.0.0.9", "cannot be read")
	w.Run("sites", "rename", "10.0.0.9", "lab").Exits(failure.Failed).Says("10.0.0.9.json cannot be read", "--forget-server")
	w.Run("sites", "remove", "10.0.0.9").Exits(failure.OK).Says("Forgot 10.0.0.9.")
}

// In a store of a version without sites the session knows all, and a name makes the file.
func TestRenameOfAnEarlierVersion(t *testing.T) {
	w, _ := clitest.Site(t)
	old := tokens.Session{Server: clitest.Server, User: consoletest.User, Method: "sso", Trust: site(t, w).Trust, Hosts: []string{clitest.Server}}
	if _, err := w.Store().SaveSession(old); err != nil {
		t.Fatal(err)
	}
	w.Run("sites", "rename", clitest.Server, "prod").Exits(failure.OK)
	if got := site(t, w); got.Name != "prod" || !got.Known() {
		t.Errorf("%+v", got)
	}
}
