package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
)

func (d Deps) removeCommand() *cobra.Command {
	var noConfigure bool
	c := &cobra.Command{
		Use:   "remove REGISTRY",
		Short: "Removes a registry.",
		Long: `Removes a registry, any login that a client stored for it, and its entry in docker's config.json.
You stay logged in to the Supervisor.`,
		Example:           "  kubectl vsphere registry remove 10.0.0.5",
		Args:              command.OneRegistry,
		ValidArgsFunction: command.Registries(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			return d.with(func(a *action) error { return a.remove(c.Context(), command.Hosts(args)[0], noConfigure) })
		},
	}
	c.Flags().BoolVar(&noConfigure, "no-configure", false, "Do not change docker's config.json.")
	return c
}

// remove removes a registry, its secret first.
func (a *action) remove(ctx context.Context, host string, noConfigure bool) error {
	_, known, err := a.records.Record(host)
	known = known || err != nil // A file that cannot be read is removed too.
	_, stored, err := a.records.Login(host)
	stored = stored || err != nil
	if err := a.helper().Forget(host); err != nil {
		return err
	}
	if err := a.records.RemoveRecord(host); err != nil {
		return err
	}
	var unknown error
	if known || stored {
		a.env.Printf("Removed %s.", host)
	} else {
		unknown = failure.Hint(fmt.Errorf("%s is not known here", host), "To see the registries, type: kubectl vsphere registry status")
	}
	if noConfigure {
		return unknown
	}
	return errors.Join(unknown, a.unconfigureAll(ctx, host))
}

// helper returns docker-credential-vsphere as a Go value.
func (a *action) helper() *credhelper.Helper {
	return credhelper.New(a.records, a.env.Getenv, a.env.ErrOut)
}

// unconfigureAll removes a registry from docker's config.json and from podman's auth.json.
func (a *action) unconfigureAll(ctx context.Context, host string) error {
	file := a.docker()
	var errs []error
	for _, file.Path = range []string{file.Path, dockerconfig.PodmanPath(a.env.Getenv, a.env.Home)} {
		errs = append(errs, file.takeOut(ctx, []string{host}))
	}
	return errors.Join(errs...)
}

// logoutCommand is docker-credential-vsphere logout.
func (d Deps) logoutCommand() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use:               "logout [REGISTRY...]",
		Short:             "Logs out of registries, or of all without an argument.",
		Long:              "Logs out of registries, or of all without an argument. Registry clients get no login for\nthem until you log in again.",
		Example:           "  docker-credential-vsphere logout 10.0.0.5\n  docker-credential-vsphere logout",
		Hidden:            true,
		Args:              command.AnyRegistries,
		ValidArgsFunction: command.Registries(d.Env),
		RunE: func(_ *cobra.Command, args []string) error {
			return d.with(func(a *action) error { return a.logout(command.Hosts(args), user) })
		},
	}
	c.Flags().StringVarP(&user, "user", "u", "", "Log out only of registries that use the login of this `USER`.")
	oldFlags(c)
	return c
}

// logout logs out of registries as a registry client's logout does. Without hosts it logs out of all. user, if not empty, limits it to the
// logins of that user.
func (a *action) logout(hosts []string, user string) error {
	helper := a.helper()
	ends := logouts(a.records, helper, user, spelled(a.sessions, user))
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
		a.env.Printf("%s %s.", ends[host].done, host)
	}
	if done == 0 && len(errs) == 0 {
		a.env.Printf("There was nothing to log out of.")
	}
	return errors.Join(errs...)
}

// logoutStep ends a registry's login. done is the message for that.
type logoutStep struct {
	do   func(host string) error
	done string
}

// logouts returns the step for each registry that ends its login. Without user, a step ends both the stored login and the session's
// token. With user, it ends only the login that clients use now, if that is the user's.
func logouts(store registry.Store, helper *credhelper.Helper, user string, is func(name string) bool) map[string]logoutStep {
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
			ends[l.Host] = logoutStep{helper.Delete, "Removed the stored login for"}
		case is(l.Username):
			ends[l.Host] = logoutStep{helper.Forget, "Removed the stored login for"}
		default:
			delete(ends, l.Host)
		}
	}
	return ends
}
