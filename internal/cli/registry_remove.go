package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

func (a *App) registryRemoveCommand() *cobra.Command {
	var noConfigure bool
	c := &cobra.Command{
		Use:   "remove REGISTRY",
		Short: "Forgets a registry.",
		Long: `Forgets a registry and what was stored for it, and takes docker-credential-vsphere out of docker's config.json for it. The login that
it used stays.`,
		Example:           "  kubectl vsphere registry remove 10.0.0.5",
		Args:              oneRegistry,
		ValidArgsFunction: a.completeRegistries,
		RunE: func(c *cobra.Command, args []string) error {
			return a.registryRemove(c.Context(), hosts(args)[0], noConfigure)
		},
	}
	c.Flags().BoolVar(&noConfigure, "no-configure", false, "Leave docker's config.json as it is.")
	return c
}

// registryRemove removes the secret first.
func (a *App) registryRemove(ctx context.Context, host string, noConfigure bool) error {
	store, err := a.registries()
	if err != nil {
		return err
	}
	_, known, err := store.Record(host)
	known = known || err != nil // What cannot be read goes too.
	stored, err := store.RemoveLogin(host)
	if err == nil {
		err = store.RemoveRecord(host)
	}
	if err == nil && !noConfigure {
		var file dockerconfig.File
		if file, err = a.dockerConfig(); err == nil {
			err = a.unconfigureDocker(ctx, file, []string{host})
		}
	}
	if err != nil {
		return err
	}
	if known || stored {
		fmt.Fprintf(a.Out, "Forgot %s.\n", host)
		return nil
	}
	fmt.Fprintf(a.Out, "%s was not known.\n", host)
	return nil
}

// registryLogoutCommand is docker-credential-vsphere logout.
func (a *App) registryLogoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "logout [REGISTRY...]",
		Short:             "Hands nothing out for registries until the next login; without an argument, for all.",
		Hidden:            true,
		Args:              anyRegistries,
		ValidArgsFunction: a.completeRegistries,
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.registries()
			if err != nil {
				return err
			}
			return a.registryLogout(store, hosts(args))
		},
	}
}

// registryLogout is what a registry client's logout does, for registries or for all.
func (a *App) registryLogout(store registry.Store, hosts []string) error {
	all := len(hosts) == 0
	known := 0
	records, _ := store.Records()
	for _, r := range records {
		if !all && !slices.Contains(hosts, r.Host) {
			continue
		}
		r.LoggedOut = true
		if err := store.SaveRecord(r); err != nil {
			return err
		}
		known++
		fmt.Fprintf(a.Out, "Logged out of %s.\n", r.Host)
	}
	logins, _ := store.Logins()
	for _, l := range logins {
		if !all && !slices.Contains(hosts, l.Host) {
			continue
		}
		if _, err := store.RemoveLogin(l.Host); err != nil {
			return err
		}
		known++
		fmt.Fprintf(a.Out, "Removed what was stored for %s.\n", l.Host)
	}
	if known == 0 {
		fmt.Fprintln(a.Out, "There was nothing to log out of.")
	}
	return nil
}
