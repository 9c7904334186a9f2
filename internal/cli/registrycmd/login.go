package registrycmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// registryLoginCommand is docker-credential-vsphere login, with the flags of VMware's helper.
func (d Deps) loginCommand() *cobra.Command {
	var f registryFlags
	c := &cobra.Command{
		Use:    "login [REGISTRY]",
		Short:  "Logs in if necessary, and uses the login for a registry.",
		Hidden: true,
		Long: `Uses your login for a registry, as "kubectl vsphere registry add" does. If you are not logged in, it
first logs in at the Supervisor of --server. Without a registry it does that for all known ones.`,
		Example:           "  docker-credential-vsphere login 10.0.0.5\n  docker-credential-vsphere login 10.0.0.5 --server 10.0.0.1 -u dev@vsphere.local",
		Args:              command.AnyRegistries,
		ValidArgsFunction: command.Registries(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			return d.with(func(a *action) error { return (registryLogin{a, f, command.Hosts(args)}).run(c.Context()) })
		},
	}
	f.addTo(c, d.Env)
	c.Flags().StringVar(&f.user, "user", "", "The same as -u.")
	c.Flags().StringVarP(&f.service, "service", "s", "", "Use docker-credential-`STORE` for logins that registry clients\nstore. (default files)")
	c.Flags().StringVar(&f.ca, "tlscacert", "", "The same as --certificate-authority.")
	_ = c.MarkFlagFilename("tlscacert")
	return c
}

// registryLogin is one run of login.
type registryLogin struct {
	*action
	registryFlags
	hosts []string // empty: every registry that was added
}

// run logs in if nobody is, then adds the registries.
func (l registryLogin) run(ctx context.Context) error {
	if l.service != "" {
		if err := l.setService(l.service); err != nil {
			return err
		}
	}
	if err := l.ensureSession(ctx); err != nil {
		return err
	}
	if len(l.hosts) == 0 {
		return l.addKnown(ctx)
	}
	var errs []error
	for _, host := range l.hosts {
		errs = append(errs, l.add(ctx, host, l.registryFlags))
	}
	return errors.Join(errs...)
}

// known fills in what flags did not say of a login, from what the registries were added with. A user is named where it is a login of vCenter.
func (f registryFlags) known(store registry.Store, hosts []string) registryFlags {
	records, _ := store.Records()
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

// addKnown adds every registry that was added before, for the login that it has.
func (l registryLogin) addKnown(ctx context.Context) error {
	records, _ := l.records.Records()
	if len(records) == 0 {
		return failure.Usagef("no registry is known yet; name one")
	}
	var errs []error
	for _, r := range records {
		f := l.registryFlags
		f.server, f.user = r.Server, r.User
		errs = append(errs, l.add(ctx, r.Host, f))
	}
	return errors.Join(errs...)
}

// ensureSession logs in when there is no session that the flags allow, or when it has ended.
func (l registryLogin) ensureSession(ctx context.Context) error {
	f := l.registryFlags
	sessions, err := l.sessionsFor(f)
	if len(sessions) == 0 {
		f = f.known(l.records, l.hosts)
	}
	var usage *failure.UsageError
	switch {
	case errors.As(err, &usage):
		return err
	case err == nil && l.alive(ctx, sessions):
		return nil
	}
	o := LoginOptions{Server: f.server, User: f.user, CAFile: f.ca} // VMware's registry has a certificate of vCenter's CA, as the Supervisor has.
	switch {
	case o.Server != "":
	case err == nil:
		o.Server = sessions[0].Server
	default:
		return failure.Hint(err, "Name the Supervisor: docker-credential-vsphere login REGISTRY --server SUPERVISOR -u USER")
	}
	if o.User == "" && err == nil && l.byPassword(sessions[0]) {
		o.User = sessions[0].User
	}
	err = l.Login(ctx, o)
	if step := failure.NextStep(err); step != "" { // It names flags that this command has not.
		err = failure.Hint(err, "%s\nThese are flags of kubectl vsphere login: log in with that, and then type this again.", step)
	}
	return err
}

// byPassword reports whether a session's user is named at its next login.
func (l registryLogin) byPassword(s tokens.Session) bool {
	m, err := l.sessions.Method(s)
	_, ok := m.(session.PasswordSender)
	return err == nil && ok
}

// alive reports whether one of the sessions has a token, or gets one without anybody.
func (l registryLogin) alive(ctx context.Context, sessions []tokens.Session) bool {
	alone := l.Sessions(l.env.Unattended(), l.sessions.Store)
	for _, s := range sessions {
		if _, err := alone.Token(ctx, tokens.Key{Server: s.Server, User: s.User}, false); err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		l.env.Tellf("The login of %s at %s has ended.", s.User, s.Server)
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
