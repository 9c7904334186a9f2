package logincmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// oneSite accepts one word, which calls a known Supervisor.
func oneSite(c *cobra.Command, args []string) error {
	var err error
	switch {
	case len(args) > 1:
		err = fmt.Errorf("%q is one word too many: one site at a time", args[1])
	case len(args) == 1 && c.Flags().Changed("server"):
		err = fmt.Errorf("%q is one word too many: --server names the Supervisor", args[0])
	case len(args) == 1 && c.Flags().Changed("name"):
		err = failure.Hint(fmt.Errorf("--name goes with --server: %q is called so already", args[0]), "To give it another name, type: kubectl vsphere sites rename %s NEW-NAME", failure.Quote(args[0]))
	case len(args) == 1:
		err = command.CheckSite(args[0])
	}
	if err == nil {
		return nil
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: err}
}

// readCalled reads what the Supervisor is called: --name, and --server if that may be a name.
func (f flags) readCalled(o *Options) (err error) {
	if f.who.name != "" {
		if o.Name, err = tokens.ParseSiteName(f.who.name); err != nil {
			return failure.Usagef("--name: %w", err)
		}
	}
	if name, no := tokens.ParseSiteName(strings.TrimSpace(f.who.server)); no == nil {
		o.Called = name
	}
	return nil
}

// call finds the Supervisor that a person calls by a name or a word, and takes how the last login there was made. Flags come first. A
// --server that no site is called is an address. A word must be known: nothing is sent to a server that nobody has typed as one.
func (r *run) call() error {
	var known tokens.Site
	switch {
	case r.o.Word != "":
		var err error
		if known, err = command.KnownSite(r.env, r.store, r.o.Word); err != nil {
			return asServer(err, r.o.Word)
		}
	case r.o.Called != "":
		var found bool
		var err error
		if known, found, err = command.SiteCalled(r.env, r.store, r.o.Called); err != nil || !found {
			return errors.Join(err, r.checkStdin())
		}
	default:
		return nil
	}
	address, err := supervisor.ParseAddress(known.Server)
	if err != nil {
		return err
	}
	r.o.Server = address
	if r.o.Provider.Issuer.Plain() {
		return nil // The flags say all.
	}
	if err := r.takeLast(known); err != nil {
		return err
	}
	return r.checkStdin()
}

// checkStdin returns a usage error if somebody must be asked for a user name, and standard input is the password.
func (r *run) checkStdin() error {
	if r.o.Passwords.Stdin && r.o.User == "" {
		return errStdinUser
	}
	return nil
}

// asServer adds to the error for an unknown word how to log in to a Supervisor with that address.
func asServer(err error, word string) error {
	var several *tokens.AmbiguousNameError
	address, noServer := supervisor.ParseTyped(word)
	if noServer != nil || errors.As(err, &several) {
		return err
	}
	return failure.Hint(err, "If %s is the address of a Supervisor, type: %s", word, failure.LoginCommand(address.String(), ""))
}

// takeLast takes the options of the last login at a site: from its session, or after a logout from what the site remembers.
func (r *run) takeLast(known tokens.Site) error {
	for _, s := range r.store.SessionsAt(known.Server) {
		if (r.o.User == "" || s.Called(r.o.User)) && (r.o.Method == Auto || r.o.Method == s.Method) {
			return r.repeatSession(s)
		}
	}
	last := known.Login
	if !r.o.Set.Prefix {
		r.o.Prefix = last.ContextPrefix
	}
	ours := slices.Contains([]string{password.Name, federated.Name}, last.Method) // Another version may know more.
	another := r.o.User != "" && tokens.Fold(r.o.User) != tokens.Fold(last.User)
	if !ours || another || r.o.Method != Auto && r.o.Method != last.Method {
		r.env.Tellf("Logging in to %s.", r.called(known.Server))
		return nil
	}
	r.o.Method = last.Method
	if last.Method == password.Name {
		r.env.Tellf("Logging in to %s as %s, with vCenter Single Sign-On.", r.called(known.Server), last.User)
		r.o.User = last.User
		return nil
	}
	r.env.Tellf("Logging in to %s by its identity provider.", r.called(known.Server))
	kept := oidc.Session{IdentityProvider: last.Provider}
	if validFlow(last.Flow) {
		kept.Flow = last.Flow
	}
	r.o.Provider.Repeat(kept)
	if r.o.Provider.Flow == federated.Password {
		r.o.User = last.User
	}
	return nil
}

// called returns a server for a sentence: with the name of its site, if it has one.
func (r *run) called(server string) string {
	if known, _, _ := r.store.Site(server); known.Name != "" { // A file that cannot be read stops the login later.
		return known.Name + " (" + server + ")"
	}
	return server
}

// checkName checks the name that the site is to get, before anything is sent. A site that has a name keeps it.
func (r *run) checkName() error {
	name, server := r.o.Name, r.known.Server
	switch {
	case name == "" || name == r.known.Name:
		return nil
	case r.known.Name != "":
		return failure.Hint(failure.Usagef("--name: %s is called %s already", server, r.known.Name),
			"To give it another name, type: kubectl vsphere sites rename %s %s", r.known.Name, name)
	}
	if err := r.store.CheckSiteName(server, name); err != nil {
		return failure.Hint(failure.Usagef("--name: %w", err), "%s", failure.NextStep(err))
	}
	return nil
}

// keepName gives the site its name. A person typed it with the address, so it may be kept without verification, and nothing else with it.
func (r *run) keepName(ctx context.Context) error {
	if r.o.Name == "" || r.o.Name == r.known.Name || r.o.DryRun || r.passing {
		return nil
	}
	return r.sites.Name(ctx, r.known.Server, r.o.Name)
}

// keepLogin keeps how the login was made, for one after a logout. The prefix is the last one that was asked for.
func (r *run) keepLogin(ctx context.Context, at site.Site, s tokens.Session) error {
	last := tokens.SiteLogin{Method: s.Method, User: s.LoginName()}
	if s.Method == federated.Name {
		kept, err := federated.Parse(s)
		if err != nil || kept.Plain {
			return err // An issuer without a Supervisor is named on the command line.
		}
		last.Provider, last.Flow = kept.IdentityProvider, kept.Flow
	}
	return at.Keep(ctx, func(k *tokens.Site) {
		last.ContextPrefix = k.Login.ContextPrefix
		if r.o.Set.Prefix || r.o.Prefix != "" {
			last.ContextPrefix = r.o.Prefix
		}
		k.Login = last
	})
}

// names returns what a person calls servers, by address. A login that keeps no name uses it all the same.
func (r *run) names() map[string]string {
	names := r.store.SiteNames()
	if r.o.Name != "" {
		names[r.known.Server] = r.o.Name
	}
	return names
}

// mistyped adds to an error of a server that does not answer which site has a name like its address.
func (r *run) mistyped(err error) error {
	if r.o.Called == "" || !errors.Is(err, wire.ErrUnreachable) || r.o.Server.Host != r.o.Called {
		return err
	}
	alike := command.Similar(r.o.Called, slices.Sorted(maps.Values(r.store.SiteNames())))
	if len(alike) == 0 {
		return err
	}
	hint := fmt.Sprintf("No site is called %s. Did you mean %s?", r.o.Called, strings.Join(alike, " or "))
	if step := failure.NextStep(err); step != "" {
		hint = step + "\n" + hint
	}
	return failure.Hint(err, "%s", safetext.Lines(hint))
}
