package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Info is one registry in `registry list -o json`, `registry status -o json` and `status -o json`.
type Info struct {
	Registry string `json:"registry"`
	// Username is what clients get for it; empty: nothing.
	Username   string    `json:"username,omitempty"`
	Source     string    `json:"source"` // login: the session's token; stored: what a client stored; none
	Server     string    `json:"server,omitempty"`
	User       string    `json:"user,omitempty"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Valid      bool      `json:"valid"` // there is something to hand out now, without network
	Problem    string    `json:"problem,omitempty"`
	AuthMode   string    `json:"authMode,omitempty"`
	Version    string    `json:"version,omitempty"`
	Checked    time.Time `json:"checked,omitzero"`
	Service    string    `json:"service,omitempty"` // helper that keeps what a client stored
	// Docker is what docker's config.json says of it: configured, missing, or the name of another helper.
	Docker string `json:"docker"`
}

// What a registry's clients get, in Info.Source.
const (
	fromLogin  = "login"
	fromStored = "stored"
	fromNone   = "none"
)

// listOptions say which registries are listed, and how.
type listOptions struct {
	Ask    bool   // bring what is known of them up to date first
	User   string // only those that go by the login of this user; empty: all
	Format command.Format
}

func (d Deps) listCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "Lists the registries and how long your login for them is valid.",
		Long: `Lists the registries that you added, and those that a registry client stored a login for. It does
not ask a registry. To ask them, use status.`,
	}
	return d.listing(c, false)
}

func (d Deps) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "Asks the registries whether they accept your login, and checks the setup.",
		Long: `Asks every registry whether it accepts your login now. It also checks what registry clients need:
docker's config.json, the helper on PATH, and logins in other files that hide yours. The exit code
is 5 if it could not ask a registry.`,
	}
	return d.listing(c, true)
}

// listing fills in a command that lists registries. With ask it asks them first.
func (d Deps) listing(c *cobra.Command, ask bool) *cobra.Command {
	o := listOptions{Ask: ask}
	c.Args = command.NoArgs
	c.Example = "  kubectl vsphere registry " + c.Use + "\n  kubectl vsphere registry " + c.Use + " -o json"
	c.RunE = func(c *cobra.Command, _ []string) error {
		return d.with(func(a *action) error { return a.list(c.Context(), o) })
	}
	o.Format.AddTo(c)
	c.Flags().StringVarP(&o.User, "user", "u", "", "List only registries that use the login of this `USER`.")
	oldFlags(c)
	return c
}

// list prints the registries.
func (a *action) list(ctx context.Context, o listOptions) error {
	var failed map[string]error
	if o.Ask {
		var err error
		if failed, err = a.askAgain(ctx); err != nil {
			return err
		}
	}
	all, err := a.infos()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(i Info) bool { return o.User != "" && tokens.Fold(o.User) != tokens.Fold(i.User) })
	for i := range all {
		if err := failed[all[i].Registry]; err != nil {
			all[i].Problem = err.Error()
		}
	}
	out := registryList{Registries: all}
	if o.Ask {
		out.Warnings = a.docker().warningsFor(all)
	}
	if err := out.write(a.env, o.Format); err != nil || len(failed) == 0 {
		return err
	}
	return failure.Silent(failure.ErrPartial)
}

// registryList is the shape of `registry list -o json` and `registry status -o json`.
type registryList struct {
	Registries []Info   `json:"registries"`
	Warnings   []string `json:"warnings,omitempty"` // what keeps registry clients from asking the helper
}

func (out registryList) write(e *console.Env, format command.Format) error {
	if format.Structured() {
		return format.Write(e.Out, out)
	}
	for _, warning := range out.Warnings {
		e.Tellf("warning: %s", warning)
	}
	return Print(e, out.Registries)
}

// askAgain brings what is known of the registries up to date, and tells which could not be asked. Nobody is asked for a password.
func (a *action) askAgain(ctx context.Context) (failed map[string]error, err error) {
	alone := a.env.Unattended()
	access := registryaccess.New(alone, a.Sessions(alone, a.sessions.Store))
	all, _ := a.records.Records()
	p := a.env.NewProgress()
	p.Show("Asking the registries", 0, 0)
	results := registryaccess.Together(all, func(r registry.Record) error {
		s, found, err := a.sessions.Store.FindSession(r.Key())
		if err != nil || !found || r.LoggedOut {
			return err
		}
		return access.Refresh(ctx, r, s)
	})
	p.Done()
	failed = map[string]error{}
	for i, err := range results {
		now, _, _ := a.records.Record(all[i].Host)
		var known *registryaccess.UnprovenError
		if err != nil && (!errors.As(err, &known) || known.Reason != now.Reason) { // The list tells the record's reason anyhow.
			failed[all[i].Host] = err
		}
	}
	return failed, ctx.Err()
}

// Infos are the registries of this machine.
func Infos(d Deps) ([]Info, error) {
	a, err := d.open()
	if err != nil {
		return nil, err
	}
	return a.infos()
}

// infos reads everything from the store and docker's config.json.
func (a *action) infos() ([]Info, error) {
	records, errs := a.records.Records()
	logins, more := a.records.Logins()
	for _, err := range append(errs, more...) {
		a.env.Warn(err)
	}
	all := []Info{}
	stored := map[string]registry.Login{}
	for _, l := range logins {
		stored[l.Host] = l
	}
	for _, r := range records {
		info := a.loginInfo(r)
		if l, found := stored[r.Host]; found {
			info.take(l, a.env.Now())
			delete(stored, r.Host)
		}
		all = append(all, info)
	}
	for _, l := range logins {
		if _, left := stored[l.Host]; left {
			info := Info{Registry: l.Host}
			info.take(l, a.env.Now())
			all = append(all, info)
		}
	}
	a.docker().fillIn(all)
	return all, nil
}

// loginInfo is about a registry that takes the session's token, or does not.
func (a *action) loginInfo(r registry.Record) Info {
	info := Info{
		Registry: r.Host, Source: fromNone, Server: r.Server, User: r.User, AuthMode: r.AuthMode, Version: r.Harbor, Checked: r.Checked,
	}
	if r.Reason != "" {
		info.Problem = credhelper.Explain(r)
	}
	if r.LoggedOut {
		info.Problem = "logged out; type: docker-credential-vsphere login " + r.Host
	}
	if !r.TakesToken() {
		return info
	}
	info.Username, info.Source = r.Username, fromLogin
	credential, found, err := a.sessions.Store.Credential(r.Key())
	switch {
	case err != nil:
		info.Problem = err.Error()
	case found && credential.Good(a.env.Now()):
		info.Valid, info.ValidUntil = true, credential.Expires
	default:
		info.Problem = "the login has ended; type: " + a.sessions.Command(a.sessions.Of(r.Key()))
	}
	return info
}

// take tells that what a client stored goes first.
func (i *Info) take(l registry.Login, now time.Time) {
	i.Username, i.Source, i.Valid, i.ValidUntil, i.Problem, i.Service = l.Username, fromStored, !l.Ended(now), l.Expires, "", l.Service
	if !i.Valid {
		i.Problem = "the robot account has ended; for your own login type: docker logout " + l.Host
	}
}

// Print prints registries as a table.
func Print(e *console.Env, all []Info) error {
	if len(all) == 0 {
		e.Printf("There is no registry. Type: kubectl vsphere registry add REGISTRY")
		return nil
	}
	w := tabwriter.NewWriter(e.Out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "REGISTRY\tUSER\tLOGIN\tDOCKER")
	for _, i := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", i.Registry, orDash(safetext.Line(strings.TrimPrefix(i.Username, registry.TokenPrefix), maxUser)), i.state(e), i.Docker)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, i := range all {
		if i.Problem != "" {
			e.Printf("\n%s: %s", i.Registry, i.Problem)
		}
	}
	return nil
}

// state is short, since it stands in a table.
func (i Info) state(e *console.Env) string {
	switch {
	case i.Source == fromNone:
		return "none"
	case i.Source == fromStored && i.ValidUntil.IsZero():
		return "stored"
	case !i.Valid || !i.ValidUntil.After(e.Now()):
		return "ended"
	}
	return "good for " + console.Span(i.ValidUntil.Sub(e.Now()))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
