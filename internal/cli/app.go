// Package cli is the program: the root command with its wiring, and the small commands (logout, status, whoami, version,
// get-token). Run returns the exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/argocmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clustercmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/describecmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/doctorcmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/logincmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/logoutcmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/manifestcmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/migratecmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/namecmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/registrycmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/sitecmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/vmcmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Build is the version of the program. The Makefile sets it at link time.
type Build struct{ Version, Commit, Date string }

// Run executes one command line (without the program's name) and returns the exit code of the process.
func Run(ctx context.Context, e *console.Env, b Build, args []string) int {
	e.Protect()
	e.Agent = fmt.Sprintf("%s/%s (%s/%s)", wire.UserAgent, b.Version, runtime.GOOS, runtime.GOARCH)
	root := Command(e, b)
	root.SetArgs(args)
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.ErrOut)
	command.StrictCompletion(root, args)
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = command.Misused(c)
	}
	if unwritten := e.Finish(); unwritten != nil && (err == nil || failure.Printed(err)) { // What was printed may be what is lost.
		err = fmt.Errorf("write to standard output: %w", unwritten)
	}
	var usage *failure.UsageError
	if errors.As(err, &usage) && usage.Command == "" {
		err = &failure.UsageError{Command: c.CommandPath(), Err: err}
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = failure.ErrInterrupted
	}
	if err != nil {
		failure.Explain(console.Prose(e.ErrOut), err)
	}
	return failure.Code(err)
}

const rootLong = `Logs in to a vSphere Supervisor and writes kubeconfig contexts for the Supervisor, its vSphere
Namespaces and its TKG clusters.

The contexts hold no secret: kubectl asks this program for a token. The program caches the token
and renews it.`

const rootExample = `  # Log in with vCenter Single Sign-On, then use a cluster
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --certificate-authority vcenter-ca.pem
  kubectl --context tkc1 get pods

  # Log in with the Supervisor's identity provider
  kubectl vsphere login --server 10.0.0.1

  # Show the sessions and how long their tokens are valid
  kubectl vsphere status

  # Use the login for docker push and pull
  kubectl vsphere registry add 10.0.0.5`

// Command returns the tree of commands. Tools that document it call it too.
func Command(e *console.Env, b Build) *cobra.Command {
	root := &cobra.Command{
		Use: "kubectl-vsphere", Short: "Logs in to a vSphere Supervisor, its namespaces and clusters.", Long: rootLong, Example: rootExample,
		SilenceUsage: true, SilenceErrors: true, Args: unknown, RunE: command.Help,
	}
	addGlobalFlags(root, e)
	root.SetFlagErrorFunc(command.FlagError)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp) // Flags that take a file say so.
	registries := registryDeps(e)
	login := loginDeps(e, registries)
	registries.Login = func(ctx context.Context, o registrycmd.LoginOptions) error { return loginFor(ctx, login, o) }
	root.AddCommand(
		logincmd.New(login, logincmd.Run), logoutcmd.New(e), statusCommand(e), whoamiCommand(e),
		sitecmd.NewList(e), describecmd.New(e), sitecmd.NewUse(e), clusterCommand(e), vmcmd.New(e, sitecmd.NewListVMs(e)), namecmd.New(e), registrycmd.New(registries), migrateCommand(e, login), doctorcmd.New(doctorDeps(e)), getTokenCommand(e), versionCommand(e, b),
	)
	command.StrictHelp(root)
	command.FitHelp(root)
	return root
}

// unknown returns a usage error for a command that does not exist.
func unknown(c *cobra.Command, args []string) error {
	if len(args) > 0 && args[0] == "get" {
		return sitecmd.Get(c, args[1:])
	}
	return command.Unknown(c, args)
}

func clusterCommand(e *console.Env) *cobra.Command {
	c := clustercmd.New(e)
	c.AddCommand(manifestcmd.NewManifest(e), manifestcmd.NewUpgrade(e), manifestcmd.NewScale(e), argocmd.New(e))
	return c
}

func registryDeps(e *console.Env) registrycmd.Deps {
	return registrycmd.Deps{Env: e, Sessions: method.Sessions}
}

func doctorDeps(e *console.Env) doctorcmd.Deps {
	return doctorcmd.Deps{Env: e, Registries: func(ctx context.Context, e *console.Env) ([]doctor.Finding, error) {
		return registrycmd.Findings(ctx, registryDeps(e))
	}}
}

func loginDeps(e *console.Env, registries registrycmd.Deps) logincmd.Deps {
	return logincmd.Deps{Env: e, Refresh: func(ctx context.Context, s tokens.Session) { registrycmd.Refresh(ctx, registries, s) }}
}

// loginFor logs in for a registry.
func loginFor(ctx context.Context, d logincmd.Deps, o registrycmd.LoginOptions) error {
	server, err := supervisor.ParseAddress(o.Server)
	if err != nil {
		return failure.Usagef("--server: %w", err)
	}
	options := logincmd.Defaults()
	options.Server, options.User, options.Trust.CAFile = server, o.User, o.CAFile
	return logincmd.Run(ctx, d, options)
}

// migrateCommand is migrate, whose logins leave the current context to the tool that chose it.
func migrateCommand(e *console.Env, d logincmd.Deps) *cobra.Command {
	return migratecmd.New(migratecmd.Deps{Env: e, Login: func(ctx context.Context, l migratecmd.Login) error {
		options := logincmd.Defaults()
		options.User, options.KeepContext = l.User, true
		if l.Known {
			options.Word = l.Server
			return logincmd.Run(ctx, d, options)
		}
		var err error
		if options.Server, err = supervisor.ParseAddress(l.Server); err != nil {
			return err
		}
		return logincmd.Run(ctx, d, options)
	}})
}

const defaultTimeout = 30 * time.Second

// addGlobalFlags adds the flags of every command. VMware's plugin has them too.
func addGlobalFlags(root *cobra.Command, e *console.Env) {
	var timeout string
	var verbose int
	root.PersistentFlags().StringVar(&timeout, "request-timeout", "",
		"`TIME` to wait for each request: seconds, or a duration such as 1m.\n(default 30s)")
	root.PersistentFlags().IntVarP(&verbose, "verbose", "v", 0, "`LEVEL` 1 or more: write a line for each request to standard error.")
	root.PersistentPreRunE = func(*cobra.Command, []string) (err error) {
		e.Verbose = verbose > 0
		e.Timeout, err = parseTimeout(timeout)
		return err
	}
}

// parseTimeout reads --request-timeout: seconds, or a duration. 0 is the default and not "for ever": every wait has a bound.
func parseTimeout(typed string) (time.Duration, error) {
	if typed == "" || typed == "0" {
		return defaultTimeout, nil
	}
	s := typed
	if strings.Trim(s, "0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, failure.Usagef("--request-timeout: %q is not a number of seconds or a duration such as 30s", typed)
	}
	return d, nil
}
