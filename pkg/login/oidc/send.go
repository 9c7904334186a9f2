package oidc

import (
	"context"

	"golang.org/x/oauth2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Ground returns which servers may have what the issuer should have. hosts are further servers that a person or a flag named for a plain
// issuer (Provider.Elsewhere). A document decides nothing else than where codes and tokens of its own issuer go.
func (p Provider) Ground(plain bool, hosts []string) disclose.Ground {
	if !plain || p.IsPinniped() {
		return disclose.PinnipedIssuer(p.Issuer)
	}
	var endpoints []string
	for _, e := range p.endpoints() {
		endpoints = append(endpoints, e.url)
	}
	return disclose.PlainIssuer(p.Issuer, hosts, endpoints)
}

// hold returns a secret of the session, for the issuer's servers.
func (c *Client) hold(kind disclose.Kind, s redact.Secret) disclose.Secret {
	return c.Provider.Ground(c.Plain, c.Hosts).Unverified(c.Unverified).Hold(kind, s)
}

// open returns the text of a secret for a request to a URL, and a context in which x/oauth2 can send it there and nowhere else: with our
// HTTP client, in bounded time, and only replies that cost little to parse.
func (c *Client) open(ctx context.Context, s disclose.Secret, url string) (context.Context, string, error) {
	permit, err := c.Wire.Permit(ctx, s, url)
	if err != nil {
		return ctx, "", err
	}
	h := *c.Wire.HTTP
	h.Timeout = c.timeout()
	h.Transport = wire.Checked{Next: h.Transport, Permit: permit}
	text, err := permit.Open(s, url)
	return context.WithValue(ctx, oauth2.HTTPClient, &h), text, err
}
