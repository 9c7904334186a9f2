package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// registryLoginCommand is docker-credential-vsphere login, with the flags of VMware's helper.
func (a *App) registryLoginCommand() *cobra.Command {
	var f registryFlags
	c := &cobra.Command{
		Use:    "login [REGISTRY]",
		Short:  "Logs in where that is needed, and uses the login for a registry.",
		Hidden: true,
		Long: `Uses your login for a registry, as "kubectl vsphere registry add" does. Without a login it first logs in at the Supervisor of --server.
Without a registry it is for all that are known.`,
		Example:           "  docker-credential-vsphere login 10.0.0.5\n  docker-credential-vsphere login 10.0.0.5 --server 10.0.0.1 -u dev@vsphere.local",
		Args:              anyRegistries,
		ValidArgsFunction: a.completeRegistries,
		RunE: func(c *cobra.Command, args []string) error {
			return a.registryLogin(c.Context(), hosts(args), f)
		},
	}
	a.registryFlags(c, &f)
	c.Flags().StringVar(&f.user, "user", "", "Only the login of this user; the same as -u.")
	c.Flags().StringVarP(&f.service, "service", "s", "", "Helper that keeps what registry clients store, as in docker-credential-STORE. (default files of ours)")
	c.Flags().StringVar(&f.ca, "tlscacert", "", "The same as --certificate-authority.")
	_ = c.MarkFlagFilename("tlscacert")
	return c
}

// registryLogin logs in if nobody is, then adds the registries.
func (a *App) registryLogin(ctx context.Context, hosts []string, f registryFlags) error {
	store, err := a.openStore()
	if err != nil {
		return err
	}
	if f.service != "" {
		if err := a.setService(f.service); err != nil {
			return err
		}
	}
	if err := a.sessionOrLogin(ctx, store, f, hosts); err != nil {
		return err
	}
	if len(hosts) == 0 {
		return a.loginToKnown(ctx, f)
	}
	var errs []error
	for _, host := range hosts {
		errs = append(errs, a.registryAdd(ctx, host, f))
	}
	return errors.Join(errs...)
}

// known fills in what flags did not say of a login, from what the registries were added with. A user is named where it is a login of vCenter.
func (f registryFlags) known(store *tokens.Store, hosts []string) registryFlags {
	records, _ := registry.Store{Dir: store.Dir()}.Records()
	for _, r := range records {
		if f.server == "" && f.user == "" && (len(hosts) == 0 || slices.Contains(hosts, r.Host)) {
			f.server = r.Server
			if strings.HasPrefix(r.Username, registry.TokenPrefix) {
				f.user = r.User
			}
			break
		}
	}
	return f
}

// loginToKnown is for all registries that were added.
func (a *App) loginToKnown(ctx context.Context, f registryFlags) error {
	store, err := a.registries()
	if err != nil {
		return err
	}
	records, _ := store.Records()
	if len(records) == 0 {
		return usagef("no registry is known yet; name one")
	}
	var errs []error
	for _, r := range records {
		f := f
		f.server, f.user = r.Server, r.User
		errs = append(errs, a.registryAdd(ctx, r.Host, f))
	}
	return errors.Join(errs...)
}

// sessionOrLogin runs the login command when there is no session that the flags allow, or when it has ended.
func (a *App) sessionOrLogin(ctx context.Context, store *tokens.Store, f registryFlags, hosts []string) error {
	sessions, err := a.sessionsFor(store, f)
	if len(sessions) == 0 {
		f = f.known(store, hosts)
	}
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		return err
	case err == nil && a.alive(ctx, sessions):
		return nil
	}
	args := []string{}
	switch {
	case f.server != "":
		args = append(args, "--server", f.server)
	case err == nil:
		args = append(args, "--server", sessions[0].Server)
	default:
		return hint(err, "Name the Supervisor: docker-credential-vsphere login REGISTRY --server SUPERVISOR -u USER")
	}
	if f.ca != "" { // VMware's registry has a certificate of vCenter's CA, as the Supervisor has.
		args = append(args, "--certificate-authority", f.ca)
	}
	if f.user != "" {
		args = append(args, "-u", f.user)
	} else if err == nil && sessions[0].Method == methodSSO {
		args = append(args, "-u", sessions[0].User)
	}
	login := a.loginCommand()
	login.SetArgs(args)
	login.SilenceErrors, login.SilenceUsage = true, true
	loginErr := login.ExecuteContext(ctx)
	if step := nextStep(loginErr); step != "" { // It names flags that this command has not.
		loginErr = hint(loginErr, "%s\nThese are flags of kubectl vsphere login: log in with that, and then type this again.", step)
	}
	return loginErr
}

// alive tells whether one of the sessions has a token, or gets one without anybody.
func (a *App) alive(ctx context.Context, sessions []tokens.Session) bool {
	quiet := *a
	quiet.Terminal = nil
	for _, s := range sessions {
		if _, err := quiet.token(ctx, tokens.Key{Server: s.Server, User: s.User}, false); err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		fmt.Fprintf(a.ErrOut, "The login of %s at %s has ended.\n", s.User, s.Server)
	}
	return false
}

// oldFlags takes those of VMware's helper that mean nothing to a command, so that old command lines go on working.
func oldFlags(c *cobra.Command) {
	flags := c.Flags()
	if flags.Lookup("service") == nil {
		flags.StringP("service", "s", "", "")
		_ = flags.MarkHidden("service")
	}
	flags.String("tlscacert", "", "")
	_ = flags.MarkHidden("tlscacert")
}
