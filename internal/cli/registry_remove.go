package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
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
	_, stored, err := store.Login(host)
	stored = stored || err != nil
	if err := a.helper(store).Forget(host); err != nil {
		return err
	}
	if err := store.RemoveRecord(host); err != nil {
		return err
	}
	if known || stored {
		fmt.Fprintf(a.Out, "Forgot %s.\n", host)
	} else {
		fmt.Fprintf(a.Out, "%s was not known.\n", host)
	}
	if noConfigure {
		return nil
	}
	return a.unconfigureAll(ctx, host)
}

// helper does what registry clients have docker-credential-vsphere do.
func (a *App) helper(store registry.Store) *credhelper.Helper {
	return credhelper.New(store, a.Getenv, a.ErrOut)
}

// unconfigureAll takes a registry out of docker's file, and out of podman's own if that has it.
func (a *App) unconfigureAll(ctx context.Context, host string) error {
	file, err := a.dockerConfig()
	if err != nil {
		return err
	}
	var errs []error
	for _, file.Path = range []string{file.Path, dockerconfig.PodmanPath(a.Getenv, a.Home)} {
		errs = append(errs, a.unconfigureDocker(ctx, file, []string{host}))
	}
	return errors.Join(errs...)
}

// registryLogoutCommand is docker-credential-vsphere logout.
func (a *App) registryLogoutCommand() *cobra.Command {
	var user string
	c := &cobra.Command{
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
			return a.registryLogout(store, hosts(args), user)
		},
	}
	c.Flags().StringVarP(&user, "user", "u", "", "Only registries that go by the login of this user.")
	oldFlags(c)
	return c
}

// registryLogout is what a registry client's logout does, for registries or for all, of a user or of everybody.
func (a *App) registryLogout(store registry.Store, hosts []string, user string) error {
	helper := a.helper(store)
	ends := logouts(store, helper, user)
	var errs []error
	done := 0
	for _, host := range slices.Sorted(maps.Keys(ends)) {
		if len(hosts) > 0 && !slices.Contains(hosts, host) {
			continue
		}
		if err := ends[host].do(host); err != nil {
			errs = append(errs, err)
			continue
		}
		done++
		fmt.Fprintf(a.Out, ends[host].said+" %s.\n", host)
	}
	if done == 0 && len(errs) == 0 {
		fmt.Fprintln(a.Out, "There was nothing to log out of.")
	}
	return errors.Join(errs...)
}

// logoutStep is what ends a registry's login, and how that is said.
type logoutStep struct {
	do   func(host string) error
	said string
}

// logouts finds what ends the logins for registries, of a user or of everybody. What a client stored goes first; a user's end leaves what is
// behind it.
func logouts(store registry.Store, helper *credhelper.Helper, user string) map[string]logoutStep {
	is := func(name string) bool { return user == "" || tokens.Fold(user) == tokens.Fold(name) }
	ends := map[string]logoutStep{}
	records, _ := store.Records()
	for _, r := range records {
		if is(r.User) {
			ends[r.Host] = logoutStep{helper.Delete, "Logged out of"}
		}
	}
	logins, _ := store.Logins()
	for _, l := range logins {
		_, added := ends[l.Host]
		switch {
		case user == "" && added:
		case user == "":
			ends[l.Host] = logoutStep{helper.Delete, "Removed what was stored for"}
		case is(l.Username):
			ends[l.Host] = logoutStep{helper.Forget, "Removed what was stored for"}
		default:
			delete(ends, l.Host)
		}
	}
	return ends
}
