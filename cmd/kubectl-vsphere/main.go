// Command kubectl-vsphere logs in to a vSphere Supervisor and hands kubectl its tokens.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	_ "github.com/kubectl-vsphere/kubectl-vsphere/cmd/kubectl-vsphere/early" // Answers get-token before main runs.
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
)

// Set by the Makefile with -ldflags -X.
var version, commit, date = "0.1.0-dev", "unknown", "unknown"

func main() { os.Exit(run()) }

func run() int {
	// SIGHUP comes when kubectl, dying of the same Ctrl-C, led the terminal's session: the echo is to be restored then too,
	// and after Ctrl-\.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	home, _ := os.UserHomeDir()
	app := &cli.App{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:    os.Getenv,
		Home:      home,
		Now:       time.Now,
		Build:     cli.Build{Version: version, Commit: commit, Date: date},
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		app.Terminal = os.Stdin
	}
	return app.Run(ctx, os.Args[1:])
}
