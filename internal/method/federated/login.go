package federated

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// attempt is one login.
type attempt struct {
	discovery
	request      session.Request
	asked        *login.Asking // the question to the Supervisor's API server, or nil
	sentPassword redact.Secret // the password, if one was sent
	typed        string        // the name that went with it
	busy         bool          // another process held the account's lock for too long
}

// Login authenticates at the issuer, saves the session, and finds everything that it may use.
func (m *Method) Login(ctx context.Context, s site.Site, r session.Request) (session.Outcome, error) {
	a := &attempt{discovery: discovery{Method: m, site: s, user: r.User}, request: r}
	discover := a.discover
	if m.Options.Issuer.Plain() {
		discover = a.discoverPlain
	} else if r.APIPort == 0 {
		a.asked = login.AskAPI(ctx, s.Wire, s.Address, 0) // It has answered, or has not, when the person has logged in.
		defer a.asked.Stop()
	}
	if err := discover(ctx); err != nil {
		return session.Outcome{}, err
	}
	defer m.revokeUnlessStored(ctx, a.issuer) // Also after an error or a dry run.
	claims, err := a.authenticate(ctx)
	if err == nil {
		err = checkExchange(ctx, a.issuer)
	}
	if err != nil {
		return session.Outcome{}, loginError(err, a.issuer.Plain)
	}
	if err := a.sameUser(claims); err != nil {
		return session.Outcome{}, err
	}
	saved, res, err := a.saveAndFind(ctx, claims)
	if err != nil {
		return session.Outcome{}, err
	}
	m.Sessions.Env.Tellf("The identity provider says that you are %s.", saved.User) // The browser may be logged in as another user.
	return session.Outcome{Session: saved, Result: res, Await: a.await(saved, res), Note: func() string { return a.endNote(saved) }}, nil
}

// sameUser returns an error if another user than -u logged in. The password flow sends the name, so it needs no check.
func (a *attempt) sameUser(claims oidc.Claims) error {
	named := a.request.User
	if named == "" || Flow(a.issuer.Flow) == Password || tokens.Fold(named) == tokens.Fold(claims.Username) {
		return nil
	}
	remedy := "Log in as %s there, or leave -u out."
	if a.issuer.Unattended() {
		remedy = "The job must provide a token of %s. Or leave -u out."
	}
	return failure.Hint(fmt.Errorf("you logged in as %s, and -u says %s: nothing was saved", claims.Username, named), remedy, named)
}

// authenticate logs in at the issuer, with the flow of the command line or the best one.
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
		if !a.idp.Offers(oidc.FlowPassword) { // Before anybody types it: an identity provider that wants a browser must not see it here.
			return oidc.Claims{}, noPassword(a.idp)
		}
		return a.password(ctx)
	case Device:
		claims, err := device(ctx, env, a.issuer, a.trustedHosts())
		if errors.Is(err, oidc.ErrNoDevice) {
			err = failure.Hint(failure.Usagef("%w", err), "To use a browser on another machine, add --no-browser.")
		}
		return claims, err
	}
	if !a.idp.Offers(oidc.FlowBrowser) {
		return oidc.Claims{}, failure.Usagef("the identity provider %s accepts only passwords: leave --oidc-flow out", a.idp.Name)
	}
	return browse(ctx, env, a.issuer, a.Options.Browser)
}

// noPassword is the error for --oidc-flow password, asked for now or remembered, at an identity provider that offers no such flow.
func noPassword(idp oidc.IdentityProvider) error {
	if idp.Offers(oidc.FlowBrowser) {
		return failure.Usagef("%w: use --oidc-flow browser", oidc.ErrNoPassword)
	}
	return failure.Usagef("the identity provider %s offers no way to log in that this program knows", idp.Name)
}

// flow returns the flow of the command line. Without one it is the password flow if there is a password, or if the issuer prefers it and
// there is a terminal. Otherwise it is the browser.
func (a *attempt) flow() Flow {
	if a.Options.Flow != Auto {
		return a.Options.Flow
	}
	env, passwords := a.Sessions.Env, a.request.Passwords
	havePassword := env.Getenv(failure.PasswordVariable) != "" || passwords.Stdin || len(passwords.Command) > 0
	preferred := len(a.idp.Flows) > 0 && a.idp.Flows[0] == oidc.FlowPassword && env.Terminal != nil
	switch {
	case a.idp.Offers(oidc.FlowPassword) && a.Options.Browser.IsZero() && (havePassword || preferred):
		return Password
	case a.idp.Offers(oidc.FlowBrowser):
		return Browser
	}
	return Password
}

// password logs in with a user name and password, from the same sources and through the same guard as vCenter Single Sign-On.
func (a *attempt) password(ctx context.Context) (claims oidc.Claims, err error) {
	env, user := a.Sessions.Env, a.request.User
	if user == "" {
		user = session.NamedUser(env)
	}
	if user, err = session.Username(ctx, env, user, sso.CheckName); err != nil {
		return claims, err
	}
	stored := a.stored(user)
	if name := stored.LoginName(); name != user && (user == stored.User || tokens.Fold(name) != tokens.Fold(user)) {
		env.Tellf("The identity provider calls you %s. Logging in as %s, as the last time.", user, name)
		user = name
	}
	last := a.lastSession(stored.User)
	a.sayUnused(last)
	last.Login = stored.Login
	last.Trust, last.Account = a.site.Trust(), a.account(user)
	sources, err := session.LoginSources(env, a.request.Passwords, last)
	if err != nil {
		return claims, err
	}
	guard := session.Commanded(env, a.Sessions.Guard(last.Account, user), a.request.Passwords.Force)
	guard.Lock = func(ctx context.Context) (func(), error) { return a.lock(ctx, user) }
	session.Patient(env, guard, a.request.Passwords.Wait)
	err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) error {
		claims, err = a.issuer.Password(ctx, user, password)
		a.sentPassword, a.typed = password, user
		return err
	})
	return claims, failure.Password{User: user, Provider: true}.Explain(err)
}

// stored returns the session at this Supervisor of the person who logs in to the issuer with a name, or whom the issuer calls so; without one,
// a new session of that name. A name that somebody types is first of all one to log in with.
func (a *attempt) stored(user string) tokens.Session {
	called := tokens.Session{User: user}
	for _, s := range a.Sessions.Store.SessionsAt(a.site.Address.String()) {
		kept, err := Parse(s)
		if err != nil || kept.Provider.Issuer != a.issuer.Provider.Issuer || kept.IdentityProvider != a.issuer.IdentityProvider {
			continue
		}
		if tokens.Fold(s.LoginName()) == tokens.Fold(user) {
			return s
		}
		if tokens.Fold(s.User) == tokens.Fold(user) {
			called = s
		}
	}
	return called
}

// endNote returns a note about when the session ends, if neither the issuer nor a stored password renews it.
func (a *attempt) endNote(s tokens.Session) string {
	password := Flow(a.issuer.Flow) == Password && (len(s.PasswordCommand) > 0 || s.Keychain)
	if a.issuer.Renews() || a.issuer.Unattended() || password {
		return ""
	}
	return fmt.Sprintf("the issuer gave no refresh token, so this session ends at %s; for a longer one, the issuer must grant the scope offline_access to the client %s",
		a.Sessions.Env.Until(s.Ends), a.issuer.Client)
}

// lastSession returns the session of a user after the last login with this method. It drops password sources that were recorded for another
// issuer, or for one that another CA verified: the Supervisor names both, and may have been taken over.
func (a *attempt) lastSession(user string) tokens.Session {
	last := session.Last(a.Sessions.Store, tokens.Key{Server: a.site.Address.String(), User: user}, Name)
	if kept, err := Parse(last); err != nil || kept.Provider.Issuer != a.issuer.Provider.Issuer || !trust.SameCAs(kept.CA, a.issuer.CA) {
		last.PasswordCommand, last.Keychain = nil, false
	}
	return last
}

// sayUnused says why a password source of the last login is not asked.
func (a *attempt) sayUnused(used tokens.Session) {
	last := session.Last(a.Sessions.Store, tokens.Key{Server: a.site.Address.String(), User: used.User}, Name)
	if kept, err := Parse(last); err == nil && (len(last.PasswordCommand) > len(used.PasswordCommand) || last.Keychain && !used.Keychain) {
		why := ""
		if kept.Provider.Issuer == a.issuer.Provider.Issuer {
			why = ", verified by another CA"
		}
		a.Sessions.Env.Tellf("The password of the last login is not sent: it is for the issuer %s%s.", safetext.Line(kept.Provider.Issuer, 300), why)
	}
}
