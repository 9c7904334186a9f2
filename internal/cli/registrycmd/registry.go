// Package registrycmd is kubectl vsphere registry: your login for container registries.
package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const registryLong = `Uses your vSphere login for container registries: docker push REGISTRY/NAMESPACE/IMAGE works, with docker, podman, skopeo,
buildah, crane, oras, helm, regctl and BuildKit, as long as your login does.

"add" looks at a registry, sees whether it takes your login, remembers it, and tells docker's config.json to ask
docker-credential-vsphere about it. After that "kubectl vsphere login" is all there is to do.`

// Deps are what the commands need of the rest of the program.
type Deps struct {
	Env *console.Env
	// Sessions are the user's sessions with every login method, as an environment sees them.
	Sessions func(*console.Env, *tokens.Store) *session.Sessions
	// Login runs kubectl vsphere login.
	Login func(context.Context, LoginOptions) error
}

// LoginOptions are a login that a registry needs.
type LoginOptions struct {
	Server string
	User   string // empty: to be asked, or told by the identity provider
	CAFile string // empty: as the last time
}

// action is one run of a command.
type action struct {
	Deps
	env      *console.Env
	sessions *session.Sessions
	records  registry.Store
	access   *registryaccess.Access
}

// open opens the store.
func (d Deps) open() (*action, error) {
	store, err := d.Env.OpenStore()
	if err != nil {
		return nil, err
	}
	sessions := d.Sessions(d.Env, store)
	return &action{Deps: d, env: d.Env, sessions: sessions, records: registryaccess.Records(store), access: registryaccess.New(d.Env, sessions)}, nil
}

// with runs something with an open store.
func (d Deps) with(run func(*action) error) error {
	a, err := d.open()
	if err != nil {
		return err
	}
	return run(a)
}

// New is the command with those below it.
func New(d Deps) *cobra.Command {
	c := &cobra.Command{
		Use:   "registry",
		Short: "Uses your login for container registries (docker push and pull).",
		Long:  registryLong,
		Args:  command.Unknown,
		RunE:  command.Help,
	}
	c.AddCommand(
		d.addCommand(), d.listCommand(), d.statusCommand(), d.removeCommand(),
		d.configureCommand(), d.caCommand(), d.installHelperCommand(), d.robotsCommand(), d.pullSecretCommand(),
		d.loginCommand(), d.logoutCommand(),
	)
	return c
}

// oneRegistry takes the address of a registry as the only argument.
func oneRegistry(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		err := errors.New("which registry? Type its address, as in 10.0.0.5")
		if len(args) > 1 {
			err = fmt.Errorf("%q is one word too many: one registry at a time", args[1])
		}
		return &failure.UsageError{Command: c.CommandPath(), Err: err}
	}
	return anyRegistries(c, args)
}

// anyRegistries takes addresses of registries.
func anyRegistries(c *cobra.Command, args []string) error {
	for _, arg := range args {
		if _, err := registry.ParseHost(arg); err != nil {
			return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%.200q: %w", arg, err)}
		}
	}
	return nil
}

// hosts are the arguments as the store spells them; they were checked.
func hosts(args []string) (all []string) {
	for _, arg := range args {
		if host, err := registry.ParseHost(arg); err == nil {
			all = append(all, host)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// complete completes the registries that were added.
func (d Deps) complete() command.Complete {
	return command.Values(func() (all []string) {
		store, err := d.Env.OpenStore()
		if err != nil {
			return nil
		}
		records, _ := registryaccess.Records(store).Records()
		for _, r := range records {
			all = append(all, r.Host)
		}
		return all
	})
}
