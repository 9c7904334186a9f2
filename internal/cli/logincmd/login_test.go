package logincmd_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// site and signIn are those of clitest.
func site(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	return clitest.Site(t)
}

func signIn(w *consoletest.World, more ...string) []string { return clitest.SignIn(w, more...) }

func TestLogin(t *testing.T) {
	w, s := site(t)
	w.Vars["KUBECTL_VSPHERE_PASSWORD"] = consoletest.Password
	w.Run(signIn(w)...).Exits(0).Says("Logged in successfully.", "   10.0.0.1\n", "   ns1\n", "   ns2\n", "   tkc1\n", "   tkc2\n").Omits(consoletest.Password)
	if n := s.Count("GET /wcp/workloads"); n != 1 {
		t.Errorf("%d requests prove the password", n)
	}
}

// The contexts of a program with another name would not be known as ours by the next login.
func TestLoginOfAProgramWithAnotherName(t *testing.T) {
	w, s := site(t)
	w.Vars["KUBECTL_VSPHERE_PASSWORD"] = consoletest.Password
	w.Programs, w.Self = nil, w.WriteFile("bin/kv", "#!/bin/sh\n", 0o755)
	w.Run(signIn(w)...).Exits(1).Says("this program is called kv", "Rename it")
	if n := s.Count("GET /wcp/workloads"); n != 0 {
		t.Errorf("the password was sent %d times", n)
	}
	w.Run(signIn(w, "--static-tokens")...).Exits(0) // These entries name no program.
}

// People type the Supervisor without its flag. Only a known one is meant: nothing is sent to a word.
func TestLoginToAWord(t *testing.T) {
	w, s := site(t)
	w.Run("login", "https://10.0.0.1/ui/").Exits(2).Says(`there is no site "https://10.0.0.1/ui/"`, "type: kubectl vsphere login --server 10.0.0.1")
	w.Run("login", "--server", "10.0.0.1", "10.0.0.2").Exits(2).Says("one word too many").Omits("type: kubectl")
	w.Run("login", "a@b").Exits(2).Omits("type: kubectl vsphere login --server")
	unasked(t, s)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	w.Run("logout").Exits(0)
	w.Run("login", "https://10.0.0.1/ui/").Exits(0).Says("Logging in to 10.0.0.1 as dev@vsphere.local, with vCenter Single Sign-On.")
}
