// Package namecmd is kubectl vsphere sites: what a person calls the Supervisors that are known, and which are forgotten.
package namecmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const long = `Gives Supervisors names, and forgets them. To see what is known, type: kubectl vsphere list sites

A site is what is known of a Supervisor: its address, how it is verified, and how the last login
there was made. It has no secret, and a logout leaves it. Its name, which login --name gives, works
in place of the address: kubectl vsphere login prod

A name has letters, digits and hyphens, and begins with a letter. Upper and lower case are the same.
These commands ask no server.`

// New returns the sites command.
func New(e *console.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "sites", Short: "Gives Supervisors names, and forgets them.", Long: long,
		Example: "  kubectl vsphere list sites\n  kubectl vsphere sites rename prod production\n  kubectl vsphere sites remove lab",
		Args:    unknown, RunE: command.Help,
	}
	c.AddCommand(renameCommand(e), removeCommand(e))
	return c
}

// unknown returns a usage error for a command that does not exist.
func unknown(c *cobra.Command, args []string) error {
	if len(args) > 0 && slices.Contains([]string{"list", "ls", "get", "show"}, args[0]) {
		return &failure.UsageError{Command: c.CommandPath(), Group: true, Err: fmt.Errorf("unknown command %q; type: kubectl vsphere list sites", args[0])}
	}
	return command.Unknown(c, args)
}

func renameCommand(e *console.Env) *cobra.Command {
	return &cobra.Command{
		Use: "rename SITE NAME", Short: "Gives a site another name.",
		Long: `Gives a site another name. SITE is its name, or its address if it has none. Contexts keep their
names: the next login gives new contexts the new one, where it needs one.`,
		Example: "  kubectl vsphere sites rename prod production\n  kubectl vsphere sites rename 10.0.0.2 lab",
		Args:    words("SITE", "NAME"), ValidArgsFunction: command.Sites(e),
		RunE: func(c *cobra.Command, args []string) error { return rename(c.Context(), e, args[0], args[1]) },
	}
}

func removeCommand(e *console.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove SITE", Short: "Forgets a site: its name, and how it is verified.",
		Long: `Forgets a site: its name, how its servers are verified, and how the last login there was made. The
next login there is like the first one. SITE is a name or an address. Log out of it first.`,
		Example: "  kubectl vsphere sites remove lab",
		Args:    words("SITE"), ValidArgsFunction: command.Sites(e),
		RunE: func(c *cobra.Command, args []string) error { return remove(c.Context(), e, args[0]) },
	}
}

// words takes as many arguments as it has names for. The first one calls a site.
func words(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		var err error
		switch {
		case len(args) > len(names):
			err = fmt.Errorf("%q is one word too many", args[len(names)])
		case len(args) > 0:
			err = command.CheckSite(args[0])
		}
		if err == nil && len(args) < len(names) {
			err = fmt.Errorf("%s is missing", names[len(args)])
		}
		if err == nil {
			return nil
		}
		return &failure.UsageError{Command: c.CommandPath(), Err: err}
	}
}

// find opens the store and returns one of its sites.
func find(e *console.Env, word string) (*tokens.Store, tokens.Site, error) {
	store, err := e.OpenStore()
	if err != nil {
		return nil, tokens.Site{}, err
	}
	known, err := command.KnownSite(e, store, word)
	return store, known, err
}

// rename gives a site another name.
func rename(ctx context.Context, e *console.Env, word, typed string) error {
	name, err := tokens.ParseSiteName(typed)
	if err != nil {
		return failure.Usagef("%w", err)
	}
	store, known, err := find(e, word)
	if err != nil {
		return err
	}
	if known.Name == name {
		e.Printf("%s is called %s already.", known.Server, name)
		return nil
	}
	if err := (session.Sites{Sessions: method.Sessions(e, store)}).Name(ctx, known.Server, name); err != nil {
		return err
	}
	e.Printf("%s is now called %s.", title(known), name)
	return nil
}

// remove forgets a site.
func remove(ctx context.Context, e *console.Env, word string) error {
	store, known, err := find(e, word)
	if err != nil {
		return err
	}
	if at := store.SessionsAt(known.Server); len(at) > 0 {
		return failure.Hint(fmt.Errorf("there is a session of %s at %s", at[0].User, known.Server),
			"Log out first: kubectl vsphere logout --server %s", failure.Quote(known.Server))
	}
	found, err := store.ForgetSite(ctx, known.Server)
	switch {
	case err != nil:
		return fmt.Errorf("%s could not be forgotten: %w", known.Server, err)
	case !found:
		return errors.New("another command has forgotten it already")
	}
	e.Printf("Forgot %s. The next login there asks as at first use.", title(known))
	return nil
}

// title returns a site for a sentence.
func title(s tokens.Site) string {
	if s.Name == "" {
		return s.Server
	}
	return s.Name + " (" + s.Server + ")"
}
