package registrycmd_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// A registry is that of the session, however its record or -u spells the user.
func TestSpellingsOfTheUser(t *testing.T) {
	for _, name := range []string{"DEV@vsphere.local", `VSPHERE.LOCAL\dev`, "dev"} {
		r := newRig(t)
		r.SignIn(supervisor, func(s *tokens.Session) { s.Identity = consoletest.User })
		r.harbor.Logins[asToken] = token
		r.Run("registry", "add", host, "-u", name).Exits(failure.OK)
		if got := r.record(t); got.User != consoletest.User {
			t.Errorf("%s: %+v", name, got)
		}
		if got := r.Run("registry", "list", "-u", name).Exits(failure.OK).Out; !strings.Contains(got, host) {
			t.Errorf("list -u %s: %s", name, got)
		}
		r.Run("registry", "list", "-u", "other@vsphere.local").Exits(failure.OK).Omits(host)
		r.Run("registry", "logout", "-u", "other@vsphere.local").Says("nothing to log out of")
		r.Run("registry", "logout", "-u", name).Exits(failure.OK).Says("Logged out of " + host)
		r.Run("logout", "-u", name).Exits(failure.OK).Says("Logged out " + consoletest.User)
	}
}

// A login makes the record name the user as the session does, also if the registry cannot be reached: clients find the token by that.
func TestLoginSpellsTheRecordAnew(t *testing.T) {
	r := newRig(t)
	r.Supervisor(supervisor)
	for _, name := range []string{`VSPHERE.LOCAL\dev`, "other@vsphere.local"} {
		if err := r.records().SaveRecord(registry.Record{Host: host, Server: supervisor, User: name, Username: asToken, AuthMode: registry.HTTPAuth}); err != nil {
			t.Fatal(err)
		}
		r.Down(host + ":443")
		r.Vars[failure.PasswordVariable] = consoletest.Password
		r.Run("login", "--server", supervisor, "-u", consoletest.User, "--certificate-authority", r.CAFile)
		want := name
		if name[0] == 'V' {
			want = consoletest.User
		}
		if got := r.record(t); got.User != want || got.Username != asToken {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
