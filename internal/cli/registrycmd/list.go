package registrycmd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Info is one registry in `registry list -o json`, `registry status -o json` and `status -o json`.
type Info struct {
	Registry string `json:"registry"`
	// Username is the user name that registry clients get, or "".
	Username   string    `json:"username,omitempty"`
	Source     string    `json:"source"` // login: the session's token; stored: a login that a client stored; none
	Server     string    `json:"server,omitempty"`
	User       string    `json:"user,omitempty"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Valid      bool      `json:"valid"` // the store has a valid login now
	Problem    string    `json:"problem,omitempty"`
	AuthMode   string    `json:"authMode,omitempty"`
	Version    string    `json:"version,omitempty"`
	Checked    time.Time `json:"checked,omitzero"`
	Service    string    `json:"service,omitempty"` // helper that keeps the login that a client stored
	// Docker is the state in docker's config.json: configured, missing, or the name of another helper.
	Docker string `json:"docker"`
}

// The values of Info.Source.
const (
	fromLogin  = "login"
	fromStored = "stored"
	fromNone   = "none"
)

// listOptions are the flags of list and status.
type listOptions struct {
	Refresh bool   // ask the registries first
	User    string // list only registries that use the login of this user; empty: all
	Format  command.Format
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
docker's config.json, the helper on PATH, logins in other files that hide yours, and whether they
know the CA. The exit code is 5 if it could not ask a registry.`,
	}
	return d.listing(c, true)
}

// listing fills in a command that lists registries. With refresh it asks them first.
func (d Deps) listing(c *cobra.Command, refresh bool) *cobra.Command {
	o := listOptions{Refresh: refresh}
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
	if o.Refresh {
		var err error
		if failed, err = a.refreshAll(ctx); err != nil {
			return err
		}
	}
	all, err := a.infos()
	if err != nil {
		return err
	}
	meant := spelled(a.sessions, o.User)
	all = slices.DeleteFunc(all, func(i Info) bool { return !meant(i.User) })
	for i := range all {
		if err := failed[all[i].Registry]; err != nil {
			all[i].Problem = err.Error()
		}
	}
	out := registryList{Registries: all}
	if o.Refresh {
		out.Warnings = a.docker().warningsFor(all)
		for _, r := range all {
			if failed[r.Registry] == nil {
				out.Warnings = append(out.Warnings, distrusted(ctx, a, r.Registry)...)
			}
		}
	}
	if err := out.write(a.env, o.Format); err != nil || len(failed) == 0 {
		return err
	}
	return failure.Silent(failure.ErrPartial)
}

// registryList is the shape of `registry list -o json` and `registry status -o json`.
type registryList struct {
	Registries []Info   `json:"registries"`
	Warnings   []string `json:"warnings,omitempty"` // why registry clients may not ask the helper
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

// refreshAll asks every registry and updates its record. failed are the registries that could not be asked. It never asks for a password.
func (a *action) refreshAll(ctx context.Context) (failed map[string]error, err error) {
	unattended := a.env.Unattended()
	access := registryaccess.New(unattended, a.Sessions(unattended, a.sessions.Store))
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
		var unproven *registryaccess.UnprovenError
		if err != nil && (!errors.As(err, &unproven) || unproven.Reason != now.Reason) { // The list shows the record's reason anyway.
			failed[all[i].Host] = err
		}
	}
	return failed, ctx.Err()
}

// Infos returns the registries of the user on this machine.
func Infos(d Deps) ([]Info, error) {
	a, err := d.open()
	if err != nil {
		return nil, err
	}
	return a.infos()
}

// infos reads the registries from the store and docker's config.json.
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
			info.useStored(l, a.env.Now())
			delete(stored, r.Host)
		}
		all = append(all, info)
	}
	for _, l := range logins {
		if _, left := stored[l.Host]; left {
			info := Info{Registry: l.Host}
			info.useStored(l, a.env.Now())
			all = append(all, info)
		}
	}
	a.docker().fillIn(all)
	return all, nil
}

// loginInfo returns the Info of a registry from its record, without a stored login.
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

// useStored fills in a login that a client stored. It comes before the session's token.
func (i *Info) useStored(l registry.Login, now time.Time) {
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
	t := e.NewTable("REGISTRY", "USER", "LOGIN", "DOCKER")
	for _, i := range all {
		t.Row(i.Registry, orDash(safetext.Line(strings.TrimPrefix(i.Username, registry.TokenPrefix), maxUser)), i.state(e), i.Docker)
	}
	if err := t.Print(); err != nil {
		return err
	}
	for _, i := range all {
		if i.Problem != "" {
			e.Printf("\n%s: %s", i.Registry, i.Problem)
		}
	}
	return nil
}

// state returns how long the login is valid, in a few words for a table.
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
