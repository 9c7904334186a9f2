package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoRevocation is an issuer that offers no way to end a session; Pinniped offers none.
var ErrNoRevocation = errors.New("the issuer offers no way to revoke its tokens")

// Revoke makes the refresh token, and with it the session, invalid at the issuer (RFC 7009).
func (c *Client) Revoke(ctx context.Context) error {
	if c.Provider.Revocation == "" {
		return ErrNoRevocation
	}
	token, kind := c.Refresh, "refresh_token"
	if token.Secret == "" {
		token, kind = c.Access, "access_token"
	}
	form := url.Values{"client_id": {c.Client}, "token": {token.Reveal()}, "token_type_hint": {kind}}
	_, err := c.Wire.Do(ctx, wire.Request{
		Method: http.MethodPost, URL: c.Provider.Revocation, Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Secrets: []redact.Secret{token.Secret},
	})
	return err
}
