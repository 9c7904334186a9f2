package oidc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Client talks to an issuer for one session. Only one goroutine may use it.
type Client struct {
	Session
	Wire *wire.Client // verifies the issuer
	Now  func() time.Time
	// Unverified means that the Supervisor that named the issuer, and perhaps its CA, is not verified itself.
	Unverified bool

	keysErr   error         // why the keys of the issuer could not be fetched
	provided  redact.Secret // by FromRunner, for the same login
	exchanged *exchanged    // by the last Exchange, for the same login
	rejected  rejected
}

// rejected are tokens of a login that were not accepted: they are of somebody else, or not verified. Nobody uses or stores them.
type rejected struct {
	refresh, access redact.Secret
	subject         string // empty: it is not known
}

// exchanged is a token for an audience.
type exchanged struct {
	Token
	audience string
}

func (c *Client) config(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.Client, RedirectURL: redirect, Scopes: c.wanted(),
		Endpoint: oauth2.Endpoint{
			AuthURL: c.Provider.Authorize, TokenURL: c.Provider.Token, DeviceAuthURL: c.Provider.Device,
			// A public client has nothing to authenticate with. Trying another way first would spend the code, which is good once.
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

func (c *Client) timeout() time.Duration {
	if c.Wire.Timeout > 0 {
		return c.Wire.Timeout
	}
	return wire.DefaultTimeout
}

// redeem exchanges a code for the tokens of the session. A code is good once: a second use would revoke the tokens of
// the first.
func (c *Client) redeem(ctx context.Context, code redact.Secret, a attempt) (Claims, error) {
	to, text, err := c.open(ctx, c.hold(disclose.Code, code), c.Provider.Token)
	if err != nil {
		return Claims{}, err
	}
	token, err := c.config(a.redirect).Exchange(to, text, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return Claims{}, c.failed(ctx, c.Provider.Token, err, code, redact.Secret(a.verifier))
	}
	return c.acceptLogin(ctx, token, a.nonce)
}

// acceptLogin is accept for a login. If the tokens are not accepted, RevokeToken can make them void.
func (c *Client) acceptLogin(ctx context.Context, t *oauth2.Token, nonce string) (Claims, error) {
	claims, err := c.accept(ctx, t, nonce)
	if err != nil {
		c.rejected = rejected{redact.Secret(t.RefreshToken), redact.Secret(t.AccessToken), claims.Subject}
	}
	return claims, err
}

// LoggedIn returns the subject of the last login, whose tokens RevokeToken makes void; empty: it is not known.
func (c *Client) LoggedIn() string {
	if c.rejected != (rejected{}) {
		return c.rejected.subject
	}
	return c.Subject
}

// accept verifies the reply of the token endpoint, and stores it in the session.
func (c *Client) accept(ctx context.Context, t *oauth2.Token, nonce string) (Claims, error) {
	id, _ := t.Extra("id_token").(string)
	claims, err := c.verify(ctx, redact.Secret(id), c.Client, nonce)
	if err != nil {
		return Claims{}, err
	}
	if c.Subject != "" && claims.Subject != c.Subject { // OpenID Connect Core 1.0, section 12.2
		return claims, &TokenError{fmt.Sprintf("it is of somebody else than before (%s)", claims.Username)}
	}
	c.Subject, c.Claims = claims.Subject, claims.All
	if c.Plain {
		c.ID.Secret, c.IDUntil = redact.Secret(id), claims.Expiry
		if last := c.Now().Add(maxID); claims.Expiry.After(last) {
			c.IDUntil = last
		}
	}
	c.take(t)
	return claims, nil
}

func (c *Client) take(t *oauth2.Token) {
	c.Access.Secret, c.AccessUntil = redact.Secret(t.AccessToken), t.Expiry
	if t.Expiry.IsZero() {
		c.AccessUntil = c.Now().Add(time.Minute)
	}
	if t.RefreshToken != "" {
		c.Refresh.Secret, c.Renewed = redact.Secret(t.RefreshToken), c.Now().UTC()
	}
}

// ErrNoRefresh means that nothing renews the session: the issuer gave no refresh token.
var ErrNoRefresh = errors.New("the issuer gave no refresh token")

// ErrNoID means that the issuer renews the session without an ID token, by which alone an API server knows the
// person.
var ErrNoID = errors.New("the issuer renews the session without an ID token")

// Renew exchanges the refresh token for new tokens. The old ones are void from then on, so Renew calls keep at once
// to save the session with the new refresh token alone; the caller saves the rest of Session afterwards. The error is
// ErrVoid when the issuer will never take the token again: another process may have used it. It is a *RefreshError for
// every other answer: the token stays good.
func (c *Client) Renew(ctx context.Context, keep func() error) error {
	if c.Refresh.Secret == "" {
		return ErrNoRefresh
	}
	to, text, err := c.open(ctx, c.hold(disclose.RefreshToken, c.Refresh.Secret), c.Provider.Token)
	if err != nil {
		return err
	}
	token, err := c.config("").TokenSource(to, &oauth2.Token{RefreshToken: text}).Token()
	if err != nil {
		return refreshError(c.failed(ctx, c.Provider.Token, err, c.Refresh.Secret), c.Plain)
	}
	// The old token is spent, even when the new one is not believed, so the new refresh token is kept at once. Nobody
	// may use the rest before it is verified.
	c.take(token)
	c.Access, c.ID = redact.Stored{}, redact.Stored{}
	if err := keep(); err != nil {
		return err
	}
	id, _ := token.Extra("id_token").(string)
	switch { // OpenID Connect Core 1.0, section 12.2: it might not be there.
	case id == "" && c.Plain:
		return ErrNoID
	case id == "":
		c.take(token)
		return nil
	}
	_, err = c.accept(ctx, token, "")
	return err
}

// TakeExchanged takes the token that another client of the same session has exchanged in this process.
func (c *Client) TakeExchanged(from *Client) {
	if from.Access == c.Access {
		c.exchanged = from.exchanged
	}
}

// Token is a token for an audience.
type Token struct {
	Token   redact.Secret
	Expires time.Time // by the issuer's clock
}

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccess    = "urn:ietf:params:oauth:token-type:access_token"
	typeJWT       = "urn:ietf:params:oauth:token-type:jwt"
)

// Exchange exchanges the access token for a token of another audience (RFC 8693). The error is a wire.ErrRefused when
// the access token is void, or a *TokenError.
func (c *Client) Exchange(ctx context.Context, audience string) (Token, error) {
	if e := c.exchanged; e != nil && e.audience == audience && c.Now().Add(minAccess).Before(e.Expires) {
		return e.Token, nil // A login has tried it already.
	}
	to, text, err := c.open(ctx, c.hold(disclose.AccessToken, c.Access.Secret), c.Provider.Token)
	if err != nil {
		return Token{}, err
	}
	// x/oauth2 has no name for this grant; this is its way to send one.
	config := clientcredentials.Config{
		ClientID: c.Client, TokenURL: c.Provider.Token, AuthStyle: oauth2.AuthStyleInParams,
		EndpointParams: map[string][]string{
			"grant_type": {grantExchange}, "audience": {audience}, "subject_token": {text},
			"subject_token_type": {typeAccess}, "requested_token_type": {typeJWT},
		},
	}
	reply, err := config.Token(to)
	if err != nil {
		return Token{}, c.failed(ctx, c.Provider.Token, err, c.Access.Secret)
	}
	token := redact.Secret(reply.AccessToken)
	claims, err := c.verify(ctx, token, audience, "")
	if err != nil {
		return Token{}, err
	}
	c.exchanged = &exchanged{Token{token, claims.Expiry}, audience}
	return c.exchanged.Token, nil
}
