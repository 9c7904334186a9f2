package logincmd_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// site is a Supervisor with two namespaces and two clusters.
func site(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w := clitest.New(t)
	s := w.Supervisor("10.0.0.1",
		&consoletest.Namespace{Name: "ns1", Clusters: []*consoletest.Cluster{w.Cluster("tkc1", "10.0.0.11"), w.Cluster("tkc2", "10.0.0.12")}},
		&consoletest.Namespace{Name: "ns2"},
	)
	return w, s
}

// signIn is the command line of a login with vCenter Single Sign-On.
func signIn(w *consoletest.World, more ...string) []string {
	return append([]string{"login", "--server", "10.0.0.1", "-u", consoletest.User, "--certificate-authority", w.CAFile}, more...)
}

func TestLogin(t *testing.T) {
	w, s := site(t)
	w.Vars["KUBECTL_VSPHERE_PASSWORD"] = consoletest.Password
	w.Run(signIn(w)...).Exits(0).Says("Logged in successfully.", "   10.0.0.1\n", "   ns1\n", "   ns2\n", "   tkc1\n", "   tkc2\n").Omits(consoletest.Password)
	if n := s.Count("GET /wcp/workloads"); n != 1 {
		t.Errorf("%d requests prove the password", n)
	}
}
