package federated

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
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

// discover asks for all that needs no person: the issuer's document, its identity providers, the CA of the API server.
func (a *discovery) discover(ctx context.Context) error {
	id := a.Options.Identity
	w, err := a.issuerClient(string(id.IssuerCA), a.site.Trust(), a.site.Aliases)
	if err != nil {
		return err
	}
	if err := a.checkIssuerHost(ctx, id); err != nil {
		return err
	}
	provider, err := oidc.Discover(ctx, w, id.Issuer)
	if err != nil {
		return issuerError(err, id)
	}
	a.issuer = &oidc.Client{Wire: w, Now: a.Sessions.Env.Now, Session: oidc.Session{
		Provider: provider, CA: string(id.IssuerCA), Client: oidc.PinnipedClient, Concierge: id.Concierge,
	}}
	var beside sync.WaitGroup
	beside.Go(func() { _ = a.issuer.FetchKeys(ctx) })            // Else a token fetches them when the person is done, and waits.
	beside.Go(func() { a.apiCA, _ = a.site.Front().APICA(ctx) }) // Not every Supervisor tells it.
	all, err := provider.IdentityProviders(ctx, w)
	beside.Wait()
	if err == nil {
		a.idp, err = a.chooseProvider(ctx, all)
	}
	a.issuer.IdentityProvider = a.idp.Name
	return err
}

// checkIssuerHost sees that the issuer is the Supervisor's own. One on another server would make a token with which this Supervisor can
// do there what the person can: then somebody must say that it is right. That is remembered with the session.
func (a *discovery) checkIssuerHost(ctx context.Context, id supervisor.Identity) error {
	env, issuer := a.Sessions.Env, safetext.Line(id.Issuer, 300)
	switch {
	case id.SameHost, id.InCertificate && a.site.VouchedCA, a.Options.TrustIssuer == id.Issuer, a.knownIssuer(id.Issuer):
		return nil
	case a.Options.TrustIssuer != "":
		return failure.Usagef("--trust-issuer: the Supervisor names %s", issuer)
	case env.Terminal == nil:
		return failure.Hint(fmt.Errorf("%s sends you to log in at another server, %s, and nothing shows that both are of one Supervisor", a.site.Address, issuer),
			"Ask your vSphere administrator; if that is meant: --trust-issuer %s", failure.Quote(issuer))
	}
	env.Tellf("%s sends you to log in at another server, %s. Whoever runs the first can then do at the second what you can.", a.site.Address, issuer)
	yes, err := env.Confirm(ctx, "Is that meant?")
	if err == nil && !yes {
		return errors.New("you did not log in there")
	}
	return err
}

// knownIssuer reports whether a session at this Supervisor is of the issuer already.
func (a *discovery) knownIssuer(issuer string) bool {
	return slices.ContainsFunc(a.sessionsHere(), func(k known) bool { return k.kept.Provider.Issuer == issuer })
}

// known is a session at this Supervisor by an identity provider.
type known struct {
	user string
	kept oidc.Session
}

func (a *discovery) sessionsHere() (all []known) {
	for _, s := range a.Sessions.Store.SessionsAt(a.site.Address.String()) {
		kept, err := oidc.ParseSession(s.Renewal)
		if err == nil && s.Method == Name {
			all = append(all, known{s.User, kept})
		}
	}
	return all
}

// issuerError says whose fault it is when the issuer's certificate is not what the Supervisor promised.
func issuerError(err error, id supervisor.Identity) error {
	var untrusted *trust.UntrustedError
	if errors.As(err, &untrusted) && len(id.IssuerCA) > 0 {
		return failure.Hint(fmt.Errorf("the issuer %s does not show a certificate of the CA that the Supervisor names for it: %w", id.Issuer, err),
			"Nothing was sent to it. Ask your vSphere administrator: issuer_ca_bundle_data of kube-public/pinniped-info must be the CA of the issuer.")
	}
	return err
}

// chooseProvider is the named one, the only one, or the one that a person picks.
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
		a.Sessions.Env.Tellf("It is %s, as the last time. For another one: --identity-provider NAME.", last)
		return all[named(last)], nil
	}
	return a.askProvider(ctx, all)
}

// askProvider lets a person pick one.
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

// lastProvider is the one that the sessions at this Supervisor are of: those of the user, if one was named. It is empty when they differ.
func (a *discovery) lastProvider() (name string) {
	for _, k := range a.sessionsHere() {
		ours := a.user == "" || tokens.Fold(a.user) == tokens.Fold(k.user)
		switch {
		case !ours || k.kept.IdentityProvider == "":
		case name != "" && name != k.kept.IdentityProvider:
			return ""
		default:
			name = k.kept.IdentityProvider
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
