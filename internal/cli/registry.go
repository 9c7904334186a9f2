package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

const registryLong = `Uses your vSphere login for container registries: docker push REGISTRY/NAMESPACE/IMAGE works, with docker, podman, skopeo,
buildah, crane, oras, helm, regctl and BuildKit, as long as your login does.

"add" looks at a registry, sees whether it takes your login, remembers it, and tells docker's config.json to ask
docker-credential-vsphere about it. After that "kubectl vsphere login" is all there is to do.`

func (a *App) registryCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "registry",
		Short: "Uses your login for container registries (docker push and pull).",
		Long:  registryLong,
		Args:  unknownCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.registryAddCommand(), a.registryListCommand(), a.registryStatusCommand(), a.registryRemoveCommand(),
		a.registryConfigureCommand(), a.registryCACommand(), a.installHelperCommand(), a.registryRobotCommand(), a.pullSecretCommand(),
		a.registryLoginCommand(), a.registryLogoutCommand(),
	)
	return c
}

// registries is the part of the store that is about registries.
func (a *App) registries() (registry.Store, error) {
	store, err := a.openStore()
	if err != nil {
		return registry.Store{}, err
	}
	return registry.Store{Dir: store.Dir()}, nil
}

// oneRegistry takes the address of a registry as the only argument.
func oneRegistry(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		err := errors.New("which registry? Type its address, as in 10.0.0.5")
		if len(args) > 1 {
			err = fmt.Errorf("%q is one word too many: one registry at a time", args[1])
		}
		return &usageError{command: c.CommandPath(), err: err}
	}
	return anyRegistries(c, args)
}

// anyRegistries takes addresses of registries.
func anyRegistries(c *cobra.Command, args []string) error {
	for _, arg := range args {
		if _, err := registry.ParseHost(arg); err != nil {
			return &usageError{command: c.CommandPath(), err: fmt.Errorf("%.200q: %w", arg, err)}
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

func (a *App) completeRegistries(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	store, err := a.registries()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	records, _ := store.Records()
	var all []string
	for _, r := range records {
		all = append(all, r.Host)
	}
	return offer(all)
}
