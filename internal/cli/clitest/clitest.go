// Package clitest runs the whole program in memory. Only tests outside of the packages that the program is made of (package x_test)
// can import it.
package clitest

import (
	"context"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
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
