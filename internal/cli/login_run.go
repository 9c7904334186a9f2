package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// login is the whole command: trust the server, see that it is a Supervisor, ask who it is, log in to everything,
// keep it, write the contexts, say what happened. Nothing is written before the network is done.
func (a *App) login(ctx context.Context, o loginOptions) error {
	store, files, err := a.open()
	if err != nil {
		return err
	}
	if err := files.Check(); err != nil {
		return err // Better now than after the password was typed.
	}
	t, err := a.chooseTrust(store, o)
	if err != nil {
		return err
	}
	w, err := a.wireClient(t)
	if err != nil {
		return err
	}
	if err := a.greet(ctx, &supervisor.Client{Wire: w, Address: o.server}); err != nil {
		return err
	}
	user, password, err := a.credentials(ctx, o.user)
	if err != nil {
		return err
	}
	res, err := a.reach(ctx, w, o, user, password)
	if err != nil {
		return loginError(err, user)
	}
	session, err := a.keep(store, o, t, user, res)
	if err != nil {
		return err
	}
	written, err := a.writeContexts(ctx, files, session, o, res)
	if err != nil {
		return err
	}
	return a.report(res, written, o)
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
func (a *App) reach(ctx context.Context, w *wire.Client, o loginOptions, user string, password redact.Secret) (*login.Result, error) {
	p := a.newProgress()
	defer p.done()
	return login.Do(ctx, login.Request{
		Wire: w, Server: o.server, User: user, Password: password, Clusters: o.clusters, Progress: p.show,
	})
}

// keep saves the session and its credentials. Login always replaces what was there, and it ends the quiet that a
// refused password at a kubectl prompt left behind.
func (a *App) keep(store *tokens.Store, o loginOptions, t trust.Trust, user string, res *login.Result) (tokens.Session, error) {
	session := tokens.Session{
		Server: o.server.String(), User: user, Method: methodSSO, Account: res.Account, Trust: t,
		Created: a.Now(), Updated: a.Now(),
	}
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
	if err := store.Prune(a.Now(), pruneAfter); err != nil {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
	return session, store.ClearMark(session.Account)
}

// pruneAfter is how long a credential that has ended is kept, so that status can tell of it. Clusters come and go.
const pruneAfter = 30 * 24 * time.Hour

const methodSSO = "sso"

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
