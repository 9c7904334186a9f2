package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
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
	provider, err := oidc.Discover(ctx, w, id.Issuer)
	if err != nil {
		return issuerError(err, id)
	}
	all, err := provider.IdentityProviders(ctx, w)
	if err != nil {
		return err
	}
	if l.idp, err = l.chooseProvider(ctx, all); err != nil {
		return err
	}
	l.apiCA, _ = (&supervisor.Client{Wire: l.site.Client, Address: l.o.server}).APICA(ctx) // Not every Supervisor tells it.
	l.issuer = &oidc.Client{Wire: w, Now: l.Now, Session: oidc.Session{
		Provider: provider, CA: string(id.IssuerCA), Client: oidc.PinnipedClient, IdentityProvider: l.idp.Name, Concierge: id.Concierge,
	}}
	return nil
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

func providerNames(all []oidc.IdentityProvider) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}
