// Package migratecmd is kubectl vsphere migrate: what other tools left for Supervisors, and logins that bring contexts of ours for the same.
package migratecmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/migrate"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const long = `Shows the contexts that other tools left for Supervisors, and whether you have contexts of this
program for the same. Then it logs in where some are missing:

- where you have a session already, at once, as: kubectl vsphere login
- elsewhere after you say yes, at a terminal; without one it prints what to type.

It finds contexts of VMware's plugin and of tcli in the kubeconfig, those of the Tanzu CLI and the
Pinniped CLI that log in at a Supervisor, and the contexts in ~/.config/tanzu and ~/.config/vcf.

It never takes over a token or a password of another tool, and writes no file of theirs. In the
kubeconfig, a login takes over the contexts of VMware's plugin for its server and user: they keep
their names, and their token goes. Contexts of other tools and the current context stay.`

const example = `  kubectl vsphere migrate --dry-run
  kubectl vsphere migrate
  kubectl vsphere migrate -o json`

// Login is a login that brings contexts.
type Login struct {
	Server string `json:"server"`
	User   string `json:"user,omitempty"` // empty: the login finds out
	Known  bool   `json:"session"`        // there is a session: it is repeated
}

// Deps are what the command needs.
type Deps struct {
	Env   *console.Env
	Login func(ctx context.Context, l Login) error
}

// options are the flags.
type options struct {
	DryRun bool
	Format command.Format
}

// New returns the migrate command.
func New(d Deps) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use: "migrate", Short: "Shows contexts of other tools, and logs in to the same Supervisors.", Long: long, Example: example,
		Args: command.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), d, o) },
	}
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "Show what is there and what to type. Log in nowhere.")
	o.Format.AddFormats(c, "Output format: name, json or yaml. It only shows, as --dry-run.\n(default a table)", "name", "json", "yaml")
	return c
}

// run shows what other tools left, and logs in where contexts are missing.
func run(ctx context.Context, d Deps, o options) error {
	store, files, err := command.Open(d.Env)
	if err != nil {
		return err
	}
	config, err := files.Load()
	if err != nil {
		return err
	}
	all, unread := migrate.Read(ctx, d.Env.Home, config)
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range unread {
		d.Env.Warn(err)
	}
	var part error
	if len(unread) > 0 {
		part = failure.Silent(failure.ErrPartial)
	}
	m := migration{Deps: d, store: store, all: all}
	if err := o.print(d.Env, listing{Contexts: all, Logins: typed(m.logins()), Partial: len(unread) > 0}); err != nil {
		return err
	}
	if o.Format != "" || len(all) == 0 {
		return part
	}
	if err := m.bring(ctx, o.DryRun); err != nil {
		return err
	}
	return part
}

// migration is one run.
type migration struct {
	Deps
	store *tokens.Store
	all   []migrate.Context
}

// logins returns the logins that would bring contexts.
func (m migration) logins() []Login {
	logins := []Login{}
	sessions, _ := m.store.Sessions()
	for _, s := range migrate.Sites(m.all) {
		if l := loginAt(s, sessions); !slices.Contains(logins, l) {
			logins = append(logins, l)
		}
	}
	return logins
}

// loginAt returns the login at a site. Only a session in our own store makes a server known: whoever writes a kubeconfig must not decide where
// a password goes.
func loginAt(site migrate.Site, sessions []tokens.Session) Login {
	for _, s := range sessions {
		if sameHost(s.Server, site.Server) && (site.User == "" || s.Called(site.User)) {
			return Login{s.Server, s.LoginName(), true}
		}
	}
	return Login{Server: site.Server, User: site.User}
}

// sameHost compares addresses of Supervisors. A context does not tell the port of the front.
func sameHost(ours, theirs string) bool {
	a, err := supervisor.ParseAddress(ours)
	b, alsoErr := supervisor.ParseAddress(theirs)
	return err == nil && alsoErr == nil && a.Host == b.Host && (b.Port == 0 || a.Port == b.Port)
}

// bring logs in where contexts are missing, or says what to type.
func (m migration) bring(ctx context.Context, dryRun bool) error {
	var untyped []Login
	var failed []error
	logins, done := m.logins(), 0
	for _, l := range logins {
		yes, err := m.agreed(ctx, l, dryRun)
		if err != nil {
			return err
		}
		if !yes {
			untyped = append(untyped, l)
			continue
		}
		err = m.Login(ctx, l)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var usage *failure.UsageError
		if errors.As(err, &usage) { // It needs flags, which are login's.
			untyped = append(untyped, l)
			err = &failure.UsageError{Command: "kubectl-vsphere login", Err: err}
		}
		if err != nil {
			failed = append(failed, err)
		}
		if err == nil || errors.Is(err, failure.ErrPartial) {
			done++
		}
	}
	if m.tell(untyped); done == 0 {
		m.tellRest()
	}
	if len(logins) == 1 {
		return errors.Join(failed...)
	}
	return m.explain(failed, done)
}

// explain prints what failed, and returns the error of the command.
func (m migration) explain(failed []error, done int) error {
	for _, err := range failed {
		failure.Explain(console.Prose(m.Env.ErrOut), err)
	}
	switch {
	case len(failed) == 0:
		return nil
	case done == 0:
		return failure.Silent(failed[0])
	}
	return failure.Silent(failure.ErrPartial)
}

// agreed reports whether to log in now: a session says so, or a person.
func (m migration) agreed(ctx context.Context, l Login, dryRun bool) (bool, error) {
	switch {
	case dryRun:
		return false, nil
	case l.Known:
		return true, nil
	case m.Env.Terminal == nil:
		return false, nil
	}
	as := ""
	if l.User != "" {
		as = " as " + l.User
	}
	return m.Env.Confirm(ctx, fmt.Sprintf("Log in to %s%s, to get contexts of your own?", l.Server, as))
}
