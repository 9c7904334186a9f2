package federated

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// account is whom the issuer knows by a name.
func (a *attempt) account(user string) string {
	issuer := a.issuer.Provider.Issuer
	if issuer == "" { // A runner provides the token.
		issuer = a.site.Address.String()
	}
	return issuer + " " + tokens.Fold(user)
}

// lock takes the account's lock. The tokens of a login are its own: who holds the lock for long does not make them lost, and is waited
// for once.
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

// keep saves the session before it is used, so that a login that a person went through is not lost, whatever fails afterwards. Then it
// finds what the session may use, and keeps that.
func (a *attempt) keep(ctx context.Context, claims oidc.Claims) (tokens.Session, *login.Result, error) {
	if last := a.lastSession(claims.Username); last.Method == Name && !a.request.NamespacesSet {
		a.request.Namespaces = last.Namespaces
	}
	l, err := a.begin(claims)
	if err != nil {
		return tokens.Session{}, nil, err
	}
	if err := a.save(ctx, l); err != nil {
		return l.session, nil, err
	}
	res, err := a.find(ctx, l)
	if err != nil {
		return l.session, nil, loginError(fmt.Errorf("%s is logged in, but %s cannot be used: %w", claims.Username, a.site.Address, err), a.issuer.Plain)
	}
	err = l.minter.Locked(ctx, func() error {
		l.session.Trust = a.site.Trust()
		if err := l.save(); err != nil || l.dryRun {
			return err
		}
		return a.Sessions.ReplaceCredentials(l.session, res.Credentials()) // A logout waits for this, and takes them along.
	})
	if err != nil || l.dryRun {
		return l.session, res, failure.NotKept(a.Sessions.Store.Dir(), err)
	}
	return a.keepPassword(ctx, l.session), res, nil
}

// keepPassword puts the password into the keychain, or takes it out, as the command line says.
func (a *attempt) keepPassword(ctx context.Context, s tokens.Session) tokens.Session {
	if a.request.Passwords.Forget {
		a.Sessions.ForgetPassword(ctx, s)
	}
	if a.request.Passwords.Save && a.proven != "" {
		s = a.Sessions.SavePassword(ctx, s, a.proven)
	}
	return s
}

// begin is the session of the moment when the person is known. Servers that are decided about during the login are learnt by the
// site's own client.
func (a *attempt) begin(claims oidc.Claims) (*live, error) {
	s, err := a.newSession(claims)
	if err != nil {
		return nil, err
	}
	l := a.live(s, a.issuer)
	l.dryRun = a.request.DryRun
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

// save keeps the session for the first time.
func (a *attempt) save(ctx context.Context, l *live) error {
	unlock, err := a.lock(ctx, l.session.User)
	if err != nil {
		return err
	}
	defer unlock()
	return failure.NotKept(a.Sessions.Store.Dir(), l.save())
}

// newSession is what is remembered.
func (a *attempt) newSession(claims oidc.Claims) (tokens.Session, error) {
	renewal, err := a.issuer.JSON()
	now, last, r := a.Sessions.Env.Now(), a.lastSession(claims.Username), a.request
	command := r.Passwords.Command
	if !r.Passwords.CommandSet {
		command = last.PasswordCommand
	}
	server := a.site.Address.String()
	return tokens.Session{
		Server: server, User: claims.Username, Method: Name, Account: a.account(claims.Username),
		Trust: a.site.Trust(), Hosts: []string{server}, Aliases: a.site.Aliases,
		PasswordCommand: command, Keychain: last.Keychain && !r.Passwords.Forget, Renewal: renewal, Ends: a.issuer.Ends(now),
		Clusters: r.Clusters.String(), Namespaces: r.Namespaces, ContextPrefix: r.ContextPrefix, Created: now, Updated: now,
	}, err
}

// find is everything that the session may use.
func (a *attempt) find(ctx context.Context, l *live) (*login.Result, error) {
	if a.issuer.Plain {
		return a.findPlain(ctx, l)
	}
	p := a.Sessions.Env.NewProgress()
	defer p.Done()
	return login.FindRequest{
		Federated: l.minter, User: l.session.User, Clusters: a.request.Clusters, Namespaces: a.request.Namespaces,
		Known: a.request.KnownNamespaces(l.session), Last: a.lastTarget, APICA: a.apiCA,
		CA:        func(h login.Host) []byte { return site.APICA(h, h.Address.API(h.APIPort), a.site.Trust()) },
		Untrusted: a.site.FurtherServers(p), Progress: func(step login.Step, done, total int) { p.Show(string(step), done, total) },
	}.Find(ctx)
}

// lastTarget is where a cluster was when somebody of that name logged in.
func (a *attempt) lastTarget(key tokens.Key) (tokens.Target, bool) {
	c, found, err := a.Sessions.Store.Credential(key)
	if err != nil || !found || c.Target == nil {
		return tokens.Target{}, false
	}
	return *c.Target, true
}
