package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// discover asks for all that needs no person: the issuer's document, its identity providers, the CA of the API server.
func (l *federatedLogin) discover(ctx context.Context, id supervisor.Identity) error {
	w, err := l.issuerClient(string(id.IssuerCA), l.site.transport.Trust(), l.o.aliases)
	if err != nil {
		return err
	}
	if err := l.ownIssuer(ctx, id); err != nil {
		return err
	}
	provider, err := oidc.Discover(ctx, w, id.Issuer)
	if err != nil {
		return issuerError(err, id)
	}
	l.issuer = &oidc.Client{Wire: w, Now: l.Now, Session: oidc.Session{
		Provider: provider, CA: string(id.IssuerCA), Client: oidc.PinnipedClient, Concierge: id.Concierge,
	}}
	var beside sync.WaitGroup
	beside.Go(func() { _ = l.issuer.FetchKeys(ctx) }) // Else a token fetches them when the person is done, and waits.
	beside.Go(func() {
		l.apiCA, _ = (&supervisor.Client{Wire: l.site.Client, Address: l.o.server}).APICA(ctx) // Not every Supervisor tells it.
	})
	all, err := provider.IdentityProviders(ctx, w)
	beside.Wait()
	if err == nil {
		l.idp, err = l.chooseProvider(ctx, all)
	}
	l.issuer.IdentityProvider = l.idp.Name
	return err
}

// ownIssuer tells whether the issuer is the Supervisor's own. One that is another server's would make a token with which this Supervisor can
// do there what the person can: then somebody must say that it is meant. That is remembered with the session.
func (l *federatedLogin) ownIssuer(ctx context.Context, id supervisor.Identity) error {
	t := l.site.transport.Trust()
	// A CA that somebody vouched for says whose names a server has; one of a first use may say anything.
	named := safetext.Line(id.Issuer, 300)
	verified := t.Mode == trust.Bundle || t.Mode == trust.System || t.Mode == "" || t.Mode == trust.Pinned && len(l.o.caFingerprints) > 0
	switch {
	case id.SameHost, id.InCertificate && verified, l.o.trustIssuer == id.Issuer, l.knownIssuer(id.Issuer):
		return nil
	case l.o.trustIssuer != "":
		return usagef("--trust-issuer: the Supervisor names %s", named)
	case l.Terminal == nil:
		return hint(fmt.Errorf("%s sends you to log in at another server, %s, and nothing shows that both are of one Supervisor", l.o.server, named),
			"Ask your vSphere administrator; if that is meant: --trust-issuer %s", quote(named))
	}
	fmt.Fprintf(l.ErrOut, "%s sends you to log in at another server, %s. Whoever runs the first can then do at the second what you can.\n", l.o.server, named)
	answer, err := l.prompter().Line(ctx, "Is that meant? [y/N] ")
	switch {
	case errors.Is(err, secret.ErrEmpty), err == nil && !strings.EqualFold(answer, "y") && !strings.EqualFold(answer, "yes"):
		return errors.New("you did not log in there")
	}
	return err
}

// knownIssuer tells whether a session at this Supervisor is of the issuer already.
func (l *federatedLogin) knownIssuer(issuer string) bool {
	all, _ := l.store.Sessions()
	return slices.ContainsFunc(all, func(s tokens.Session) bool {
		if s.Server != l.o.server.String() || s.Method != methodOIDC {
			return false
		}
		kept, err := oidc.ParseSession(s.Renewal)
		return err == nil && kept.Provider.Issuer == issuer
	})
}

// issuerClient verifies an issuer by the CA that the Supervisor told for it, else as the Supervisor itself.
func (a *App) issuerClient(ca string, t trust.Trust, aliases supervisor.Aliases) (*wire.Client, error) {
	if ca != "" {
		t = trust.Trust{Mode: trust.Bundle, CA: ca}
	}
	w, _, err := a.wireClient(t, aliases.Reach)
	return w, err
}

// issuerOf verifies the issuer of a session. One that has nothing to do with the Supervisor is verified by its own CA, or by the
// system's roots: what the API server at the session's server is trusted by goes for that one alone.
func (a *App) issuerOf(kept oidc.Session, s tokens.Session) (*wire.Client, error) {
	if kept.Plain {
		return a.issuerClient(kept.CA, trust.Trust{Mode: trust.System}, nil)
	}
	return a.issuerClient(kept.CA, s.Trust, s.Aliases)
}

// issuerError says whose fault it is when the issuer's certificate is not what the Supervisor promised.
func issuerError(err error, id supervisor.Identity) error {
	var untrusted *trust.UntrustedError
	if errors.As(err, &untrusted) && len(id.IssuerCA) > 0 {
		return hint(fmt.Errorf("the issuer %s does not show a certificate of the CA that the Supervisor names for it: %w", id.Issuer, err),
			"Nothing was sent to it. Ask your vSphere administrator: issuer_ca_bundle_data of kube-public/pinniped-info must be the CA of the issuer.")
	}
	return err
}

// chooseProvider is the named one, the only one, or the one that a person picks.
func (l *federatedLogin) chooseProvider(ctx context.Context, all []oidc.IdentityProvider) (oidc.IdentityProvider, error) {
	if len(all) == 0 { // Not Pinniped.
		return oidc.IdentityProvider{Flows: []string{oidc.FlowBrowser}}, nil
	}
	named := func(name string) int {
		return slices.IndexFunc(all, func(i oidc.IdentityProvider) bool { return i.Name == name })
	}
	if l.o.oidc.provider != "" {
		if i := named(l.o.oidc.provider); i >= 0 {
			return all[i], nil
		}
		return oidc.IdentityProvider{}, usagef("--identity-provider: there is no %q; there are: %s", l.o.oidc.provider, providerNames(all))
	}
	if len(all) == 1 {
		return all[0], nil
	}
	if last := l.lastProvider(); named(last) >= 0 {
		fmt.Fprintf(l.ErrOut, "It is %s, as the last time. For another one: --identity-provider NAME.\n", last)
		return all[named(last)], nil
	}
	if l.Terminal == nil {
		return oidc.IdentityProvider{}, usagef("there are several identity providers; say which with --identity-provider: %s", providerNames(all))
	}
	fmt.Fprintln(l.ErrOut, "This Supervisor has several identity providers:")
	for i, p := range all {
		fmt.Fprintf(l.ErrOut, "  %d  %s (%s)\n", i+1, p.Name, p.Type)
	}
	answer, err := l.prompter().Line(ctx, "Number or name: ")
	if err != nil {
		return oidc.IdentityProvider{}, noTerminal(err, "name one with --identity-provider")
	}
	for i, p := range all {
		if answer == p.Name || answer == fmt.Sprint(i+1) {
			return p, nil
		}
	}
	return oidc.IdentityProvider{}, usagef("there is no identity provider %q", answer)
}

// lastProvider is the one that the sessions at this Supervisor are of: those of the user, if one was named. It is empty when they differ.
func (l *federatedLogin) lastProvider() (name string) {
	all, _ := l.store.Sessions()
	for _, s := range all {
		kept, err := oidc.ParseSession(s.Renewal)
		ours := s.Server == l.o.server.String() && s.Method == methodOIDC && (l.o.user == "" || tokens.Fold(l.o.user) == tokens.Fold(s.User))
		switch {
		case err != nil || !ours || kept.IdentityProvider == "":
		case name != "" && name != kept.IdentityProvider:
			return ""
		default:
			name = kept.IdentityProvider
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
