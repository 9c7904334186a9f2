// Package cli holds the commands of kubectl-vsphere, a file each. It is the only place that prints, and the only one
// that turns an error into an exit code and a next step.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
)

// App is the program with everything of the world that it touches, so that a test can run it whole.
type App struct {
	genericiooptions.IOStreams
	// Terminal is where a password is asked: standard input when that is a terminal, else nil.
	Terminal *os.File
	Getenv   func(string) string
	Home     string
	Now      func() time.Time
	Build    Build

	flags  globalFlags
	unread secret.Unread // one terminal, one reader
}

// globalFlags are the closed plugin's, valid for every command.
type globalFlags struct {
	requestTimeout string
	verbose        int
}

// Build says which program this is; the Makefile sets it at link time.
type Build struct{ Version, Commit, Date string }

// Run executes one command line (without the program's name) and returns the exit code of the process.
func (a *App) Run(ctx context.Context, args []string) int {
	root := a.Command()
	root.SetArgs(args)
	out := &checked{Writer: a.Out}
	a.Out = out
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.ErrOut)
	command, err := root.ExecuteContextC(ctx)
	if err == nil && out.err != nil {
		err = fmt.Errorf("write to standard output: %w", out.err)
	}
	if err == nil {
		return exitOK
	}
	var usage *usageError
	if errors.As(err, &usage) && usage.command == "" {
		usage.command = command.CommandPath()
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	a.explain(err)
	return exitCode(err)
}

// checked remembers that something could not be written, so that a full disk or a closed pipe is no success.
type checked struct {
	io.Writer
	err error
}

// Write keeps the first error.
func (c *checked) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// Command is the tree of commands, also for what documents it.
func (a *App) Command() *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-vsphere",
		Short: "vSphere Plugin for kubectl.",
		Long: `vSphere Plugin for kubectl.

Logs in to a vSphere Supervisor and writes kubeconfig contexts for the Supervisor, its vSphere Namespaces and its TKG
clusters. The contexts hold no secret: kubectl asks this program for the token.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringVar(&a.flags.requestTimeout, "request-timeout", "",
		"Request timeout for HTTP client: seconds, or a duration such as 1m. (default 30s)")
	root.PersistentFlags().IntVarP(&a.flags.verbose, "verbose", "v", 0, "Print verbose logging information.")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{command: c.CommandPath(), err: err} })
	root.AddCommand(
		a.loginCommand(), a.logoutCommand(), a.statusCommand(), a.whoamiCommand(),
		a.registryCommand(), a.getTokenCommand(), a.versionCommand(),
	)
	return root
}

// noArgs refuses arguments as a usage error, so that the exit code tells a typing mistake from a failure.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{command: c.CommandPath(), err: fmt.Errorf("%q is one word too many: %s takes flags only", args[0], c.Name())}
	}
	return nil
}

// outlive lets a login go on when whoever began it is gone, and what it says goes nowhere: the session is there for the next one.
// The signal is caught, and not ignored, which programs that we start would inherit.
func outlive() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// unknownCommand refuses a mistyped command and says which ones are like it.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := c.SuggestionsFor(args[0]); len(like) > 0 {
		return usagef("unknown command %q; did you mean %s?", args[0], strings.Join(like, " or "))
	}
	return usagef("unknown command %q", args[0])
}
