package federated

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// discovery is what a login finds out before anybody proves who they are.
type discovery struct {
	*Method
	site   site.Site
	user   string // that the command line names, if any
	issuer *oidc.Client
	idp    oidc.IdentityProvider
	apiCA  []byte // of the Supervisor's API server, as the Supervisor tells it
}

// discover asks for everything that needs no person: the issuer's document, its identity providers, the API server's CA.
func (a *discovery) discover(ctx context.Context) error {
	id := a.Options.Identity
	if err := a.checkIssuerHost(ctx, id); err != nil {
		return err
	}
	w, provider, err := a.askIssuer(ctx, id)
	if err != nil {
		return issuerError(err, id)
	}
	a.issuer = &oidc.Client{Wire: w, Now: a.Sessions.Env.Now, Unverified: a.site.Insecure(), Session: oidc.Session{
		Provider: provider, CA: string(id.IssuerCA), Client: oidc.PinnipedClient, Concierge: id.Concierge,
	}}
	var parallel sync.WaitGroup
	parallel.Go(func() { _ = a.issuer.FetchKeys(ctx) })            // Now, so that the login does not wait for them later.
	parallel.Go(func() { a.apiCA, _ = a.site.Front().APICA(ctx) }) // Not every Supervisor offers it.
	all, err := provider.IdentityProviders(ctx, w)
	parallel.Wait()
	if err == nil {
		a.idp, err = a.chooseProvider(ctx, all)
	}
	a.issuer.IdentityProvider = a.idp.Name
	return err
}

// askIssuer asks the issuer for its document. If the Supervisor names no CA for it, it is verified as other servers of the site are, and an
// unknown CA is decided about.
func (a *discovery) askIssuer(ctx context.Context, id supervisor.Identity) (*wire.Client, oidc.Provider, error) {
	ask := func() (*wire.Client, oidc.Provider, error) {
		w, err := a.issuerClient(string(id.IssuerCA), a.site.Trust(), a.site.Aliases)
		if err != nil {
			return nil, oidc.Provider{}, err
		}
		provider, err := oidc.Discover(ctx, w, id.Issuer, false)
		return w, provider, err
	}
	w, provider, err := ask()
	decide := a.site.FurtherServers(a.Sessions.Env.NewProgress())
	var untrusted *trust.UntrustedError
	if len(id.IssuerCA) > 0 || decide == nil || !errors.As(err, &untrusted) || !untrusted.UnknownCA {
		return w, provider, err
	}
	if err := decide(ctx, []login.UnknownServer{{Server: trust.ServerOf(untrusted.Host), UntrustedError: untrusted}})[0]; err != nil {
		return w, provider, err
	}
	return ask()
}

// checkIssuerHost checks that the issuer is the Supervisor's own. With a token from an issuer on another server, this Supervisor could act
// as the user there. And one that was taken over could name its own issuer in place of that of the last login, and get the password for it.
// So the user must allow such an issuer. The session remembers that.
func (a *discovery) checkIssuerHost(ctx context.Context, id supervisor.Identity) error {
	env, issuer := a.Sessions.Env, safetext.Line(id.Issuer, 300)
	last, known := a.knownIssuer(id.Issuer)
	own := id.SameServer || id.InCertificate && a.site.VouchedCA
	switch {
	case a.Options.TrustIssuer == id.Issuer, known, own && last == "":
		return nil
	case a.Options.TrustIssuer != "":
		return failure.Usagef("--trust-issuer: the Supervisor names %s", issuer)
	}
	what := fmt.Errorf("%s sends you to log in at another server, %s, and nothing proves that both belong to one Supervisor", a.site.Address, issuer)
	risk := "Whoever runs the first server can then act as you at the second."
	if own {
		what = fmt.Errorf("%s sends you to log in at another issuer than the last time: it was %s and is %s", a.site.Address, last, issuer)
		risk = "Somebody may have taken the server over to get what you use there."
	}
	if env.Terminal == nil {
		return failure.Hint(what, "Ask your vSphere administrator. If that is right, add: --trust-issuer %s", failure.Quote(issuer))
	}
	env.Tellf("%v. %s", what, risk)
	yes, err := env.Confirm(ctx, "Is that meant?")
	if err == nil && !yes {
		return errors.New("you did not log in there")
	}
	return err
}

// knownIssuer reports whether somebody logged in at the issuer for this Supervisor, and returns the issuer of the last login there, or
// "". A session without a Supervisor says nothing about that.
func (a *discovery) knownIssuer(issuer string) (last string, known bool) {
	if s, err := (session.Sites{Sessions: a.Sessions}).Of(a.site.Address.String()); err == nil { // It outlives the sessions.
		last, known = safetext.Line(s.Issuer, 300), s.Issuer == issuer
	}
	for _, s := range a.storedSessions() {
		if s.oidc.Plain {
			continue
		}
		last = cmp.Or(last, safetext.Line(s.oidc.Provider.Issuer, 300))
		known = known || s.oidc.Provider.Issuer == issuer
	}
	return last, known
}

// storedSession is a session at this Supervisor with an identity provider.
type storedSession struct {
	tokens.Session
	oidc oidc.Session
}

func (a *discovery) storedSessions() (all []storedSession) {
	for _, s := range a.Sessions.Store.SessionsAt(a.site.Address.String()) {
		if stored, err := Parse(s); err == nil {
			all = append(all, storedSession{s, stored})
		}
	}
	return all
}

// issuerError adds a next step if the CA that the Supervisor names did not sign the issuer's certificate.
func issuerError(err error, id supervisor.Identity) error {
	var untrusted *trust.UntrustedError
	if errors.As(err, &untrusted) && len(id.IssuerCA) > 0 {
		return failure.Hint(fmt.Errorf("the certificate of the issuer %s is not from the CA that the Supervisor names for it: %w", id.Issuer, err),
			"Nothing was sent to it. Ask your vSphere administrator: issuer_ca_bundle_data of kube-public/pinniped-info must be the CA of the issuer.")
	}
	return err
}

// chooseProvider returns the identity provider that the command line names, the only one, the last one, or the one that a person picks.
func (a *discovery) chooseProvider(ctx context.Context, all []oidc.IdentityProvider) (oidc.IdentityProvider, error) {
	if len(all) == 0 { // Not Pinniped.
		return oidc.IdentityProvider{Flows: []string{oidc.FlowBrowser}}, nil
	}
	named := func(name string) int {
		return slices.IndexFunc(all, func(i oidc.IdentityProvider) bool { return i.Name == name })
	}
	if a.Options.Provider != "" {
		if i := named(a.Options.Provider); i >= 0 {
			return all[i], nil
		}
		return oidc.IdentityProvider{}, failure.Usagef("--identity-provider: there is no %q; there are: %s", a.Options.Provider, providerNames(all))
	}
	if len(all) == 1 {
		return all[0], nil
	}
	if last := a.lastProvider(); named(last) >= 0 {
		a.Sessions.Env.Tellf("Using %s, as in the last login. For another one: --identity-provider NAME.", last)
		return all[named(last)], nil
	}
	return a.askProvider(ctx, all)
}

// askProvider asks a person to pick an identity provider.
func (a *discovery) askProvider(ctx context.Context, all []oidc.IdentityProvider) (oidc.IdentityProvider, error) {
	env := a.Sessions.Env
	if env.Terminal == nil {
		return oidc.IdentityProvider{}, failure.Usagef("there are several identity providers; say which with --identity-provider: %s", providerNames(all))
	}
	env.Tellf("This Supervisor has several identity providers:")
	for i, p := range all {
		env.Tellf("  %d  %s (%s)", i+1, p.Name, p.Type)
	}
	answer, err := env.Prompter().Line(ctx, "Number or name: ")
	if err != nil {
		return oidc.IdentityProvider{}, failure.NoTerminal(err, "name one with --identity-provider")
	}
	for i, p := range all {
		if answer == p.Name || answer == fmt.Sprint(i+1) {
			return p, nil
		}
	}
	return oidc.IdentityProvider{}, failure.Usagef("there is no identity provider %q", answer)
}

// lastProvider returns the identity provider of the sessions at this Supervisor, or "" if they differ. With -u only sessions of that user
// count.
func (a *discovery) lastProvider() (name string) {
	for _, s := range a.storedSessions() {
		ours := a.user == "" || s.Called(a.user)
		switch {
		case !ours || s.oidc.IdentityProvider == "":
		case name != "" && name != s.oidc.IdentityProvider:
			return ""
		default:
			name = s.oidc.IdentityProvider
		}
	}
	return name
}

func providerNames(all []oidc.IdentityProvider) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}
