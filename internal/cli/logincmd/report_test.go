package logincmd_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A person sees the contexts by kind, with a star before the current one. A script sees what VMware's plugin prints.
func TestListOfContextsAtATerminal(t *testing.T) {
	w, s := clitest.Site(t)
	s.Namespaces[0].Name = "zeta" // After the clusters in byte order.
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(clitest.SignIn(w)...).Exits(failure.OK).Says("contexts:\n   10.0.0.1\n   ns2\n   tkc1\n   tkc2\n   zeta\n")
	w.Columns = 80
	w.Run(clitest.SignIn(w)...).Exits(failure.OK).Says("contexts:\n  *10.0.0.1\n   ns2\n   zeta\n   tkc1\n   tkc2\n")
}
