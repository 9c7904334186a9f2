package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// federatedLogin is a login by the identity provider of a Supervisor.
type federatedLogin struct {
	*App
	store  *tokens.Store
	site   site
	o      loginOptions
	apiCA  []byte
	issuer *oidc.Client
	idp    oidc.IdentityProvider
	proven redact.Secret // the password, if one was sent
	busy   bool          // somebody holds the account's lock and does not give it up
}

// loginOIDC is the login command from the point where the Supervisor is trusted: a person proves who he is at the issuer, the session
// is kept at once, then everything that it may use is found and written.
func (a *App) loginOIDC(ctx context.Context, store *tokens.Store, files kubeconfig.Files, s site, o loginOptions, id supervisor.Identity) error {
	if o.staticTokens {
		return usagef("--static-tokens and --kubeconfig - are for vCenter Single Sign-On: what an identity provider's session gives is good for minutes")
	}
	l := &federatedLogin{App: a, store: store, site: s, o: o}
	if err := l.discover(ctx, id); err != nil {
		return err
	}
	return l.finish(ctx, files)
}

// finish goes from the person to the contexts.
func (l *federatedLogin) finish(ctx context.Context, files kubeconfig.Files) error {
	defer l.discard(ctx) // However it ends, also a dry run: it sees what was kept.
	claims, err := l.person(ctx)
	if err == nil {
		err = usable(ctx, l.issuer)
	}
	if err != nil {
		return oidcError(err, l.issuer.Plain)
	}
	if named := l.o.user; named != "" && flow(l.issuer.Flow) != flowPassword && tokens.Fold(named) != tokens.Fold(claims.Username) {
		remedy := "Log in as %s there, or leave -u out."
		if l.issuer.Unattended() {
			remedy = "The runner must provide what is for %s; or leave -u out."
		}
		return hint(fmt.Errorf("you logged in as %s, and -u says %s: nothing was kept", claims.Username, named), remedy, named)
	}
	session, res, err := l.keep(ctx, claims, files)
	if err != nil {
		return err
	}
	fmt.Fprintf(l.ErrOut, "The identity provider says that you are %s.\n", session.User) // Browsers remember somebody else at times.
	if l.o.dryRun {
		return l.printPlan(files, session, l.o, res)
	}
	err = l.write(ctx, files, session, l.o, res, func() error { return l.await(ctx, session, res) })
	l.noteEnd(session)
	return err
}

// person has somebody prove who he is, by the flow that was asked for or that suits.
func (l *federatedLogin) person(ctx context.Context) (oidc.Claims, error) {
	if l.issuer.Unattended() {
		_, claims, err := l.issuer.FromRunner(ctx, l.Getenv, l.clientSecret(l.store, l.issuer, true, l.o.force))
		var none *secret.NoPasswordError
		if errors.As(err, &none) && none.Known {
			err = hint(err, "Use --force to send it all the same.")
		}
		return claims, err
	}
	f := l.flow()
	l.issuer.Flow, l.issuer.Browser = string(f), l.o.oidc.browser
	switch f {
	case flowPassword:
		return l.password(ctx)
	case flowDevice:
		claims, err := l.device(ctx, l.issuer)
		if errors.Is(err, oidc.ErrNoDevice) {
			err = hint(usagef("%w", err), "With a browser on another machine: --no-browser.")
		}
		return claims, err
	}
	if !l.idp.Offers(oidc.FlowBrowser) {
		return oidc.Claims{}, usagef("the identity provider %s takes passwords only: leave --oidc-flow out", l.idp.Name)
	}
	return l.browse(ctx, l.issuer, l.o.oidc)
}

// flow is the one that was asked for; else the password's, when one is at hand or the issuer prefers it and somebody can type it.
func (l *federatedLogin) flow() flow {
	if l.o.oidc.flow != flowAuto {
		return l.o.oidc.flow
	}
	given := l.Getenv(passwordVariable) != "" || l.o.passwordStdin || len(l.o.passwordCommand) > 0
	preferred := len(l.idp.Flows) > 0 && l.idp.Flows[0] == oidc.FlowPassword && l.Terminal != nil
	switch {
	case l.idp.Offers(oidc.FlowPassword) && l.o.oidc.browser.IsZero() && (given || preferred):
		return flowPassword
	case l.idp.Offers(oidc.FlowBrowser):
		return flowBrowser
	}
	return flowPassword
}

// password goes through the same sources and the same guard as one of vCenter Single Sign-On.
func (l *federatedLogin) password(ctx context.Context) (claims oidc.Claims, err error) {
	user := l.o.user
	if user == "" {
		user = l.Getenv(usernameVariable)
	}
	if user, err = l.username(ctx, user); err != nil {
		return claims, err
	}
	last := lastSession(l.store, l.o.server.String(), user)
	last = rememberedBy(last, methodOIDC)
	last.Trust, last.Account = l.site.transport.Trust(), l.account(user)
	sources, err := l.loginSources(l.o, last)
	if err != nil {
		return claims, err
	}
	guard := l.guard(l.store, last.Account, user)
	guard.Explicit, guard.Force = true, l.o.force
	guard.Lock = func(ctx context.Context) (func(), error) { return l.lock(ctx, user) }
	err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, _ secret.Source) error {
		claims, err = l.issuer.Password(ctx, user, password)
		l.proven = password
		return err
	})
	var refused *secret.RefusedError
	if errors.As(err, &refused) { // vCenter's rules are not this provider's.
		return claims, hint(fmt.Errorf("the password of %s for %s was refused: %w", refused.Source, user, refused.Err), "It was not sent again.")
	}
	return claims, l.proveError(err, user)
}

// oidcError words what went wrong at the issuer; plain is one without a Supervisor.
func oidcError(err error, plain bool) error {
	var distrusted *oidc.TokenError
	var denied *oidc.Error
	switch {
	case errors.Is(err, oidc.ErrAudience) && plain:
		return hint(err, "Name the client that the issuer's tokens are for with --oidc-client-id.")
	case errors.Is(err, oidc.ErrNoToken) && plain:
		return hint(err, "An ID token comes with the scope openid, which was asked for. Name the issuer's own scope for it, if there is one, with --oidc-scopes.")
	case errors.As(err, &distrusted) && plain:
		return hint(err, "Ask the administrator of the issuer: its tokens must be by its own keys, and of now.")
	case errors.As(err, &distrusted):
		return hint(err, "Ask your vSphere administrator: the issuer's tokens must be for this client, by its own keys, and of now.")
	case errors.As(err, &denied) && errors.Is(err, wire.ErrRefused):
		return fmt.Errorf("the identity provider did not log you in: %w", err)
	}
	return err
}
