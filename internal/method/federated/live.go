package federated

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// live is a session in this process: the stored session, the issuer's client with its tokens, and the minter of credentials. It is saved
// when its tokens change.
type live struct {
	*Method
	session tokens.Session
	issuer  *oidc.Client
	minter  *login.Federated
	dryRun  bool // save nothing
	over    bool // the session has ended in this process
}

// errReplaced is the error if another login has replaced the session in the store.
var errReplaced = errors.New("another login replaced this session: try again")

// live returns a session with its issuer's client, which has the tokens.
func (m *Method) live(s tokens.Session, issuer *oidc.Client) *live {
	address, _ := supervisor.ParseAddress(s.Server) // Login has parsed it before.
	l := &live{Method: m, session: s, issuer: issuer}
	l.minter = &login.Federated{
		Issuer: issuer, Front: &supervisor.Client{Address: address}, API: l.api,
		Save: l.save, Lock: l.lock, Reload: l.reload, End: l.end, Paused: l.paused, Outage: l.outage, Well: l.well,
		Getenv: m.Sessions.Env.Getenv, SendSecret: m.clientSecret(issuer, s.ID == "", false),
	}
	return l
}

// open returns a stored session.
func (m *Method) open(s tokens.Session) (*live, error) {
	issuer, err := m.issuer(s)
	if err != nil {
		return nil, fmt.Errorf("the session of %s at %s cannot be read: %w", s.User, s.Server, err)
	}
	if resumed, ok := m.resumed.Load(s.ID); ok {
		issuer.TakeExchanged(resumed.(*oidc.Client))
	}
	l := m.live(s, issuer)
	if known, err := (session.Sites{Sessions: m.Sessions}).Of(s.Server); err == nil { // A renewal does not need it: without it, the API's own port is used.
		l.minter.APIPort = known.APIPorts[s.Server].Port
	}
	l.minter.Front.Wire, err = site.Client(m.Sessions.Env, s.Trust, supervisor.Aliases(s.Aliases).Reach)
	return l, err
}

// api implements login.Federated.API: it returns a client for API servers that a CA verifies.
func (l *live) api(ca string, certificate *tls.Certificate) (*wire.Client, error) {
	t := l.session.Trust
	switch ca {
	case "":
	case login.SystemRoots:
		t = trust.Trust{Mode: trust.System}
	default:
		t = trust.Trust{Mode: trust.Bundle, CA: ca}
	}
	w, _, err := site.NewClient(l.Sessions.Env, site.ClientOptions{
		Trust: t, Reach: supervisor.Aliases(l.session.Aliases).Reach, Certificate: certificate,
	})
	return w, err
}

// save saves the session with its tokens.
func (l *live) save() (err error) {
	if l.session.Renewal, err = l.issuer.JSON(); err != nil || l.dryRun {
		return err
	}
	if !l.over {
		l.session.Ends = l.issuer.Ends(l.session.Ends)
	}
	if l.session.ID != "" {
		l.session, err = l.Sessions.Store.UpdateSession(l.session)
		return err
	}
	l.session, err = l.Sessions.Store.SaveSession(l.session) // Only once, by the login: an update after a logout must fail.
	if err == nil {
		err = l.Sessions.Store.EndOutage(l.session.ID)
	}
	return err
}

func (l *live) lock(ctx context.Context) (unlock func(), err error) {
	return l.Sessions.LockAccount(ctx, l.session)
}

// end records that the session has ended: only a person can log in again.
func (l *live) end() { l.session.Ends, l.over = l.Sessions.Env.Now(), true }

// reload reads the session again and reports whether another process has refreshed it. If another login has replaced the session, the
// error is errReplaced: the lock and the servers of this process are those of the old one.
func (l *live) reload() (changed bool, err error) {
	if l.session.ID == "" { // It is not stored.
		return false, nil
	}
	was := l.session
	now, found, err := l.Sessions.Store.FindSession(tokens.Key{Server: was.Server, User: was.User})
	switch {
	case err != nil:
		return false, err
	case !found || now.ID != was.ID:
		return false, &tokens.LoginRequiredError{Server: was.Server, User: was.User, Reason: fmt.Sprintf("%s is no longer logged in to %s", was.User, was.Server)}
	case now.Method != was.Method || now.Account != was.Account || now.Trust.Mode != was.Trust.Mode || !trust.SameCAs(frontCA(now), frontCA(was)):
		return false, errReplaced
	}
	theirs, err := Parse(now)
	switch {
	case err != nil:
		return false, err
	case !trust.SameCAs(theirs.CA, l.issuer.CA) || theirs.Provider.Token != l.issuer.Provider.Token || theirs.Client != l.issuer.Client:
		return false, errReplaced
	}
	changed = theirs.Refresh != l.issuer.Refresh
	l.issuer.Session, l.session = theirs, now
	return changed, nil
}

// frontCA returns the CA (PEM) of a session's Supervisor.
func frontCA(s tokens.Session) string { return s.Trust.For(trust.ServerOf(s.Server)).CA }

// clientSecret returns a function that sends the client's secret through the guard, as a password: a refused secret is not retried.
// explicit means a command that a person types.
func (m *Method) clientSecret(issuer *oidc.Client, explicit, force bool) oidc.SendSecret {
	env := m.Sessions.Env
	return func(ctx context.Context, send func(context.Context, redact.Secret) error) error {
		_, where, err := issuer.Secret(ctx, env.Getenv)
		if err != nil {
			return err
		}
		guard := session.ClientGuard(m.Sessions, issuer.Provider.Issuer, issuer.Client)
		if explicit {
			guard = session.Commanded(env, guard, force)
		}
		source := secret.Source{Name: where, What: "the client's secret", Kind: secret.Given, Get: func(ctx context.Context) (redact.Secret, error) {
			s, _, err := issuer.Secret(ctx, env.Getenv)
			return s, err
		}}
		return guard.Send(ctx, []secret.Source{source}, func(ctx context.Context, s redact.Secret, _ secret.Source) error { return send(ctx, s) })
	}
}
