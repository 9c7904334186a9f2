package oidc

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// endpoint is one endpoint of a discovery document.
type endpoint struct {
	name, url string
	needed    bool
}

func (p Provider) endpoints() []endpoint {
	return []endpoint{
		{"authorization_endpoint", p.Authorize, true}, {"token_endpoint", p.Token, true}, {"jwks_uri", p.JWKS, true},
		{"device_authorization_endpoint", p.Device, false}, {"revocation_endpoint", p.Revocation, false},
		{"end_session_endpoint", p.EndSession, false}, {"pinniped_identity_providers_endpoint", p.Pinniped.IdentityProviders, false},
	}
}

// CheckEndpoints returns an error unless every endpoint that is there is https and, for an issuer that a Supervisor
// names, below the issuer. A document of a hostile issuer could send a person to a good issuer's login page, and the code from there to
// itself ("mix-up", RFC 9700, section 4.4). Any Pinniped builds its endpoints from its issuer, so nothing else is
// accepted there. An issuer that the user names (plain) may use other hosts, as Google does; see Elsewhere.
func (p Provider) CheckEndpoints(plain bool) error {
	for _, e := range p.endpoints() {
		if e.url == "" {
			continue
		}
		if err := checkEndpoint(e.url); err != nil {
			return fmt.Errorf("its %s %w", e.name, err)
		}
		if !p.Ground(plain, nil).Covers(e.url) {
			return fmt.Errorf("its %s %s is not below the issuer %s", e.name, safetext.Quote(e.url, 200), safetext.Quote(p.Issuer, 200))
		}
	}
	return nil
}

// Elsewhere returns the server (HOST or HOST:PORT, canonical) of an endpoint that is not on the issuer's own server, else "".
func (p Provider) Elsewhere(endpoint string) string {
	at := serverOf(endpoint)
	if at == serverOf(p.Issuer) {
		return ""
	}
	return at
}

// serverOf returns the server of a URL in its canonical spelling. A URL without one is returned as it is: it equals no server.
func serverOf(s string) string {
	if a, err := supervisor.ServerOf(s); err == nil {
		return a.String()
	}
	return s
}

// checkEndpoint is CheckURL for an endpoint, which may have a query (RFC 6749, section 3.1).
func checkEndpoint(s string) error {
	base, query, _ := strings.Cut(s, "?")
	if _, err := supervisor.CheckURL(base); err != nil {
		return err
	}
	_, err := supervisor.CheckURL("https://host/" + query)
	return err
}

// MixUpError is the answer of another issuer than the one that was asked (RFC 9207, section 2.4).
type MixUpError struct{ Issuer, Answered string }

// Error names both.
func (e *MixUpError) Error() string {
	if e.Answered == "" {
		return fmt.Sprintf("the answer does not say that it is from %s, which always says so (iss): nothing was done with it", e.Issuer)
	}
	return fmt.Sprintf("the answer is from %s and not from %s, which was asked (iss): nothing was done with it",
		safetext.Quote(e.Answered, 200), e.Issuer)
}

// checkIssuer compares the iss of an answer, which must be there once if the issuer says that it sends it (RFC 9207).
func (a attempt) checkIssuer(answer url.Values) error {
	switch all := answer["iss"]; {
	case len(all) == 0 && !a.saysIssuer, len(all) == 1 && all[0] == a.issuer:
		return nil
	case len(all) == 0:
		return &MixUpError{Issuer: a.issuer}
	default:
		return &MixUpError{a.issuer, strings.Join(all, " ")}
	}
}

// Unwrap returns wire.ErrServer: it is no refusal of the person.
func (e *MixUpError) Unwrap() error { return wire.ErrServer }

// errWhole means that a code alone does not say whose it is.
var errWhole = errors.New("paste the whole address that the browser stopped at: the code alone does not say which issuer it is from")
