package supervisor

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoIdentity means that the Supervisor has no external identity provider, as most have not.
var ErrNoIdentity = errors.New("this Supervisor has no external identity provider")

// Identity is the issuer of a Supervisor with external identity providers.
type Identity struct {
	Issuer    string // https URL
	IssuerCA  []byte // PEM; nil: the issuer is verified as the Supervisor is
	Concierge string // https URL of the API that turns a token into a certificate; empty: the API server itself

	SameServer    bool // the issuer has the host and port that were asked
	InCertificate bool // the issuer has that port, and the certificate of the server that answered names its host exactly
}

// Identity gets the config map kube-public/pinniped-info from the front, which needs no authentication. The error is
// ErrNoIdentity if the map does not exist, or may not be read without credentials.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	address := c.Address.URL("/api/v1/namespaces/kube-public/configmaps/pinniped-info")
	got, err := c.Wire.Exchange(ctx, wire.Request{Method: http.MethodGet, URL: address})
	if errors.Is(err, wire.ErrNotFound) || errors.Is(err, wire.ErrForbidden) || errors.Is(err, wire.ErrRefused) {
		return Identity{}, ErrNoIdentity
	}
	if err != nil {
		return Identity{}, err
	}
	var reply struct {
		Data struct {
			Issuer    string `json:"issuer"`
			CA        string `json:"issuer_ca_bundle_data"` // base64 of PEM
			Concierge string `json:"concierge_endpoint"`
		} `json:"data"`
	}
	if err := wire.DecodeJSON(http.MethodGet, address, got.Body, &reply); err != nil {
		return Identity{}, err
	}
	id, err := parseIdentity(reply.Data.Issuer, reply.Data.CA, reply.Data.Concierge)
	if err != nil {
		return Identity{}, &wire.Error{Method: http.MethodGet, URL: address, Kind: wire.ErrServer, Message: err.Error()}
	}
	if at, err := ServerOf(id.Issuer); err == nil { // Else it is nobody's.
		id.SameServer = at == c.Address
		id.InCertificate = at.Port == c.Address.Port && names(got.Certificate, at.Host)
	}
	return id, nil
}

// ServerOf returns the server of a URL in its canonical spelling. It refuses a host that cannot be in a certificate,
// and one with a dot at its end, which a resolver may take for another host than the name without it.
func ServerOf(s string) (Address, error) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || strings.HasSuffix(u.Hostname(), ".") {
		return Address{}, fmt.Errorf("%s names no server", shown(s))
	}
	return ParseAddress(u.Host)
}

// names reports whether a certificate names a host itself. A wildcard is no such name: its owner may give the hosts
// below it to different people.
func names(c *x509.Certificate, host string) bool {
	if c == nil {
		return false
	}
	if ip := net.ParseIP(host); ip != nil {
		return slices.ContainsFunc(c.IPAddresses, ip.Equal)
	}
	return slices.ContainsFunc(c.DNSNames, func(name string) bool { return strings.EqualFold(name, host) && !strings.Contains(name, "*") })
}

func parseIdentity(issuer, ca, concierge string) (id Identity, err error) {
	if id.Issuer, err = CheckURL(issuer); err != nil {
		return id, fmt.Errorf("the issuer %w", err)
	}
	if ca != "" {
		text, err := base64.StdEncoding.DecodeString(ca)
		if err != nil {
			return id, errors.New("issuer_ca_bundle_data is not base64")
		}
		if id.IssuerCA, err = trust.Certificates(text); err != nil {
			return id, fmt.Errorf("issuer_ca_bundle_data: %w", err)
		}
	}
	if concierge == "" {
		return id, nil
	}
	if id.Concierge, err = CheckURL(concierge); err != nil {
		return id, fmt.Errorf("the concierge_endpoint %w", err)
	}
	return id, nil
}

// urlCharacters are the characters that a server's URL may have: none with a meaning to a terminal or a shell.
const urlCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/[]@!&*+,=%"

// shown returns an address for an error, quoted, without what may be secret in it: the user and password, and the query.
func shown(s string) string {
	s, query, _ := strings.Cut(s, "?")
	scheme, rest, found := strings.Cut(s, "://")
	long := func(label string) bool { return len(label) > 63 } // Longer than any in a name of DNS.
	if !found {
		scheme, rest = "", s
		if !strings.ContainsAny(s, ".:/") || slices.ContainsFunc(strings.Split(s, "."), long) {
			return safetext.Quote("…", 80) // It may be a token that was pasted there.
		}
	} else {
		scheme += "://"
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "…" + rest[at:]
	}
	if query != "" {
		rest += "?…"
	}
	return safetext.Quote(scheme+rest, 80)
}

// CheckURL returns s without slashes at its end. It fails unless s is an https URL of a server that may get a secret:
// a host and a path, nothing else.
func CheckURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case strings.Trim(s, urlCharacters) != "":
		return "", fmt.Errorf("%s holds characters that no such URL needs", shown(s))
	case err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%s is not a URL of a server", shown(s))
	case u.Scheme != "https":
		return "", fmt.Errorf("%s is not https: nothing is sent to it", shown(s))
	}
	return strings.TrimRight(s, "/"), nil
}
