package federated

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// account returns the account of a user at the issuer (tokens.Session.Account).
func (a *attempt) account(user string) string {
	issuer := a.issuer.Provider.Issuer
	if issuer == "" { // A CI job provides the token.
		issuer = a.site.Address.String()
	}
	return issuer + " " + tokens.Fold(user)
}

// lock takes the account's lock. If another process holds it for too long, login goes on without the lock, and does not wait again: it
// has tokens of its own, which must not be lost.
func (a *attempt) lock(ctx context.Context, user string) (unlock func(), err error) {
	if a.busy {
		return func() {}, ctx.Err()
	}
	unlock, err = a.Sessions.LockAccount(ctx, tokens.Session{Account: a.account(user), User: user, Server: a.site.Address.String()})
	if errors.Is(err, filelock.ErrBusy) {
		a.Sessions.Env.Warn(err)
		a.busy = true
		return func() {}, nil
	}
	return unlock, err
}

// saveAndFind saves the session first, so that a person's login is not lost if a later step fails. Then it finds what the session may
// use, and saves that.
func (a *attempt) saveAndFind(ctx context.Context, claims oidc.Claims) (tokens.Session, *login.Result, error) {
	if last := a.lastSession(claims.Username); last.Method == Name && !a.request.NamespacesSet {
		a.request.Namespaces = last.Namespaces
	}
	l, err := a.newLive(claims)
	if err != nil {
		return tokens.Session{}, nil, err
	}
	if err := a.saveNew(ctx, l); err != nil {
		return l.session, nil, err
	}
	res, err := a.find(ctx, l)
	if err = l.conciergeError(err); err != nil {
		return l.session, nil, loginError(fmt.Errorf("%s is logged in, but %s cannot be used: %w", claims.Username, a.site.Address, err), a.issuer.Plain)
	}
	err = l.minter.Locked(ctx, func() error {
		l.session.Trust = a.site.Trust()
		if err := l.save(); err != nil || l.dryRun {
			return err
		}
		return session.ReplaceCredentials(a.Sessions, l.session, res.Credentials()) // Under the lock, so that a logout removes them too.
	})
	if err != nil || l.dryRun {
		return l.session, res, failure.NotKept(a.Sessions.Store.Dir(), err)
	}
	return a.updateKeychain(ctx, l.session), res, nil
}

// updateKeychain saves the password in the keychain, or removes it, as the command line says.
func (a *attempt) updateKeychain(ctx context.Context, s tokens.Session) tokens.Session {
	if a.request.Passwords.Forget {
		a.Sessions.ForgetPassword(ctx, s)
	}
	if a.request.Passwords.Save && a.sentPassword != "" {
		s = a.Sessions.SavePassword(ctx, s, a.sentPassword)
	}
	return s
}

// newLive returns the session for the user of the claims. It uses the site's client, so that decisions about servers during the login
// apply to it.
func (a *attempt) newLive(claims oidc.Claims) (*live, error) {
	s, err := a.newSession(claims)
	if err != nil {
		return nil, err
	}
	l := a.live(s, a.issuer)
	l.dryRun = a.request.DryRun
	l.minter.APIPort = a.request.APIPort
	l.minter.Lock = func(ctx context.Context) (func(), error) { return a.lock(ctx, claims.Username) }
	l.minter.Front.Wire = a.site.Wire
	l.minter.API = func(ca string, certificate *tls.Certificate) (*wire.Client, error) {
		if ca == "" && certificate == nil {
			return a.site.Wire, nil
		}
		return l.api(ca, certificate)
	}
	return l, nil
}

// saveNew saves the session for the first time.
func (a *attempt) saveNew(ctx context.Context, l *live) error {
	unlock, err := a.lock(ctx, l.session.User)
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.save(); err != nil || l.dryRun || a.issuer.Plain {
		return failure.NotKept(a.Sessions.Store.Dir(), err)
	}
	err = a.site.Keep(ctx, func(k *tokens.Site) { k.Issuer = a.issuer.Provider.Issuer })
	return failure.NotKept(a.Sessions.Store.Dir(), err)
}

// newSession returns the session to store.
func (a *attempt) newSession(claims oidc.Claims) (tokens.Session, error) {
	renewal, err := a.issuer.JSON()
	now, last, r := a.Sessions.Env.Now(), a.lastSession(claims.Username), a.request
	command := r.Passwords.Command
	if !r.Passwords.CommandSet {
		command = last.PasswordCommand
	}
	server := a.site.Address.String()
	return tokens.Session{
		Server: server, User: claims.Username, Login: loginName(a.typed, claims.Username), Method: Name, Account: a.account(claims.Username),
		Trust: a.site.Trust(), Hosts: []string{server}, Aliases: a.site.Aliases,
		PasswordCommand: command, Keychain: last.Keychain && !r.Passwords.Forget, Renewal: renewal, Ends: a.issuer.Ends(time.Time{}),
		Clusters: r.Clusters.String(), Namespaces: r.Namespaces, ContextPrefix: r.ContextPrefix, Created: now, Updated: now,
	}, err
}

// loginName returns the name that went with the password, if the issuer calls the person otherwise.
func loginName(typed, user string) string {
	if typed == user { // Not folded: a directory may know only one of Ada and ada.
		return ""
	}
	return typed
}

// find finds everything that the session may use.
func (a *attempt) find(ctx context.Context, l *live) (*login.Result, error) {
	if a.issuer.Plain {
		return a.findPlain(ctx, l)
	}
	p := a.Sessions.Env.NewProgress()
	defer p.Done()
	return login.FindRequest{
		Federated: l.minter, User: l.session.User, Clusters: a.request.Clusters, Namespaces: a.request.Namespaces,
		Known: a.request.KnownNamespaces(l.session), Last: a.lastTarget, APICA: a.apiCA, Asked: a.asked,
		CA:      func(h login.Host, server string) []byte { return site.APICA(h, server, a.site.Trust()) },
		Further: a.site.FurtherServers(p), Untrusted: a.site.ClusterServers(p), Progress: func(step login.Step, done, total int) { p.Show(string(step), done, total) },
	}.Find(ctx)
}

// lastTarget returns the target of a cluster from the last login of the same user.
func (a *attempt) lastTarget(key tokens.Key) (tokens.Target, bool) {
	c, found, err := a.Sessions.Store.Credential(key)
	if err != nil || !found || c.Target == nil {
		return tokens.Target{}, false
	}
	return *c.Target, true
}
