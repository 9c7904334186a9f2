package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/jwt"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNotProvided means that the token or secret of a runner is missing, or is not one.
var ErrNotProvided = errors.New("the runner provides no token")

// Unattended reports whether a runner provides the token or the secret of the client, so that no person logs in.
func (s Session) Unattended() bool {
	return s.TokenFile != "" || s.TokenVariable != "" || s.HasSecret()
}

// HasSecret reports whether the client logs in as itself.
func (s Session) HasSecret() bool { return s.SecretFile != "" || s.SecretVariable != "" }

// FromRunner returns a token without a person: the one that a runner provides, or one that the issuer makes for the
// client itself, with the secret that a runner provides (RFC 6749, section 4.4). File and variable are read each
// time, since runners replace them. The API server verifies the signature of a provided token; here its claims only
// decide until when it is handed out, and to whom. The error is ErrNotProvided, ErrClient, a *TokenError, or one of
// package wire.
func (c *Client) FromRunner(ctx context.Context, getenv func(string) string, send SendSecret) (token redact.Secret, claims Claims, err error) {
	text, where := c.provided.Reveal(), c.Provider.Token
	switch {
	case text != "": // A login looks at it, and hands it out.
	case c.HasSecret():
		err = send(ctx, func(ctx context.Context, secret redact.Secret) error {
			text, err = c.asClient(ctx, secret)
			return err
		})
	default:
		text, where, err = provided{c.TokenFile, c.TokenVariable}.read(ctx, getenv)
	}
	if err != nil {
		return "", Claims{}, err
	}
	if claims, err = unverified(redact.Secret(text)); err != nil {
		return "", Claims{}, fmt.Errorf("%w: %s: %w", ErrNotProvided, where, err)
	}
	c.provided, c.Claims = redact.Secret(text), claims.All
	return c.provided, claims, nil
}

// SendSecret calls send with the secret of the client, if it may be sent: a refused one is not sent again and again.
type SendSecret func(ctx context.Context, send func(context.Context, redact.Secret) error) error

// Secret returns the secret of the client, as the runner provides it, and the file or variable that holds it.
func (c *Client) Secret(ctx context.Context, getenv func(string) string) (secret redact.Secret, where string, err error) {
	text, where, err := provided{c.SecretFile, c.SecretVariable}.read(ctx, getenv)
	if err == nil && text == "" {
		err = fmt.Errorf("%w: %s holds no secret", ErrNotProvided, where)
	}
	return redact.Secret(text), where, err
}

// ErrClient means that the issuer does not accept the secret of the client.
var ErrClient = errors.New("the issuer does not take the client's secret")

// asClient returns the ID token of the reply, or else its access token, which is all that most issuers give to a
// client. Either must be signed by the issuer.
func (c *Client) asClient(ctx context.Context, secret redact.Secret) (string, error) {
	to, sent, err := c.open(ctx, c.hold(disclose.ClientSecret, secret), c.Provider.Token)
	if err != nil {
		return "", err
	}
	config := clientcredentials.Config{
		ClientID: c.Client, ClientSecret: sent, TokenURL: c.Provider.Token, Scopes: c.Scopes, EndpointParams: url.Values{}, AuthStyle: c.authStyle(),
	}
	for name, value := range c.Params {
		config.EndpointParams.Set(name, value)
	}
	reply, err := config.Token(trust.Once(to))
	if err != nil {
		// As x/oauth2 spells it in a header (RFC 6749, section 2.3.1).
		basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.Client) + ":" + url.QueryEscape(sent)))
		err = c.failed(ctx, c.Provider.Token, err, secret, redact.Secret(basic))
		var said *Error
		if errors.As(err, &said) && (said.Code == "invalid_client" || said.Status == http.StatusUnauthorized) {
			err = &clientError{said}
		}
		return "", err
	}
	if id, _ := reply.Extra("id_token").(string); id != "" {
		_, err := c.verify(ctx, redact.Secret(id), c.Client, "")
		return id, err
	}
	_, err = c.verify(ctx, redact.Secret(reply.AccessToken), "", "") // It is for an audience that only the issuer knows.
	return reply.AccessToken, err
}

// clientError is ErrClient and a refusal, in the words of the issuer.
type clientError struct{ said *Error }

func (e *clientError) Error() string   { return fmt.Sprintf("%v: %v", ErrClient, e.said) }
func (e *clientError) Unwrap() []error { return []error{ErrClient, wire.ErrRefused} }

// authStyle chooses how the client authenticates (OpenID Connect Core 1.0, section 9): one way only, so that a wrong
// secret is sent once.
func (c *Client) authStyle() oauth2.AuthStyle {
	if m := c.Provider.AuthMethods; slices.Contains(m, "client_secret_post") && !slices.Contains(m, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// provided names the file, or else the variable, in which a runner provides something.
type provided struct{ file, variable string }

// read returns the text, and the name of its file or variable. The file is read at every renewal, so it cannot be a pipe.
func (p provided) read(ctx context.Context, getenv func(string) string) (text, where string, err error) {
	if p.file == "" {
		return bare(getenv(p.variable)), p.variable, nil
	}
	read, err := bounded.File(ctx, p.file, maxToken, bounded.Regular)
	if ctx.Err() != nil {
		return "", p.file, ctx.Err()
	}
	if err != nil {
		return "", p.file, fmt.Errorf("%w: %w", ErrNotProvided, err)
	}
	return bare(string(read)), p.file, nil
}

// bare drops what editors and shells add to a secret: a byte order mark (U+FEFF), blank space and line ends.
func bare(text string) string { return strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")) }

// unverified reads the claims of a token without verifying it.
func unverified(token redact.Secret) (Claims, error) {
	payload, err := jwt.Payload(token)
	if err != nil {
		return Claims{}, errors.New("it holds no JWT")
	}
	var raw struct {
		Subject   string  `json:"sub"`
		Username  any     `json:"username"`
		Preferred any     `json:"preferred_username"`
		Email     any     `json:"email"`
		Expiry    float64 `json:"exp"`
	}
	if bounded.JSON(payload, &raw) != nil || jwt.NumericDate(raw.Expiry).IsZero() {
		return Claims{}, errors.New("it holds no JWT that says when it ends")
	}
	c := Claims{Subject: raw.Subject, Expiry: jwt.NumericDate(raw.Expiry), All: payload}
	c.Username = firstName(raw.Username, raw.Preferred, raw.Email, raw.Subject)
	if c.Username == "" || !safetext.IsLine(c.Username, maxName) {
		return Claims{}, errors.New("its user name cannot be one")
	}
	return c, nil
}

// firstName returns the first claim that is a text.
func firstName(claims ...any) string {
	for _, claim := range claims {
		if s, ok := claim.(string); ok && s != "" {
			return s
		}
	}
	return ""
}
