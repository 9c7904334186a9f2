package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoRevocation means that the issuer offers no way to end a session; Pinniped offers none.
var ErrNoRevocation = errors.New("the issuer offers no way to revoke its tokens")

// Revoke ends the session at the issuer. It makes the refresh token invalid (RFC 7009) and, with an ID token, logs
// the person out there (OpenID Connect RP-Initiated Logout 1.0). It tries both. The error is ErrNoRevocation, or one
// of package wire.
func (c *Client) Revoke(ctx context.Context) error {
	if c.Provider.Revocation == "" && (c.Provider.EndSession == "" || c.ID.Secret == "") {
		return ErrNoRevocation
	}
	return errors.Join(c.RevokeToken(ctx), c.endSession(ctx))
}

// RevokeToken makes the refresh token of the last login invalid, if the issuer offers that, and leaves the person logged in there.
func (c *Client) RevokeToken(ctx context.Context) error {
	refresh, access := c.Refresh.Secret, c.Access.Secret
	if c.rejected != (rejected{}) {
		refresh, access = c.rejected.refresh, c.rejected.access
	}
	token, kind := c.hold(disclose.RefreshToken, refresh), "refresh_token"
	if token.IsZero() {
		token, kind = c.hold(disclose.AccessToken, access), "access_token"
	}
	if c.Provider.Revocation == "" || token.IsZero() {
		return nil
	}
	return c.post(ctx, c.Provider.Revocation, formSecret{"token", token}, url.Values{"token_type_hint": {kind}})
}

func (c *Client) endSession(ctx context.Context) error {
	id := c.hold(disclose.IDToken, c.ID.Secret)
	if c.Provider.EndSession == "" || id.IsZero() {
		return nil
	}
	err := c.post(ctx, c.Provider.EndSession, formSecret{"id_token_hint", id}, url.Values{})
	var answered *wire.Error
	if errors.As(err, &answered) && answered.Status >= 300 && answered.Status <= 399 {
		return nil // It redirects a browser to the page after a logout; we have none.
	}
	return err
}

// formSecret is a parameter of a form.
type formSecret struct {
	name  string
	value disclose.Secret
}

// post sends a secret of the client, and further parameters.
func (c *Client) post(ctx context.Context, url string, secret formSecret, form url.Values) error {
	text, err := c.Wire.Open(ctx, secret.value, url)
	if err != nil {
		return err
	}
	form.Set("client_id", c.Client)
	form.Set(secret.name, text)
	r := formRequest(url, form)
	r.Accept, r.Secrets = "*/*", []redact.Secret{secret.value.Redacted()}
	_, err = c.Wire.Do(ctx, r)
	return err
}

// formRequest returns a request with a form body, as the endpoints of OAuth 2.0 take it.
func formRequest(url string, form url.Values) wire.Request {
	return wire.Request{
		Method: http.MethodPost, URL: url, Body: []byte(form.Encode()), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}
