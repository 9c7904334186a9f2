package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/jwt"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNotProvided is a runner's token or secret that is not there, or is none.
var ErrNotProvided = errors.New("the runner provides no token")

// Unattended tells whether a runner provides the token or the client's secret, so that no person logs in.
func (s Session) Unattended() bool {
	return s.TokenFile != "" || s.TokenVariable != "" || s.HasSecret()
}

// HasSecret tells whether the client logs in as itself.
func (s Session) HasSecret() bool { return s.SecretFile != "" || s.SecretVariable != "" }

// FromRunner gets a token without a person: the one that a runner provides, or one of the issuer for the client itself, with the secret that
// a runner provides (RFC 6749, section 4.4). File and variable are read anew each time, since runners replace them. The signature of what the
// runner provides is the API server's to verify; only what is handed out when is decided by what the token says.
func (c *Client) FromRunner(ctx context.Context, getenv func(string) string, send SendSecret) (token redact.Secret, claims Claims, err error) {
	text, where := c.handed.Reveal(), c.Provider.Token
	switch {
	case text != "": // A login looks at it, and hands it out.
	case c.HasSecret():
		err = send(ctx, func(ctx context.Context, secret redact.Secret) error {
			text, err = c.asClient(ctx, secret)
			return err
		})
	default:
		text, where, err = provided(c.TokenFile, c.TokenVariable, getenv)
	}
	if err != nil {
		return "", Claims{}, err
	}
	if claims, err = unverified(redact.Secret(text)); err != nil {
		return "", Claims{}, fmt.Errorf("%w: %s: %w", ErrNotProvided, where, err)
	}
	c.handed, c.Claims = redact.Secret(text), claims.All
	return c.handed, claims, nil
}

// SendSecret has a secret of the client sent, if that may be: one that was refused is not sent again and again.
type SendSecret func(ctx context.Context, send func(context.Context, redact.Secret) error) error

// Secret is that of the client, as the runner provides it, and where it is.
func (c *Client) Secret(getenv func(string) string) (secret redact.Secret, where string, err error) {
	text, where, err := provided(c.SecretFile, c.SecretVariable, getenv)
	if err == nil && text == "" {
		err = fmt.Errorf("%w: %s holds no secret", ErrNotProvided, where)
	}
	return redact.Secret(text), where, err
}

// ErrClient is a secret of the client that the issuer does not take.
var ErrClient = errors.New("the issuer does not take the client's secret")

// asClient is the ID token of the answer, or else the access token, which is all that most issuers give to a client. Both must be the issuer's.
func (c *Client) asClient(ctx context.Context, secret redact.Secret) (string, error) {
	config := clientcredentials.Config{
		ClientID: c.Client, ClientSecret: secret.Reveal(), TokenURL: c.Provider.Token, Scopes: c.Scopes, EndpointParams: url.Values{}, AuthStyle: c.authStyle(),
	}
	for name, value := range c.Params {
		config.EndpointParams.Set(name, value)
	}
	reply, err := config.Token(c.bounded(ctx))
	if err != nil {
		// As x/oauth2 spells it in a header (RFC 6749, section 2.3.1).
		basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.Client) + ":" + url.QueryEscape(secret.Reveal())))
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

// clientError is ErrClient, in the issuer's words, and a refusal.
type clientError struct{ said *Error }

func (e *clientError) Error() string   { return fmt.Sprintf("%v: %v", ErrClient, e.said) }
func (e *clientError) Unwrap() []error { return []error{ErrClient, wire.ErrRefused} }

// authStyle is how the client proves itself (OpenID Connect Core 1.0, section 9): in one way, so that a wrong secret is sent once.
func (c *Client) authStyle() oauth2.AuthStyle {
	if m := c.Provider.AuthMethods; slices.Contains(m, "client_secret_post") && !slices.Contains(m, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// provided reads what a runner provides in a file, else in a variable; where names it.
func provided(file, variable string, getenv func(string) string) (text, where string, err error) {
	if file == "" {
		return strings.TrimSpace(getenv(variable)), variable, nil
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a file", file)
	case info.Size() > maxToken:
		err = fmt.Errorf("%s is too large for a token", file)
	}
	if err != nil {
		return "", file, fmt.Errorf("%w: %w", ErrNotProvided, err)
	}
	read, err := os.ReadFile(file)
	if err != nil {
		return "", file, fmt.Errorf("%w: %w", ErrNotProvided, err)
	}
	return strings.TrimSpace(string(read)), file, nil
}

// unverified reads what a token says about itself.
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
	if json.Unmarshal(payload, &raw) != nil || jwt.NumericDate(raw.Expiry).IsZero() {
		return Claims{}, errors.New("it holds no JWT that says when it ends")
	}
	c := Claims{Subject: raw.Subject, Expiry: jwt.NumericDate(raw.Expiry), All: payload}
	c.Username = firstName(raw.Username, raw.Preferred, raw.Email, raw.Subject)
	if c.Username == "" || !safetext.IsLine(c.Username, maxName) {
		return Claims{}, errors.New("its user name cannot be one")
	}
	return c, nil
}

// firstName is the first of the claims that is a text.
func firstName(claims ...any) string {
	for _, claim := range claims {
		if s, ok := claim.(string); ok && s != "" {
			return s
		}
	}
	return ""
}
