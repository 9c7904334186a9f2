package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// federated mints for a session, which is saved whenever its tokens change.
func (a *App) federated(store *tokens.Store, issuer *oidc.Client, session *tokens.Session, dryRun bool) *login.Federated {
	aliases := supervisor.Aliases(session.Aliases)
	address, _ := supervisor.ParseAddress(session.Server) // It was parsed before it was kept.
	return &login.Federated{
		Issuer: issuer, Front: &supervisor.Client{Address: address},
		API: func(ca string, certificate *tls.Certificate) (*wire.Client, error) {
			t := session.Trust
			switch ca {
			case "":
			case login.SystemRoots:
				t = trust.Trust{Mode: trust.System}
			default:
				t = trust.Trust{Mode: trust.Bundle, CA: ca}
			}
			w, _, err := a.wireClientWith(t, aliases.Reach, certificate)
			return w, err
		},
		Save: func() (err error) {
			if session.Renewal, err = issuer.JSON(); err != nil || dryRun {
				return err
			}
			save := store.UpdateSession
			if session.ID == "" {
				save = store.SaveSession // By a login, once: who logs out after that has logged out.
			}
			*session, err = save(*session)
			return err
		},
		Lock: func(ctx context.Context) (func(), error) {
			return store.LockAccount(ctx, session.Account, func() { a.sayWaiting(session.User, session.Server) },
				func(err error) { fmt.Fprintf(a.ErrOut, "warning: %v\n", err) })
		},
		Reload: func() (bool, error) { return reload(store, issuer, session) },
		Getenv: a.Getenv, SendSecret: a.clientSecret(store, issuer, session.ID == "", false),
		End: func() { session.Ends = a.Now() },
	}
}

// errReplaced is a session that is not the one that was taken up.
var errReplaced = errors.New("somebody logged in anew meanwhile: try again")

// clientSecret sends the secret of an issuer's client as every password is sent: one that was refused not again by itself.
func (a *App) clientSecret(store *tokens.Store, issuer *oidc.Client, explicit, force bool) oidc.SendSecret {
	return func(ctx context.Context, send func(context.Context, redact.Secret) error) error {
		_, where, err := issuer.Secret(a.Getenv)
		if err != nil {
			return err
		}
		guard := a.guard(store, issuer.Provider.Issuer+" client "+issuer.Client, "client "+issuer.Client)
		guard.Explicit, guard.Force = explicit, force
		source := secret.Source{Name: where, What: "the client's secret", Kind: secret.Given, Get: func(context.Context) (redact.Secret, error) {
			s, _, err := issuer.Secret(a.Getenv)
			return s, err
		}}
		return guard.Send(ctx, []secret.Source{source}, func(ctx context.Context, s redact.Secret, _ secret.Source) error { return send(ctx, s) })
	}
}

// reload takes over what other processes made of the session. changed tells whether it was refreshed. Of one that another login replaced
// nothing is used: the lock and the servers at hand are those of before.
func reload(store *tokens.Store, issuer *oidc.Client, session *tokens.Session) (changed bool, err error) {
	if session.ID == "" { // It is kept nowhere.
		return false, nil
	}
	now, found, err := store.FindSession(tokens.Key{Server: session.Server, User: session.User})
	switch {
	case err != nil:
		return false, err
	case !found || now.ID != session.ID:
		return false, &tokens.LoginRequiredError{Server: session.Server, User: session.User, Reason: fmt.Sprintf("%s is not logged in to %s any more", session.User, session.Server)}
	case now.Method != session.Method || now.Account != session.Account || now.Trust.Mode != session.Trust.Mode || now.Trust.CA != session.Trust.CA:
		return false, errReplaced
	}
	theirs, err := oidc.ParseSession(now.Renewal)
	switch {
	case err != nil:
		return false, err
	case theirs.CA != issuer.CA || theirs.Provider.Token != issuer.Provider.Token || theirs.Client != issuer.Client:
		return false, errReplaced
	}
	changed = theirs.Refresh != issuer.Refresh
	issuer.Session, *session = theirs, now
	return changed, nil
}
