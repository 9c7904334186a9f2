// Package oidc logs in with OpenID Connect at an issuer: a Supervisor's Pinniped, whose client is pinniped-cli, or
// any other. It speaks OAuth 2.0 (RFC 6749) with PKCE (RFC 7636), the device grant (RFC 8628), token exchange (RFC
// 8693) and revocation (RFC 7009). It stores and prints nothing: a Session holds what must be remembered, and
// functions ask the person.
package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Provider is the discovery document of an issuer (OpenID Connect Discovery 1.0, section 3; RFC 8414), as far as it
// is used, with its keys.
type Provider struct {
	Issuer        string   `json:"issuer"`
	Authorize     string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	JWKS          string   `json:"jwks_uri"`
	Device        string   `json:"device_authorization_endpoint,omitempty"`
	Revocation    string   `json:"revocation_endpoint,omitempty"`
	EndSession    string   `json:"end_session_endpoint,omitempty"`
	Scopes        []string `json:"scopes_supported,omitempty"`
	ResponseModes []string `json:"response_modes_supported,omitempty"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	// SaysIssuer means that every answer of the authorization endpoint names the issuer (RFC 9207, section 3).
	SaysIssuer bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
	Pinniped   pinniped `json:"discovery.supervisor.pinniped.dev/v1alpha1,omitzero"`

	Keys json.RawMessage `json:"keys,omitempty"` // the JWKS as it was fetched last
}

// pinniped is the part of the document that only a Pinniped Supervisor has.
type pinniped struct {
	IdentityProviders string `json:"pinniped_identity_providers_endpoint,omitempty"`
}

// IsPinniped reports whether the issuer is a Pinniped Supervisor. Only such an issuer gets a password in headers.
func (p Provider) IsPinniped() bool { return p.Pinniped.IdentityProviders != "" }

// Discover gets the document of an issuer (an https URL). It refuses a document of another issuer, and one whose
// endpoints CheckEndpoints refuses. plain means an issuer that the user names, and not a Supervisor. The error is of
// package wire.
func Discover(ctx context.Context, w *wire.Client, issuer string, plain bool) (Provider, error) {
	url := strings.TrimRight(issuer, "/") + "/.well-known/openid-configuration"
	body, err := w.Do(ctx, wire.Request{Method: http.MethodGet, URL: url})
	if err != nil {
		return Provider{}, err
	}
	var p Provider
	if err := wire.DecodeJSON(http.MethodGet, url, body, &p); err != nil {
		return Provider{}, err
	}
	p.Keys = nil // They are not part of the document.
	if err := p.check(issuer, plain); err != nil {
		return Provider{}, &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: err.Error()}
	}
	return p, nil
}

// check compares the issuer byte for byte (OpenID Connect Discovery 1.0, section 4.3). A slash at its end may be
// missing from what was asked for: both have the same document (section 4.1), and CheckURL cuts it off.
func (p Provider) check(issuer string, plain bool) error {
	if p.Issuer != issuer && p.Issuer != issuer+"/" {
		return fmt.Errorf("it is the document of the issuer %s, not of %s", safetext.Quote(p.Issuer, 200), safetext.Quote(issuer, 200))
	}
	for _, e := range p.endpoints() {
		if e.needed && e.url == "" {
			return fmt.Errorf("it names no %s", e.name)
		}
	}
	return p.CheckEndpoints(plain)
}

// The flows of a Pinniped identity provider.
const (
	FlowPassword = "cli_password"
	FlowBrowser  = "browser_authcode"
)

// IdentityProvider is one of the identity providers that a Pinniped Supervisor offers.
type IdentityProvider struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`  // oidc, ldap, activedirectory or github
	Flows []string `json:"flows"` // the issuer's preference first
}

// Offers reports whether the provider offers a flow.
func (i IdentityProvider) Offers(flow string) bool { return slices.Contains(i.Flows, flow) }

// flows returns Flows, or for a Supervisor before Pinniped v0.18.0, which lists none, what it offers: LDAP took passwords only, and whether others
// take them depends on their configuration.
func (i IdentityProvider) flows() []string {
	switch {
	case len(i.Flows) > 0:
		return i.Flows
	case i.Type == "ldap", i.Type == "activedirectory":
		return []string{FlowPassword}
	}
	return []string{FlowBrowser, FlowPassword}
}

// IdentityProviders lists the identity providers of a Pinniped Supervisor, and nothing for another issuer. One whose
// name cannot be shown is left out.
func (p Provider) IdentityProviders(ctx context.Context, w *wire.Client) ([]IdentityProvider, error) {
	if !p.IsPinniped() {
		return nil, nil
	}
	url := p.Pinniped.IdentityProviders
	body, err := w.Do(ctx, wire.Request{Method: http.MethodGet, URL: url})
	if err != nil {
		return nil, err
	}
	var reply struct {
		Providers []IdentityProvider `json:"pinniped_identity_providers"`
	}
	if err := wire.DecodeJSON(http.MethodGet, url, body, &reply); err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(reply.Providers, func(i IdentityProvider) bool {
		return i.Name == "" || !safetext.IsLine(i.Name, 253) || !safetext.IsLine(i.Type, 40)
	})
	for i := range known {
		known[i].Flows = known[i].flows()
	}
	if len(known) == 0 {
		return nil, &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: "no identity provider is configured there"}
	}
	return known, nil
}

// wanted returns the scopes to ask for: those that renew a session, those that a Supervisor needs, and
// Session.Scopes.
func (s Session) wanted() []string {
	p := s.Provider
	scopes := []string{"offline_access", "openid"}
	if len(p.Scopes) > 0 && !slices.Contains(p.Scopes, "offline_access") {
		scopes = scopes[1:] // GitLab and Google refuse a scope that they do not know.
	}
	if s.Plain {
		scopes = append(scopes, s.Scopes...)
	} else if p.IsPinniped() {
		// Supervisors before Pinniped v0.20.0 refuse the last two.
		scopes = append(scopes, requestAudience)
		for _, s := range []string{"username", "groups"} {
			if slices.Contains(p.Scopes, s) {
				scopes = append(scopes, s)
			}
		}
	}
	return scopes
}

// requestAudience is the scope that allows exchanging the token for one of a cluster.
const requestAudience = "pinniped:request-audience"
