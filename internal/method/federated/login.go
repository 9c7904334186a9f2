package federated

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// attempt is one login under way.
type attempt struct {
	discovery
	request session.Request
	proven  redact.Secret // the password, if one was sent
	busy    bool          // somebody holds the account's lock and does not give it up
}

// Login has a person prove who they are at the issuer, keeps the session at once, and finds everything that it may use.
func (m *Method) Login(ctx context.Context, s site.Site, r session.Request) (session.Outcome, error) {
	a := &attempt{discovery: discovery{Method: m, site: s, user: r.User}, request: r}
	discover := a.discover
	if m.Options.Issuer.Plain() {
		discover = a.discoverPlain
	}
	if err := discover(ctx); err != nil {
		return session.Outcome{}, err
	}
	defer m.revokeUnlessKept(ctx, a.issuer) // However it ends, also a dry run.
	claims, err := a.authenticate(ctx)
	if err == nil {
		err = exchangeable(ctx, a.issuer)
	}
	if err != nil {
		return session.Outcome{}, loginError(err, a.issuer.Plain)
	}
	if err := a.sameUser(claims); err != nil {
		return session.Outcome{}, err
	}
	kept, res, err := a.keep(ctx, claims)
	if err != nil {
		return session.Outcome{}, err
	}
	m.Sessions.Env.Tellf("The identity provider says that you are %s.", kept.User) // Browsers remember somebody else at times.
	return session.Outcome{Session: kept, Result: res, Await: a.await(kept, res), Note: a.endNote(kept)}, nil
}

// sameUser refuses somebody else than -u names. With a password the name was sent.
func (a *attempt) sameUser(claims oidc.Claims) error {
	named := a.request.User
	if named == "" || Flow(a.issuer.Flow) == Password || tokens.Fold(named) == tokens.Fold(claims.Username) {
		return nil
	}
	remedy := "Log in as %s there, or leave -u out."
	if a.issuer.Unattended() {
		remedy = "The runner must provide what is for %s; or leave -u out."
	}
	return failure.Hint(fmt.Errorf("you logged in as %s, and -u says %s: nothing was kept", claims.Username, named), remedy, named)
}

// authenticate has somebody prove who they are, by the flow that was asked for or that suits.
func (a *attempt) authenticate(ctx context.Context) (oidc.Claims, error) {
	env := a.Sessions.Env
	if a.issuer.Unattended() {
		_, claims, err := a.issuer.FromRunner(ctx, env.Getenv, a.clientSecret(a.issuer, true, a.request.Passwords.Force))
		var none *secret.NoPasswordError
		if errors.As(err, &none) && none.Known { // What else fails is the issuer's answer, or the runner's.
			err = failure.Password{Provider: true}.Explain(err)
		}
		return claims, err
	}
	flow := a.flow()
	a.issuer.Flow, a.issuer.Browser = string(flow), a.Options.Browser
	switch flow {
	case Password:
		return a.password(ctx)
	case Device:
		claims, err := device(ctx, env, a.issuer)
		if errors.Is(err, oidc.ErrNoDevice) {
			err = failure.Hint(failure.Usagef("%w", err), "With a browser on another machine: --no-browser.")
		}
		return claims, err
	}
	if !a.idp.Offers(oidc.FlowBrowser) {
		return oidc.Claims{}, failure.Usagef("the identity provider %s takes passwords only: leave --oidc-flow out", a.idp.Name)
	}
	return browse(ctx, env, a.issuer, a.Options.Browser)
}

// flow is the one that was asked for; else the password's, when one is at hand or the issuer prefers it and somebody can type it.
func (a *attempt) flow() Flow {
	if a.Options.Flow != Auto {
		return a.Options.Flow
	}
	env, passwords := a.Sessions.Env, a.request.Passwords
	given := env.Getenv(failure.PasswordVariable) != "" || passwords.Stdin || len(passwords.Command) > 0
	preferred := len(a.idp.Flows) > 0 && a.idp.Flows[0] == oidc.FlowPassword && env.Terminal != nil
	switch {
	case a.idp.Offers(oidc.FlowPassword) && a.Options.Browser.IsZero() && (given || preferred):
		return Password
	case a.idp.Offers(oidc.FlowBrowser):
		return Browser
	}
	return Password
}

// password goes through the same sources and the same guard as one of vCenter Single Sign-On.
func (a *attempt) password(ctx context.Context) (claims oidc.Claims, err error) {
	env, user := a.Sessions.Env, a.request.User
	if user == "" {
		user = env.Getenv(failure.UsernameVariable)
	}
	if user, err = session.Username(ctx, env, user); err != nil {
		return claims, err
	}
	last := a.lastSession(user)
	last.Trust, last.Account = a.site.Trust(), a.account(user)
	sources, err := session.LoginSources(env, a.request.Passwords, last)
	if err != nil {
		return claims, err
	}
	guard := a.Sessions.Guard(last.Account, user)
	guard.Explicit, guard.Force = true, a.request.Passwords.Force
	guard.Lock = func(ctx context.Context) (func(), error) { return a.lock(ctx, user) }
	err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) error {
		claims, err = a.issuer.Password(ctx, user, password)
		a.proven = password
		return err
	})
	return claims, failure.Password{User: user, Provider: true}.Explain(err)
}

// endNote says when a session ends that nothing renews: neither the issuer, nor a password that is at hand.
func (a *attempt) endNote(s tokens.Session) string {
	password := Flow(a.issuer.Flow) == Password && (len(s.PasswordCommand) > 0 || s.Keychain)
	if a.issuer.Renews() || a.issuer.Unattended() || password {
		return ""
	}
	return fmt.Sprintf("the issuer gave no refresh token, so this session ends with its token, at %s; for a longer one it must grant the scope offline_access to the client %s",
		a.Sessions.Env.Until(s.Ends), a.issuer.Client)
}

// lastSession is the session of a user as the last login by this method left it.
func (a *attempt) lastSession(user string) tokens.Session {
	return session.Last(a.Sessions.Store, tokens.Key{Server: a.site.Address.String(), User: user}, Name)
}
