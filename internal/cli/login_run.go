package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// login is the whole command: trust the server, see that it is a Supervisor, ask who it is, log in to everything,
// keep it, write the contexts, say what happened. Nothing is written before the network is done.
func (a *App) login(ctx context.Context, o loginOptions) error {
	outlive()
	store, files, err := a.open(o.files()...)
	if err != nil {
		return err
	}
	if o, err = a.prepare(store, files, o); err != nil {
		return err
	}
	s, err := a.meet(ctx, store, o)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if err := store.Check(); err != nil {
			return fmt.Errorf("a login could not be kept: %w", err) // Better now than after somebody logged in.
		}
	}
	if o.oidc.plain() {
		return a.loginPlain(ctx, store, files, s, o)
	}
	method, id, err := a.chooseMethod(ctx, s, o)
	switch {
	case err != nil:
		return err
	case method == methodOIDC:
		return a.loginOIDC(ctx, store, files, s, o, id)
	}
	return a.loginSSO(ctx, store, files, s, o)
}

// prepare fills in what the last login was for, and finds what would fail later.
func (a *App) prepare(store *tokens.Store, files kubeconfig.Files, o loginOptions) (loginOptions, error) {
	var err error
	if o.server == (supervisor.Address{}) {
		if o, err = a.repeat(store, files, o); err != nil {
			return o, err
		}
	}
	if o, err = a.likePlain(store, o); err != nil {
		return o, err
	}
	if !o.printed() {
		if err := files.Check(); err != nil {
			return o, err // Better now than after the password was typed.
		}
	}
	if !o.given("control-plane-address") {
		o.aliases = lastAliases(store, o.server.String())
	}
	return o, nil
}

// loginSSO is the login by vCenter Single Sign-On from the point where the Supervisor is trusted.
func (a *App) loginSSO(ctx context.Context, store *tokens.Store, files kubeconfig.Files, s site, o loginOptions) error {
	user, err := a.username(ctx, o.user)
	if err != nil {
		return err
	}
	session, password, res, err := a.prove(ctx, store, s, o, user)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.printPlan(files, session, o, res)
	}
	wait := func() error { return a.await(ctx, store, s, o, session, password, res) }
	if o.printed() {
		if err := wait(); err != nil {
			return err
		}
		return a.printKubeconfig(session, o, res)
	}
	return a.write(ctx, files, session, o, res, wait)
}

// write writes the contexts, and once more with what came of waiting for clusters, and says what there is.
func (a *App) write(ctx context.Context, files kubeconfig.Files, session tokens.Session, o loginOptions, res *login.Result, wait func() error) error {
	written, err := a.writeContexts(ctx, files, session, o, res)
	if err != nil {
		return err
	}
	if o.wait > 0 {
		if err := wait(); err != nil {
			return err
		}
		if written, err = a.writeContexts(ctx, files, session, o, res); err != nil {
			return err
		}
	}
	a.refreshRegistries(ctx, session)
	return a.report(res, written, o)
}

// prove sends the password, once, through the guard; with it everything is logged in to and kept. The account's lock is held
// meanwhile, so that a get-token that waits finds the new credential.
func (a *App) prove(ctx context.Context, store *tokens.Store, s site, o loginOptions, user string) (tokens.Session, redact.Secret, *login.Result, error) {
	last := lastSession(store, o.server.String(), user)
	last = rememberedBy(last, methodSSO)
	last.Trust = s.transport.Trust()
	session, res, proven := tokens.Session{}, (*login.Result)(nil), redact.Secret("")
	sources, err := a.loginSources(o, last)
	if err != nil {
		return session, "", nil, err
	}
	guard := a.guard(store, last.Account, user)
	guard.Explicit, guard.Force = true, o.force
	guard.Lock = func(ctx context.Context) (func(), error) {
		return store.LockAccount(ctx, last.Account, func() { a.sayWaiting(user, o.server.String()) }, guard.Warn)
	}
	err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) error {
		var err error
		if res, err = a.reach(ctx, s, o, user, password); err != nil {
			return err
		}
		proven = password
		if res.Refused() { // Changed meanwhile, or the account was locked.
			defer guard.Refused(password)
		}
		last.Trust = s.transport.Trust() // Other hosts may have been met.
		if o.dryRun {
			session = last
			return nil
		}
		if session, err = a.keep(store, o, last, user, res); err != nil {
			return a.notKept(store, err)
		}
		if last.Keychain && o.forgetKeychain {
			a.forgetPassword(ctx, last)
		}
		if o.savePassword {
			session = a.savePassword(ctx, store, session, password)
		}
		return nil
	})
	return session, proven, res, a.proveError(err, user)
}

// notKept says what to do about a store that takes nothing.
func (a *App) notKept(store *tokens.Store, err error) error {
	var unwritten *tokens.WriteError
	if !errors.As(err, &unwritten) {
		return err // It is something else.
	}
	return hint(fmt.Errorf("you are logged in, but that cannot be kept: %w", err), "%s", unwrittenHint(store.Dir(), err))
}

// lastAliases are those of the last login to a Supervisor.
func lastAliases(store *tokens.Store, server string) supervisor.Aliases {
	all, _ := store.Sessions()
	for _, s := range all {
		if s.Server == server && len(s.Aliases) > 0 {
			return s.Aliases
		}
	}
	return nil
}

// lastSession is the session of a user at a Supervisor as the last login left it, or the beginning of one.
func lastSession(store *tokens.Store, server, user string) tokens.Session {
	all, _ := store.Sessions()
	for _, s := range all {
		if s.ID == tokens.SessionID(server, user) {
			return s
		}
	}
	return tokens.Session{User: user, Account: tokens.HostAccount(tokens.Key{Server: server, User: user})}
}

// rememberedBy takes away where a password is when that is another one: vCenter's is not the identity provider's.
func rememberedBy(last tokens.Session, method string) tokens.Session {
	if last.Method != "" && last.Method != method {
		last.PasswordCommand, last.Keychain, last.Account = nil, false, tokens.HostAccount(tokens.Key{Server: last.Server, User: last.User})
	}
	return last
}

// savePassword puts the password into the keychain. Without one the login is good all the same.
func (a *App) savePassword(ctx context.Context, store *tokens.Store, s tokens.Session, password redact.Secret) tokens.Session {
	err := secret.SaveInKeychain(ctx, s.KeychainEntry(), password)
	if err == nil {
		s.Keychain = true
		s, err = store.SaveSession(s)
	}
	if err != nil {
		fmt.Fprintf(a.ErrOut, "warning: the password is not saved: %v\n", err)
	}
	return s
}

// proveError words why no password was accepted.
func (a *App) proveError(err error, user string) error {
	var none *secret.NoPasswordError
	switch {
	case errors.As(err, &none) && none.Known:
		return hint(err, "vCenter locks an account for some minutes after five refusals. Use --force to send it all the same.")
	case errors.As(err, &none):
		if len(none.Reasons) > 0 {
			err = fmt.Errorf("there is no password to log in with: %w", err)
		} else {
			err = errors.New("there is no password to log in with")
		}
		return hint(err, "Set %s, or type it at a terminal.", passwordVariable)
	case errors.Is(err, secret.ErrEmpty):
		return noTerminal(err, "")
	}
	return loginError(err, user)
}

// maxBanner bounds what a server can put on the terminal, in characters.
const maxBanner = 4096

// greet asks for the banner, which tells whether this is a Supervisor before any password is typed, and shows it.
func (a *App) greet(ctx context.Context, c *supervisor.Client) error {
	p := a.newProgress()
	p.show(login.Step("Connecting to "+c.Address.String()), 0, 0)
	banner, err := c.Banner(ctx)
	p.done()
	if errors.Is(err, supervisor.ErrNotSupervisor) {
		return hint(err, "Check --server: it is the address of the Supervisor's control plane, not of vCenter or of a TKG cluster.")
	}
	if err != nil {
		return fmt.Errorf("connect to %s: %w", c.Address, err)
	}
	if text := safetext.Block(banner, maxBanner); text != "" {
		fmt.Fprintln(a.ErrOut, text)
	}
	return nil
}

// reach logs in to everything, with progress on a terminal.
func (a *App) reach(ctx context.Context, s site, o loginOptions, user string, password redact.Secret) (*login.Result, error) {
	p := a.newProgress()
	defer p.done()
	return login.Do(ctx, login.Request{
		Wire: s.Client, Server: o.server, User: user, Password: password, Clusters: o.clusters, Progress: p.show,
		Untrusted: a.others(s, o, p),
	})
}

// keep saves the session and its credentials. Login always replaces what was there, and it ends the quiet that a
// refused password at a kubectl prompt left behind.
func (a *App) keep(store *tokens.Store, o loginOptions, last tokens.Session, user string, res *login.Result) (tokens.Session, error) {
	session := tokens.Session{
		Server: o.server.String(), User: user, Method: methodSSO, Account: res.Account, Trust: last.Trust,
		PasswordCommand: o.passwordCommand, Keychain: last.Keychain && !o.forgetKeychain,
		Created: a.Now(), Updated: a.Now(),
	}
	if !o.commandGiven {
		session.PasswordCommand = last.PasswordCommand
	}
	session.Clusters, session.StaticTokens, session.ContextPrefix = o.clusters.String(), o.staticTokens && !o.printed(), o.prefix
	session.Aliases = o.aliases
	for _, h := range res.Hosts {
		session.Hosts = append(session.Hosts, h.Address.String())
	}
	session, err := store.SaveSession(session)
	if err != nil {
		return session, err
	}
	for _, c := range res.Credentials() {
		c.Session = session.ID
		if err := store.SaveCredential(c); err != nil {
			return session, err
		}
	}
	if _, err := store.Prune(a.Now(), pruneAfter); err != nil {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
	return session, store.EndQuiet(session.Account)
}

// pruneAfter is how long a credential that has ended is kept, so that status can tell of it. Clusters come and go.
const pruneAfter = 30 * 24 * time.Hour

// loginError words the errors of a login as a whole.
func loginError(err error, user string) error {
	switch {
	case errors.Is(err, wire.ErrRefused):
		return hint(fmt.Errorf("the user name or password of %s was refused: %w", user, err),
			"It was not tried again: vCenter locks an account for some minutes after five refusals.")
	case errors.Is(err, wire.ErrForbidden):
		return hint(fmt.Errorf("%s may not log in here: %w", user, err), "Ask your vSphere administrator for a role in a vSphere Namespace.")
	case errors.Is(err, wire.ErrServer):
		return hint(err, "Please contact your vSphere server administrator for assistance.")
	}
	return err
}
