// Command kubectl-vsphere logs in to a vSphere Supervisor and gives kubectl its tokens.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/kubectl-vsphere/kubectl-vsphere/cmd/kubectl-vsphere/early" // Answers get-token before main runs.
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
)

// Set by the Makefile with -ldflags -X.
var version, commit, date = "0.1.0-dev", "unknown", "unknown"

func main() { os.Exit(run()) }

func run() int {
	process.NoDump()
	// SIGHUP comes if kubectl leads the terminal's session and ends after the same Ctrl-C. SIGQUIT is Ctrl-\. After each of these
	// signals, a prompt must restore the terminal's echo.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	return cli.Run(ctx, console.System(), cli.Build{Version: version, Commit: commit, Date: date}, os.Args[1:])
}
