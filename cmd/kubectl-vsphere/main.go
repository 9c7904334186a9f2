// Command kubectl-vsphere logs in to a vSphere Supervisor and gives kubectl its tokens.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"k8s.io/klog/v2"

	_ "github.com/kubectl-vsphere/kubectl-vsphere/cmd/kubectl-vsphere/early" // Answers get-token before main runs.
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	told "github.com/kubectl-vsphere/kubectl-vsphere/internal/version"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
)

// Set by the Makefile with -ldflags -X. `go install` sets none of them.
var version, commit, date string

func main() { os.Exit(run()) }

// logTo sends what libraries log there, as harmless as all else. klog is that of Kubernetes' libraries.
func logTo(w io.Writer) {
	log.SetOutput(w)
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(w, nil)))
}

func run() int {
	process.NoDump()
	// SIGHUP comes if kubectl leads the terminal's session and ends after the same Ctrl-C. SIGQUIT is Ctrl-\. After each of these
	// signals, a prompt must restore the terminal's echo.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	e := console.System()
	logTo(e.ErrOut)
	return cli.Run(ctx, e, cli.Build(told.Complete(told.Info{Version: version, Commit: commit, Date: date}, debug.ReadBuildInfo)), os.Args[1:])
}
