package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const registryAddLong = `Checks that a registry accepts your login and adds docker-credential-vsphere for it to docker's
config.json. podman, skopeo, buildah, crane, oras, helm, regctl and BuildKit read that file too.

Your token is sent only to a registry that is proven to be your Supervisor's: a Harbor that
authenticates users at a control plane host, with a certificate from the CA that your login trusts.
If you accepted that CA at first use, for the Supervisor alone, you are asked whether it counts for
the registry too. Without a terminal, give the CA with --certificate-authority. To use another
registry, name it with --send-token-to. Your password is never sent.`

const registryAddExample = `  # The registry of your Supervisor
  kubectl vsphere registry add 10.0.0.5

  # Another registry, with its own CA
  kubectl vsphere registry add harbor.example.com --certificate-authority ca.pem \
    --send-token-to harbor.example.com`

// registryFlags are the flags of add, and of docker-credential-vsphere login.
type registryFlags struct {
	server, user string // server is canonical once the command runs
	ca           string
	sendTo       string
	audience     string
	service      string
	noConfigure  bool
	force        bool
}

func (d Deps) addCommand() *cobra.Command {
	var f registryFlags
	c := &cobra.Command{
		Use:     "add REGISTRY",
		Short:   "Adds a registry that accepts your login.",
		Long:    registryAddLong,
		Example: registryAddExample,
		Args:    command.OneRegistry,
		RunE: func(c *cobra.Command, args []string) error {
			return d.with(func(a *action) (err error) {
				if f.server, err = command.TypedServer(d.Env, f.server); err != nil {
					return err
				}
				return a.add(c.Context(), command.Hosts(args)[0], f)
			})
		},
	}
	f.addTo(c, d.Env)
	return c
}

func (f *registryFlags) addTo(c *cobra.Command, e *console.Env) {
	flags := c.Flags()
	flags.StringVar(&f.server, "server", "", "Use only the login at the Supervisor with this `ADDRESS` or name.\n(default any that the registry belongs to)")
	flags.StringVarP(&f.user, "vsphere-username", "u", "", "Use only the login of this `USER`.")
	flags.StringVar(&f.ca, "certificate-authority", "", "`FILE` with the CA (PEM) of the registry.\n(default the CA that your login trusts)")
	flags.StringVar(&f.sendTo, "send-token-to", "", "Repeat the `REGISTRY` to send it your token, although nothing\nproves that it is your Supervisor's.")
	flags.StringVar(&f.audience, "oidc-audience", "", "Client `ID` of a Harbor at its identity provider.\nNeeds --send-token-to.")
	flags.BoolVar(&f.noConfigure, "no-configure", false, "Do not change docker's config.json.")
	flags.BoolVar(&f.force, "force", false, "Replace another credential helper in docker's config.json.")
	command.Files(c, "certificate-authority")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("vsphere-username", command.Users(e))
}

// add runs registry add.
func (a *action) add(ctx context.Context, host string, f registryFlags) error {
	old, _, err := a.records.Record(host)
	if err != nil {
		return err
	}
	r, err := f.record(ctx, host, old)
	if err != nil {
		return err
	}
	sessions, err := a.sessionsFor(f)
	if err != nil {
		return err
	}
	if !f.noConfigure {
		if err := a.docker().ready(ctx, host); err != nil { // Before anything is sent.
			return err
		}
	}
	p := a.env.NewProgress()
	p.Show("Asking "+host, 0, 0)
	r, err = a.examineAny(ctx, r, sessions)
	p.Done()
	if err != nil {
		return addError(err, r)
	}
	if r.AuthMode == "" { // Probably not a registry: nothing is saved.
		return fmt.Errorf("%s does not take your login: %s", host, credhelper.Explain(r))
	}
	if err := a.records.SaveRecord(r); err != nil {
		return failure.NotKept(a.sessions.Store.Dir(), err)
	}
	if !f.noConfigure {
		if err := a.docker().enter(ctx, []string{host}, f.force); err != nil {
			return err
		}
	}
	if err := a.reportAdded(r); err != nil {
		return err
	}
	for _, warning := range distrusted(ctx, a, host) {
		a.env.Tellf("warning: %s", warning)
	}
	return nil
}

// record returns the record of a registry from the flags. What they do not say comes from the old record.
func (f registryFlags) record(ctx context.Context, host string, old registry.Record) (registry.Record, error) {
	r := registry.Record{Host: host, CA: old.CA, SendToken: old.SendToken, Audience: old.Audience, Server: old.Server, User: old.User}
	if f.sendTo != "" {
		named, err := registry.ParseHost(f.sendTo)
		if err != nil || named != host {
			return r, failure.Usagef("--send-token-to is %.100q, but must repeat the registry: %s", f.sendTo, host)
		}
		r.SendToken, r.Server, r.User = true, "", ""
	}
	if f.audience != "" {
		r.Audience = f.audience
	}
	if r.Audience != "" && !r.SendToken {
		return r, failure.Usagef("--oidc-audience sends a token to %s, but nothing proves that it is your Supervisor's; allow that with --send-token-to %s", host, host)
	}
	if f.ca != "" {
		t, err := trust.FromFile(ctx, f.ca)
		if err != nil {
			return r, failure.Usagef("--certificate-authority: %w", err)
		}
		r.CA = t.CA
	}
	return r, nil
}

// sessionsFor returns the sessions that the flags allow, the most recently used first. Without such a session it returns an error.
func (a *action) sessionsFor(f registryFlags) ([]tokens.Session, error) {
	server := f.server
	all, _ := a.sessions.Store.Sessions()
	at := slices.DeleteFunc(all, func(s tokens.Session) bool { return server != "" && server != s.Server })
	matching := session.Named(at, f.user)
	if len(matching) == 0 {
		if server == "" {
			server = "SUPERVISOR"
		}
		return nil, failure.Hint(errors.New("you are not logged in"), "Type: %s", a.sessions.Command(a.sessions.Of(tokens.Key{Server: server, User: f.user})))
	}
	return matching, nil
}

// examineAny examines a registry with each session until one is accepted. It returns the first error of the most use to a person.
func (a *action) examineAny(ctx context.Context, r registry.Record, sessions []tokens.Session) (registry.Record, error) {
	if r.SendToken {
		var err error
		if sessions, err = a.chooseSession(ctx, r, sessions); err != nil {
			return r, err
		}
	}
	var first error
	for _, s := range sessions {
		answered, err := a.access.ExamineOrAsk(ctx, r, s)
		if err == nil {
			return answered, nil
		}
		var unproven *registryaccess.UnprovenError
		var untrusted *trust.UntrustedError
		if !errors.As(err, &unproven) && !errors.As(err, &untrusted) {
			return r, err
		}
		if first == nil || errors.As(err, &unproven) && !errors.As(first, &unproven) {
			first = err
		}
	}
	return r, first
}

// chooseSession returns the session whose token --send-token-to allows: the one of the old record, else the only one that fits.
func (a *action) chooseSession(ctx context.Context, r registry.Record, sessions []tokens.Session) ([]tokens.Session, error) {
	for _, s := range sessions {
		if r.User != "" && registryaccess.Uses(r, s) {
			return []tokens.Session{s}, nil
		}
	}
	if len(sessions) == 1 {
		return sessions, nil
	}
	var matching []tokens.Session
	for _, s := range sessions {
		client, err := a.access.Client(r, s.Trust)
		if err != nil {
			return nil, err
		}
		info, err := client.Info(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && registryaccess.AsksSupervisor(info, s) {
			matching = append(matching, s)
		}
	}
	if len(matching) == 1 {
		return matching, nil
	}
	if len(matching) == 0 {
		matching = sessions
	}
	var choices []string
	for _, s := range matching {
		choices = append(choices, fmt.Sprintf("--server %s -u %s", failure.Quote(s.Server), failure.Quote(s.User)))
	}
	return nil, failure.Usagef("which of your logins may %s have? Give %s", r.Host, strings.Join(choices, ", or "))
}

// addError adds a next step to the error of a registry that could not be added.
func addError(err error, r registry.Record) error {
	var unproven *registryaccess.UnprovenError
	var untrusted *trust.UntrustedError
	var unasked *registryaccess.UnaskedCAError
	switch {
	case errors.As(err, &unasked): // It has its next step.
		return err
	case errors.As(err, &unproven):
		return failure.Hint(err, "If you know that it may have your token, type: kubectl vsphere registry add %s --send-token-to %s", r.Host, r.Host)
	case errors.As(err, &untrusted):
		return failure.Hint(err, "%sUse --certificate-authority FILE with the CA of the registry. docker needs it too, as /etc/docker/certs.d/%s/ca.crt.", failure.Describe(untrusted), r.Host)
	}
	return err
}

// maxUser bounds a user name on the terminal, in characters. It comes from a registry or a registry client.
const maxUser = 255

// reportAdded prints what works now. A registry that does not accept the login is an error.
func (a *action) reportAdded(r registry.Record) error {
	name := r.Username
	l, stored, err := a.records.Login(r.Host)
	switch {
	case err != nil:
		return err
	case stored && !l.Fetched:
		a.env.Printf("Registry clients use the login of %s that is stored for %s. To remove it, type: docker logout %s", safetext.Line(l.Username, maxUser), r.Host, r.Host)
		return nil
	case stored:
		name = l.Username
	}
	if name == "" {
		return fmt.Errorf("%s does not take your login: %s", r.Host, credhelper.Explain(r))
	}
	a.env.Printf("%s takes your login as %s.", r.Host, safetext.Line(strings.TrimPrefix(name, registry.TokenPrefix), maxUser))
	a.env.Printf("Try: docker push %s/NAMESPACE/IMAGE", r.Host)
	return nil
}
