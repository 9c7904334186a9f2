package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// identities looks at the identity providers of Supervisors, and at what stands behind them.
func identities(ctx context.Context, p *patient) []Finding {
	all := each(p.servers, func(s *server) []Finding {
		if s.plain || s.ask().err != nil {
			return nil
		}
		return identityOf(ctx, p, s)
	})
	for _, s := range p.all {
		if p.Server != "" && s.Server != p.Server {
			continue
		}
		if o := p.store.Outage(s.ID); o.Tries > 0 {
			all = append(all, problem(s.Server, "its identity provider has renewed nothing for %s since %s: %s", s.User, p.env.Until(o.Since), o.Reason).
				do("It is tried again by itself. If it stays so, ask your administrator about the identity provider behind the Supervisor."))
		}
	}
	return all
}

// identityOf asks a Supervisor for its issuer, and the issuer for its identity providers. An issuer at which nobody has logged in, and which is
// not the Supervisor's own, is not asked.
func identityOf(ctx context.Context, p *patient, s *server) []Finding {
	leave, err := p.forServers.enter(ctx)
	if err != nil {
		return []Finding{unseen(s)}
	}
	defer leave()
	front, err := p.front(s)
	if err != nil {
		return nil
	}
	defer front.Wire.HTTP.CloseIdleConnections()
	id, err := front.Identity(ctx)
	known := s.site.Issuer
	switch {
	case errors.Is(inTime(ctx, err), errLate):
		return []Finding{unseen(s)}
	case errors.Is(err, supervisor.ErrNoIdentity) && known != "" && s.site.Server == s.name:
		return []Finding{problem(s.name, "it has no identity provider any more; at the last login there was %s", issuerOf(known)).
			do("Ask your vSphere administrator before you type a vCenter password there.")}
	case errors.Is(err, supervisor.ErrNoIdentity):
		return []Finding{ok(s.name, "users log in with vCenter Single Sign-On")}
	case err != nil:
		return []Finding{failed(s.name, err, "Ask your vSphere administrator about the identity provider of the Supervisor.")}
	case known != "" && known != id.Issuer && s.site.Server == s.name:
		return []Finding{problem(s.name, "it names the issuer %s; at the last login it was %s", safetext.Quote(id.Issuer, maxAbout), issuerOf(known)).
			do("Ask your vSphere administrator. If that is right, log in again with --trust-issuer.")}
	case known != id.Issuer && !id.SameServer && !id.InCertificate:
		return []Finding{note(s.name, "it names an issuer at another server, %s, where nobody has logged in from here; it was not asked", safetext.Quote(id.Issuer, maxAbout))}
	}
	return upstream(ctx, p, s, id)
}

// issuerOf returns the URL of an issuer. Of one that somebody has changed by hand it returns the scheme and the host: a query may be secret.
func issuerOf(known string) string {
	if _, err := supervisor.CheckURL(known); err != nil {
		return serverOf(known)
	}
	return known
}

// upstream asks an issuer for its document and its identity providers. A Pinniped does not list a provider that is not ready. What is behind a
// provider that it lists is only seen by a login or a renewal.
func upstream(ctx context.Context, p *patient, s *server, id supervisor.Identity) []Finding {
	t := s.trust
	if len(id.IssuerCA) > 0 {
		t = trust.Trust{Mode: trust.Bundle, CA: string(id.IssuerCA)}
	}
	w, err := site.Client(p.env, t, s.aliases.Reach)
	if err != nil {
		return []Finding{failed(s.name, err, "Ask your vSphere administrator about the identity provider of the Supervisor.")}
	}
	defer w.HTTP.CloseIdleConnections()
	provider, err := oidc.Discover(ctx, w, id.Issuer, false)
	if errors.Is(inTime(ctx, err), errLate) {
		return []Finding{unseen(s)}
	}
	if err != nil {
		return []Finding{problem(s.name, "its issuer cannot be used: %s", safetext.Error(err)).do("Ask your vSphere administrator about the identity provider of the Supervisor.")}
	}
	all, err := provider.IdentityProviders(ctx, w)
	if errors.Is(inTime(ctx, err), errLate) {
		return []Finding{unseen(s)}
	}
	if err != nil {
		return []Finding{problem(s.name, "the identity providers behind its issuer are not known: %s", safetext.Error(err)).
			do("Ask your vSphere administrator about the identity provider of the Supervisor.")}
	}
	var kinds []string
	for _, one := range all {
		kinds = append(kinds, fmt.Sprintf("%s (%s)", one.Name, one.Type))
	}
	offered := strings.Join(kinds, ", ")
	if s.provider != "" && !slices.ContainsFunc(all, func(one oidc.IdentityProvider) bool { return one.Name == s.provider }) {
		return []Finding{problem(s.name, "the identity provider %s, by which you logged in, is not offered any more; offered: %s", s.provider, offered).
			do("Ask your vSphere administrator: it may be down or renamed. If you have another one, type: %s --identity-provider NAME", failure.LoginCommand(s.name, ""))}
	}
	return []Finding{ok(s.name, "users log in at %s by %s", id.Issuer, cmp.Or(offered, "its own users"))}
}
