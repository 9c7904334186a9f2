package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// account is whom the issuer knows by a name.
func (l *federatedLogin) account(user string) string {
	issuer := l.issuer.Provider.Issuer
	if issuer == "" { // A runner provides the token.
		issuer = l.o.server.String()
	}
	return issuer + " " + tokens.Fold(user)
}

// lock takes the account's lock. Tokens of a login are nobody else's: who holds it for long does not make them lost, and is waited for once.
func (l *federatedLogin) lock(ctx context.Context, user string) (unlock func(), err error) {
	if l.busy {
		return func() {}, ctx.Err()
	}
	unlock, err = l.store.LockAccount(ctx, l.account(user), func() { l.sayWaiting(user, l.o.server.String()) },
		func(err error) { fmt.Fprintf(l.ErrOut, "warning: %v\n", err) })
	if errors.Is(err, filelock.ErrBusy) {
		fmt.Fprintf(l.ErrOut, "warning: %v\n", err)
		l.busy = true
		return func() {}, nil
	}
	return unlock, err
}

// keep saves the session before it is used, so that a login that a person went through is not lost, whatever fails afterwards.
func (l *federatedLogin) keep(ctx context.Context, claims oidc.Claims, files kubeconfig.Files) (tokens.Session, *login.Result, error) {
	if last := lastSession(l.store, l.o.server.String(), claims.Username); last.Method == methodOIDC && !l.o.given("namespaces") {
		l.o.namespaces = last.Namespaces
	}
	session, err := l.session(claims)
	if err != nil {
		return session, nil, err
	}
	federated := l.federated(l.store, l.issuer, &session, l.o.dryRun)
	federated.Lock = func(ctx context.Context) (func(), error) { return l.lock(ctx, claims.Username) }
	federated.Front.Wire = l.site.Client
	verified := federated.API
	federated.API = func(ca string, certificate *tls.Certificate) (*wire.Client, error) {
		if ca == "" && certificate == nil {
			return l.site.Client, nil // It learns of the servers that are met.
		}
		return verified(ca, certificate)
	}
	if err := l.save(ctx, federated, claims.Username); err != nil {
		return session, nil, err
	}
	res, err := l.find(ctx, federated, claims.Username, knownNamespaces(files, session))
	if err != nil {
		return session, nil, oidcError(fmt.Errorf("%s is logged in, but %s cannot be used: %w", claims.Username, l.o.server, err), l.issuer.Plain)
	}
	err = federated.Locked(ctx, func() error {
		session.Trust = l.site.transport.Trust()
		if err := federated.Save(); err != nil || l.o.dryRun {
			return err
		}
		return l.keepCredentials(session, res) // A logout waits for this, and takes them along.
	})
	switch {
	case err != nil:
		return session, nil, l.notKept(l.store, err)
	case l.o.dryRun:
		return session, res, nil
	}
	if l.o.forgetKeychain {
		l.forgetPassword(ctx, session)
	}
	if l.o.savePassword && l.proven != "" {
		session = l.savePassword(ctx, l.store, session, l.proven)
	}
	return session, res, nil
}

// save keeps the session for the first time.
func (l *federatedLogin) save(ctx context.Context, f *login.Federated, user string) error {
	unlock, err := l.lock(ctx, user)
	if err != nil {
		return err
	}
	defer unlock()
	return l.notKept(l.store, f.Save())
}

// session is what is remembered, as of the moment when the person is known.
func (l *federatedLogin) session(claims oidc.Claims) (tokens.Session, error) {
	renewal, err := l.issuer.JSON()
	now := l.Now()
	last := rememberedBy(lastSession(l.store, l.o.server.String(), claims.Username), methodOIDC)
	command := l.o.passwordCommand
	if !l.o.commandGiven {
		command = last.PasswordCommand
	}
	return tokens.Session{
		Server: l.o.server.String(), User: claims.Username, Method: methodOIDC, Account: l.account(claims.Username),
		Trust: l.site.transport.Trust(), Hosts: []string{l.o.server.String()}, Aliases: l.o.aliases,
		PasswordCommand: command, Keychain: last.Keychain && !l.o.forgetKeychain, Renewal: renewal, Ends: l.issuer.Ends(now),
		Clusters: l.o.clusters.String(), Namespaces: l.o.namespaces, ContextPrefix: l.o.prefix, Created: now, Updated: now,
	}, err
}

func (l *federatedLogin) find(ctx context.Context, f *login.Federated, user string, known []string) (*login.Result, error) {
	if l.issuer.Plain {
		return l.single(ctx, f, user)
	}
	p := l.newProgress()
	defer p.done()
	return login.FindRequest{
		Federated: f, User: user, Clusters: l.o.clusters, Namespaces: l.o.namespaces, Known: known, Last: l.lastTarget, APICA: l.apiCA,
		CA: func(h login.Host) []byte {
			return apiCA(h, h.Address.API(h.APIPort), l.site.transport.Trust())
		},
		Untrusted: l.others(l.site, l.o, p), Progress: p.show,
	}.Find(ctx)
}

// lastTarget is where a cluster was when somebody of that name logged in.
func (l *federatedLogin) lastTarget(key tokens.Key) (tokens.Target, bool) {
	c, found, err := l.store.Credential(key)
	if err != nil || !found || c.Target == nil {
		return tokens.Target{}, false
	}
	return *c.Target, true
}

// keepCredentials replaces all that was there of the session: it may be of somebody else's rights.
func (l *federatedLogin) keepCredentials(session tokens.Session, res *login.Result) error {
	all, _ := l.store.Credentials()
	fresh := res.Credentials()
	for _, c := range all {
		again := slices.ContainsFunc(fresh, func(f tokens.Credential) bool { return f.Key.Same(c.Key) })
		if c.Session == session.ID && !again {
			if err := l.store.DeleteCredential(c.Key); err != nil {
				return err
			}
		}
	}
	for _, c := range fresh {
		c.Session = session.ID
		if err := l.store.SaveCredential(c); err != nil {
			return err
		}
	}
	if _, err := l.store.Prune(l.Now(), pruneAfter); err != nil {
		fmt.Fprintf(l.ErrOut, "warning: %v\n", err)
	}
	return l.store.EndQuiet(session.Account)
}
