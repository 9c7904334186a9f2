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
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// naming is a login, for what a person calls its Supervisor: what is known by a name, and which names are kept.
type naming struct{ *run }

// oneSite accepts one word, which calls a known Supervisor.
func oneSite(c *cobra.Command, args []string) error {
	var err error
	switch {
	case len(args) > 1:
		err = fmt.Errorf("%q is one word too many: one site at a time", args[1])
	case len(args) == 1 && c.Flags().Changed("server"):
		err = fmt.Errorf("%q is one word too many: --server names the Supervisor", args[0])
	case len(args) == 1 && c.Flags().Changed("vcenter"):
		err = fmt.Errorf("%q is one word too many: --vcenter finds the Supervisor", args[0])
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
func (n naming) call() error {
	var known tokens.Site
	switch {
	case n.o.Word != "":
		var err error
		if known, err = command.KnownSite(n.env, n.store, n.o.Word); err != nil {
			return asServer(err, n.o.Word)
		}
	case n.o.Called != "":
		var found bool
		var err error
		if known, found, err = command.SiteCalled(n.env, n.store, n.o.Called); err != nil || !found {
			return errors.Join(err, n.checkStdin())
		}
	default:
		return nil
	}
	address, err := supervisor.ParseAddress(known.Server)
	if err != nil {
		return err
	}
	n.o.Server = address
	if n.o.Provider.Issuer.Plain() {
		return nil // The flags say all.
	}
	if err := n.takeLast(known); err != nil {
		return err
	}
	return n.checkStdin()
}

// checkStdin returns a usage error if somebody must be asked for a user name, and standard input is the password.
func (n naming) checkStdin() error {
	if n.o.Passwords.Stdin && n.o.User == "" {
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
func (n naming) takeLast(known tokens.Site) error {
	for _, s := range n.store.SessionsAt(known.Server) {
		if (n.o.User == "" || s.Called(n.o.User)) && (n.o.Method == Auto || n.o.Method == s.Method) {
			return n.repeatSession(s)
		}
	}
	last := known.Login
	if !n.o.Set.Prefix {
		n.o.Prefix = last.ContextPrefix
	}
	ours := slices.Contains([]string{password.Name, federated.Name}, last.Method) // Another version may know more.
	another := n.o.User != "" && tokens.Fold(n.o.User) != tokens.Fold(last.User)
	if !ours || another || n.o.Method != Auto && n.o.Method != last.Method {
		n.env.Tellf("Logging in to %s.", n.called(known.Server))
		return nil
	}
	n.o.Method = last.Method
	if last.Method == password.Name {
		n.env.Tellf("Logging in to %s as %s, with vCenter Single Sign-On.", n.called(known.Server), last.User)
		n.o.User = last.User
		return nil
	}
	n.env.Tellf("Logging in to %s by its identity provider.", n.called(known.Server))
	kept := oidc.Session{IdentityProvider: last.Provider}
	if validFlow(last.Flow) {
		kept.Flow = last.Flow
	}
	n.o.Provider.Repeat(kept)
	if n.o.Provider.Flow == federated.Password {
		n.o.User = last.User
	}
	return nil
}

// repeatSession takes the options of a session's last login. Flags come first.
func (n naming) repeatSession(s tokens.Session) error {
	if another := n.o.User != "" && !s.Called(n.o.User); another || n.o.Method != Auto && n.o.Method != s.Method {
		n.env.Tellf("Logging in to %s.", n.called(s.Server)) // The options of another user or method are not used.
		return nil
	}
	if _, err := method.Sessions(n.env, n.store).Method(s); err != nil {
		return err
	}
	n.o.Method = s.Method
	if s.Method == federated.Name {
		n.env.Tellf("Logging in to %s again as %s, by its identity provider.", n.called(s.Server), s.User)
		return n.o.repeatProvider(s)
	}
	n.env.Tellf("Logging in to %s again as %s, with vCenter Single Sign-On.", n.called(s.Server), s.LoginName())
	n.o.User, n.o.Method = s.LoginName(), password.Name
	return n.o.repeatLast(s)
}

// called returns a server for a sentence: with the name of its site, if it has one.
func (n naming) called(server string) string {
	if known, _, _ := n.store.Site(server); known.Name != "" { // A file that cannot be read stops the login later.
		return known.Name + " (" + server + ")"
	}
	return server
}

// checkName checks the name that the site is to get, before anything is sent. A site that has a name keeps it.
//
// A server whose address is the name of another site is refused: each command that this program prints for it would mean that other one.
func (n naming) checkName() error {
	name, server := n.o.Name, n.known.Server
	if other, found, err := command.SiteCalled(n.env, n.store, server); err != nil {
		return err
	} else if found && other.Server != server {
		taken := &tokens.NameTakenError{Name: server, Server: other.Server}
		return failure.Hint(failure.Usagef("%w", taken), "%s", failure.NextStep(taken))
	}
	switch {
	case name == "" || name == n.known.Name:
		return nil
	case n.known.Name != "":
		return failure.Hint(failure.Usagef("--name: %s is called %s already", server, n.known.Name),
			"To give it another name, type: kubectl vsphere sites rename %s %s", n.known.Name, name)
	}
	if err := n.store.CheckSiteName(server, name); err != nil {
		return failure.Hint(failure.Usagef("--name: %w", err), "%s", failure.NextStep(err))
	}
	return nil
}

// keepName gives the site its name. A person typed it with the address, so it may be kept without verification, and nothing else with it.
func (n naming) keepName(ctx context.Context) error {
	if n.o.Name == "" || n.o.Name == n.known.Name || n.o.DryRun || n.passing {
		return nil
	}
	return n.sites.Name(ctx, n.known.Server, n.o.Name)
}

// keepLogin keeps how the login was made, for one after a logout. The prefix is the last one that was asked for.
func (n naming) keepLogin(ctx context.Context, at site.Site, s tokens.Session) error {
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
		if n.o.Set.Prefix || n.o.Prefix != "" {
			last.ContextPrefix = n.o.Prefix
		}
		k.Login = last
	})
}

// names returns what a person calls servers, by address. A login that keeps no name uses it all the same.
func (n naming) names() map[string]string {
	names := n.store.SiteNames()
	if n.o.Name != "" {
		names[n.known.Server] = n.o.Name
	}
	return names
}

// mistyped adds to an error of a server that does not answer which site has a name like its address.
func (n naming) mistyped(err error) error {
	if n.o.Called == "" || !errors.Is(err, wire.ErrUnreachable) || n.o.Server.Host != n.o.Called {
		return err
	}
	alike := command.Similar(n.o.Called, slices.Sorted(maps.Values(n.store.SiteNames())))
	if len(alike) == 0 {
		return err
	}
	hint := fmt.Sprintf("No site is called %s. Did you mean %s?", n.o.Called, strings.Join(alike, " or "))
	if step := failure.NextStep(err); step != "" {
		hint = step + "\n" + hint
	}
	return failure.Hint(err, "%s", safetext.Lines(hint))
}
