// Package registrycmd is kubectl vsphere registry: the commands that use a vSphere login for container registries.
package registrycmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/registrycmd/robotcmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const registryLong = `Uses your vSphere login for container registries. As long as you are logged in,
"docker push REGISTRY/NAMESPACE/IMAGE" works, and so do podman, skopeo, buildah, crane, oras, helm,
regctl and BuildKit.

"add" checks that a registry accepts your login and adds docker-credential-vsphere to docker's
config.json. After that, "kubectl vsphere login" is all you need.`

const registryExample = `  # Use your login for a registry
  kubectl vsphere registry add 10.0.0.5
  docker push 10.0.0.5/team-a/app

  # Ask the registries whether they accept it now
  kubectl vsphere registry status`

// Deps are what the commands need from the rest of the program.
type Deps struct {
	Env *console.Env
	// Sessions returns the user's sessions in a store, with every login method.
	Sessions func(*console.Env, *tokens.Store) *session.Sessions
	// Login runs kubectl vsphere login.
	Login func(context.Context, LoginOptions) error
}

// LoginOptions are a login that a registry needs.
type LoginOptions struct {
	Server string
	User   string // empty: login asks, or the identity provider says who it is
	CAFile string // empty: as in the last login
}

// action is one run of a command.
type action struct {
	Deps
	env      *console.Env
	sessions *session.Sessions
	records  registry.Store
	access   *registryaccess.Access
}

// open opens the store for one run.
func (d Deps) open() (*action, error) {
	access, err := registryaccess.Open(d.Env, d.Sessions)
	if err != nil {
		return nil, err
	}
	return &action{Deps: d, env: d.Env, sessions: access.Sessions, records: access.Records, access: access}, nil
}

// with opens the store and calls run.
func (d Deps) with(run func(*action) error) error {
	a, err := d.open()
	if err != nil {
		return err
	}
	return run(a)
}

// New returns the registry command with its subcommands.
func New(d Deps) *cobra.Command {
	c := &cobra.Command{
		Use:     "registry",
		Short:   "Uses your login for container registries (docker push and pull).",
		Long:    registryLong,
		Example: registryExample,
		Args:    command.Unknown,
		RunE:    command.Help,
	}
	robots := robotcmd.Deps{Env: d.Env, Sessions: d.Sessions}
	c.AddCommand(
		d.addCommand(), d.listCommand(), d.statusCommand(), d.removeCommand(),
		d.configureCommand(), d.caCommand(), d.installHelperCommand(), robotcmd.New(robots), robotcmd.NewPullSecret(robots),
		d.loginCommand(), d.logoutCommand(),
	)
	return c
}
