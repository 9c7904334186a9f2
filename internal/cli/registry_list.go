package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// registryInfo is one registry in `registry list -o json`, `registry status -o json` and `status -o json`.
type registryInfo struct {
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

// What a registry's clients get, in registryInfo.Source.
const (
	fromLogin  = "login"
	fromStored = "stored"
	fromNone   = "none"
)

func (a *App) registryListCommand() *cobra.Command {
	return a.registryTable("list", "Lists the registries, and until when there is a login for them.",
		"Lists the registries that were added, or that a registry client stored a login for. It asks no registry (see status).", nil)
}

func (a *App) registryStatusCommand() *cobra.Command {
	return a.registryTable("status", "Asks the registries whether they take your login, and checks what clients need.",
		`Asks every registry whether it takes your login now, and checks what stands between it and the registry clients: docker's
config.json, the helper on PATH, other places where logins lie. It exits with 5 when a registry could not be asked.`, a.askAgain)
}

// registryTable is a command that lists registries. ask, if it is given, brings what is known of them up to date and tells what went wrong, by
// registry.
func (a *App) registryTable(name, short, long string, ask func(context.Context) (map[string]error, error)) *cobra.Command {
	var format outputFormat
	var user string
	c := &cobra.Command{
		Use: name, Short: short, Long: long, Args: noArgs,
		Example: "  kubectl vsphere registry " + name + "\n  kubectl vsphere registry " + name + " -o json",
		RunE: func(c *cobra.Command, _ []string) error {
			var failed map[string]error
			if ask != nil {
				var err error
				if failed, err = ask(c.Context()); err != nil {
					return err
				}
			}
			all, err := a.registryInfos()
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(i registryInfo) bool { return user != "" && tokens.Fold(user) != tokens.Fold(i.User) })
			for i := range all {
				if err := failed[all[i].Registry]; err != nil {
					all[i].Problem = err.Error()
				}
			}
			out := registryList{Registries: all}
			if ask != nil {
				out.Warnings = a.dockerWarnings(all)
			}
			if err := a.writeRegistries(format, out); err != nil || len(failed) == 0 {
				return err
			}
			return &silentError{errPartial}
		},
	}
	format.addTo(c)
	c.Flags().StringVarP(&user, "user", "u", "", "Only registries that go by the login of this user.")
	oldFlags(c)
	return c
}

// registryList is the shape of `registry list -o json` and `registry status -o json`.
type registryList struct {
	Registries []registryInfo `json:"registries"`
	Warnings   []string       `json:"warnings,omitempty"` // what keeps registry clients from asking the helper
}

func (a *App) writeRegistries(format outputFormat, out registryList) error {
	if format.structured() {
		return format.write(a.Out, out)
	}
	for _, warning := range out.Warnings {
		fmt.Fprintf(a.ErrOut, "warning: %s\n", warning)
	}
	return a.printRegistries(out.Registries)
}

// askAgain brings what is known of the registries up to date, and tells which could not be asked. Nobody is asked for a password.
func (a *App) askAgain(ctx context.Context) (failed map[string]error, err error) {
	store, err := a.openStore()
	if err != nil {
		return nil, err
	}
	quiet := *a
	quiet.Terminal = nil
	records := registry.Store{Dir: store.Dir()}
	all, _ := records.Records()
	p := a.newProgress()
	p.show("Asking the registries", 0, 0)
	results := together(all, func(r registry.Record) error {
		s, found, err := store.FindSession(r.Key())
		if err != nil || !found || r.LoggedOut {
			return err
		}
		return quiet.refreshRegistry(ctx, records, r, s)
	})
	p.done()
	failed = map[string]error{}
	for i, err := range results {
		now, _, _ := records.Record(all[i].Host)
		var known *reasonError
		if err != nil && (!errors.As(err, &known) || known.Reason != now.Reason) { // The list tells the record's reason anyhow.
			failed[all[i].Host] = err
		}
	}
	return failed, ctx.Err()
}

// registryInfos reads everything from the store and docker's config.json.
func (a *App) registryInfos() ([]registryInfo, error) {
	store, err := a.openStore()
	if err != nil {
		return nil, err
	}
	from := registry.Store{Dir: store.Dir()}
	records, errs := from.Records()
	logins, more := from.Logins()
	for _, err := range append(errs, more...) {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
	all := []registryInfo{}
	stored := map[string]registry.Login{}
	for _, l := range logins {
		stored[l.Host] = l
	}
	for _, r := range records {
		info := a.loginInfo(store, r)
		if l, found := stored[r.Host]; found {
			info.take(l, a.Now())
			delete(stored, r.Host)
		}
		all = append(all, info)
	}
	for _, l := range logins {
		if _, left := stored[l.Host]; left {
			info := registryInfo{Registry: l.Host}
			info.take(l, a.Now())
			all = append(all, info)
		}
	}
	a.addDocker(all)
	return all, nil
}

// loginInfo is about a registry that takes the session's token, or does not.
func (a *App) loginInfo(store *tokens.Store, r registry.Record) registryInfo {
	info := registryInfo{
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
	credential, found, err := store.Credential(r.Key())
	switch {
	case err != nil:
		info.Problem = err.Error()
	case found && credential.Good(a.Now()):
		info.Valid, info.ValidUntil = true, credential.Expires
	default:
		info.Problem = "the login has ended; type: " + loginCommandOf(sessionOf(store, r.Key()))
	}
	return info
}

// take tells that what a client stored goes first.
func (i *registryInfo) take(l registry.Login, now time.Time) {
	i.Username, i.Source, i.Valid, i.ValidUntil, i.Problem, i.Service = l.Username, fromStored, !l.Ended(now), l.Expires, "", l.Service
	if !i.Valid {
		i.Problem = "the robot account has ended; for your own login type: docker logout " + l.Host
	}
}

func (a *App) printRegistries(all []registryInfo) error {
	if len(all) == 0 {
		fmt.Fprintln(a.Out, "There is no registry. Type: kubectl vsphere registry add REGISTRY")
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "REGISTRY\tUSER\tLOGIN\tDOCKER")
	for _, i := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", i.Registry, orDash(safetext.Line(strings.TrimPrefix(i.Username, registry.TokenPrefix), maxUser)), a.registryState(i), i.Docker)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, i := range all {
		if i.Problem != "" {
			fmt.Fprintf(a.Out, "\n%s: %s\n", i.Registry, i.Problem)
		}
	}
	return nil
}

// registryState is short, since it stands in a table.
func (a *App) registryState(i registryInfo) string {
	switch {
	case i.Source == fromNone:
		return "none"
	case i.Source == fromStored && i.ValidUntil.IsZero():
		return "stored"
	case !i.Valid || !i.ValidUntil.After(a.Now()):
		return "ended"
	}
	return "good for " + roundDuration(i.ValidUntil.Sub(a.Now()))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
