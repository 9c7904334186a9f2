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
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// loginCommand is docker-credential-vsphere login, with the flags of VMware's helper.
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
			return d.with(func(a *action) (err error) {
				if f.server, err = command.TypedServer(d.Env, f.server); err != nil {
					return err
				}
				return (registryLogin{a, f, command.Hosts(args)}).run(c.Context())
			})
		},
	}
	f.addTo(c, d.Env)
	c.Flags().StringVar(&f.user, "user", "", "The same as -u.")
	c.Flags().StringVarP(&f.service, "service", "s", "", "Use docker-credential-`STORE` for logins that registry clients\nstore. (default files)")
	c.Flags().StringVar(&f.ca, "tlscacert", "", "`FILE`: the same as --certificate-authority.")
	command.Files(c, "tlscacert")
	return c
}

// registryLogin is one run of login.
type registryLogin struct {
	*action
	registryFlags
	hosts []string // empty: every registry that was added
}

// run logs in if there is no session, then adds the registries.
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

// withRecord fills in the server and the user of a registry's record if the flags name neither. It fills in the user only for vCenter
// Single Sign-On: an identity provider says who the user is.
func (f registryFlags) withRecord(store registry.Store, hosts []string) registryFlags {
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

// addKnown adds all registries again that were added before.
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

// ensureSession runs the login command if the flags allow no session, or only sessions that have ended.
func (l registryLogin) ensureSession(ctx context.Context) error {
	f := l.registryFlags
	sessions, err := l.sessionsFor(f)
	if len(sessions) == 0 {
		f = f.withRecord(l.records, l.hosts)
	}
	var usage *failure.UsageError
	switch {
	case errors.As(err, &usage):
		return err
	case err == nil && l.hasToken(ctx, sessions):
		return nil
	}
	o := LoginOptions{Server: f.server, User: f.user, CAFile: f.ca} // vCenter's CA signs the certificates of VMware's registry and of the Supervisor.
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
	if step := failure.NextStep(err); step != "" { // It names flags that this command does not have.
		err = failure.Hint(err, "%s\nThese are flags of \"kubectl vsphere login\": log in with it, then repeat this command.", safetext.Lines(step))
	}
	return err
}

// byPassword reports whether a session logs in with a password, so that the next login needs the user name.
func (l registryLogin) byPassword(s tokens.Session) bool {
	m, err := l.sessions.Method(s)
	_, ok := m.(session.PasswordSender)
	return err == nil && ok
}

// hasToken reports whether one of the sessions has a valid token, or gets one without a person.
func (l registryLogin) hasToken(ctx context.Context, sessions []tokens.Session) bool {
	unattended := l.Sessions(l.env.Unattended(), l.sessions.Store)
	for _, s := range sessions {
		if _, err := unattended.Token(ctx, tokens.Key{Server: s.Server, User: s.User}, false); err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		l.env.Tellf("The login of %s at %s has ended.", s.User, s.Server)
	}
	return false
}

// oldFlags accepts and ignores flags of VMware's helper that a command does not use, so that old command lines still work.
func oldFlags(c *cobra.Command) {
	flags := c.Flags()
	if flags.Lookup("service") == nil {
		flags.StringP("service", "s", "", "")
		_ = flags.MarkHidden("service")
	}
	flags.String("tlscacert", "", "")
	_ = flags.MarkHidden("tlscacert")
}
