package site

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// newIdentity makes the FederationDomain of a front.
func (s *Site) newIdentity(sup *supervisor, spec admin.FrontSpec, last int) (*federation.Service, error) {
	c := federation.Config{Issuer: s.federationIssuer(last), Lifetimes: federation.Lifetimes{
		Code: time.Duration(spec.Lifetimes.Code), Access: time.Duration(spec.Lifetimes.Access), Refresh: time.Duration(spec.Lifetimes.Refresh),
	}}
	if len(spec.Providers) == 0 {
		spec.Providers = []string{admin.ProviderLDAP}
	}
	for _, name := range spec.Providers {
		u, err := s.upstream(name, c.Issuer, spec.ShortNames)
		if err != nil {
			return nil, err
		}
		if u.NamePrefix = spec.NamePrefix; len(spec.Flows) > 0 {
			u.Flows = spec.Flows
		}
		c.Upstreams = append(c.Upstreams, u)
	}
	service, err := federation.New(c)
	if err == nil {
		sup.issuers.add(service)
	}
	return service, err
}

func (s *Site) federationIssuer(last int) string {
	return "https://" + s.net.front(last) + "/wcp/pinniped"
}

func (s *Site) upstream(name, issuer string, short bool) (federation.Upstream, error) {
	if name == admin.ProviderDex {
		return s.dexUpstream(issuer)
	}
	return s.ldapUpstream(short), nil
}

// ldapUpstream is of the kind of LDAP, and knows the vCenter's users. With short names it looks for another attribute of them.
func (s *Site) ldapUpstream(short bool) federation.Upstream {
	return federation.Upstream{
		Name: admin.ProviderLDAP, Type: "ldap", Flows: []string{"cli_password", "browser_authcode"},
		Check: func(name, password string) (federation.User, bool) {
			if short {
				if strings.Contains(name, "@") {
					return federation.User{}, false
				}
				name += "@" + vcenter.Domain
			}
			u, err := s.vcenter.Check(name, password)
			return federation.User{Username: u.Username, Groups: u.Groups}, err == nil
		},
		Again: func(name string) bool {
			_, known := s.vcenter.Lookup(name)
			return known
		},
	}
}

// dexUpstream is the lab's Dex, which calls back to the issuer.
func (s *Site) dexUpstream(issuer string) (federation.Upstream, error) {
	back := issuer + "/callback"
	if err := s.dex.AddRedirect(s.ctx, back); err != nil {
		return federation.Upstream{}, err
	}
	provider, err := federation.NewOIDC(s.ctx, federation.OIDCConfig{
		Issuer: s.dexIssuer(), ClientID: dex.FederationClient, ClientSecret: s.dex.Secret(), RedirectURL: back, HTTP: s.dexClient(),
	})
	return federation.Upstream{
		Name: admin.ProviderDex, Type: "oidc", Flows: []string{"browser_authcode", "cli_password"}, OIDC: provider,
	}, err
}

// info is the config map pinniped-info (section 2.10 of the reference).
func (s *Site) info(spec admin.FrontSpec, last int) map[string]string {
	info := map[string]string{
		"cluster_name": "bc84d5af-6828-4bc6-bcc7-d248ecdece01", "issuer": s.federationIssuer(last),
		"issuer_ca_bundle_data": base64.StdEncoding.EncodeToString(s.vmca.PEM),
	}
	if spec.InfoKeys != minimal {
		info["concierge_endpoint"] = "https://" + net.JoinHostPort(s.net.ip(last), kube.Port)
		info["concierge_is_cluster_scoped"] = "true"
	}
	return info
}

const minimal = "minimal"

// known reports whether each name is one of two.
func known(names []string, one, two string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return name != one && name != two })
}

// ofIdentity reports whether a front has a switch that is for one with identity.
func ofIdentity(spec admin.FrontSpec) bool {
	return spec.ShortNames || spec.NamePrefix != "" || spec.InfoKeys != "" || len(spec.Flows)+len(spec.Providers) > 0 || spec.Lifetimes != admin.Lifetimes{}
}

// checkFront finds switches that would do nothing.
func checkFront(spec admin.FrontSpec) error {
	switch {
	case spec.InfoKeys != "" && spec.InfoKeys != minimal:
		return fmt.Errorf("infoKeys is %q: only %q is known", spec.InfoKeys, minimal)
	case !known(spec.Providers, admin.ProviderLDAP, admin.ProviderDex):
		return fmt.Errorf("providers are %q: only %q and %q are known", spec.Providers, admin.ProviderLDAP, admin.ProviderDex)
	case spec.NamePrefix != "" && spec.NamePrefix != admin.NamePrefix:
		return fmt.Errorf("namePrefix is %q: only %q is known", spec.NamePrefix, admin.NamePrefix)
	case !known(spec.Flows, "cli_password", "browser_authcode"):
		return fmt.Errorf("flows are %q: only cli_password and browser_authcode are known", spec.Flows)
	case !spec.Identity && ofIdentity(spec):
		return errors.New("providers, lifetimes, infoKeys, flows and names are for a front with identity")
	}
	return nil
}
