// Package clitest runs the whole program in memory. Only tests outside of the packages that the program is made of (package x_test)
// can import it.
package clitest

import (
	"context"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// New is a world whose program is kubectl-vsphere.
func New(t testing.TB) *consoletest.World {
	t.Helper()
	w := consoletest.New(t)
	w.Program = func(ctx context.Context, e *console.Env, args []string) int {
		return cli.Run(ctx, e, cli.Build{Version: "v0.0.0-test", Commit: "none", Date: "none"}, args)
	}
	return w
}

// Server is the Supervisor of Site.
const Server = "10.0.0.1"

// Site is a world with a Supervisor that has two vSphere Namespaces and, in the first one, two TKG clusters.
func Site(t testing.TB) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w := New(t)
	s := w.Supervisor(Server,
		&consoletest.Namespace{Name: "ns1", Clusters: []*consoletest.Cluster{w.Cluster("tkc1", "10.0.0.11"), w.Cluster("tkc2", "10.0.0.12")}},
		&consoletest.Namespace{Name: "ns2"},
	)
	return w, s
}

// SignIn is the command line of a login of User with vCenter Single Sign-On.
func SignIn(w *consoletest.World, more ...string) []string {
	return append([]string{"login", "--server", Server, "-u", consoletest.User, "--certificate-authority", w.CAFile}, more...)
}

// SignedIn logs in at a Site with a password that is not at hand afterwards, and forgets the requests of that.
func SignedIn(t testing.TB, w *consoletest.World, s *consoletest.Supervisor, more ...string) {
	t.Helper()
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(SignIn(w, more...)...).Exits(0)
	delete(w.Vars, failure.PasswordVariable)
	s.Forget()
}
