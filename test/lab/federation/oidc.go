package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// OIDCConfig is an OIDC provider that the FederationDomain is a confidential client of.
type OIDCConfig struct {
	Issuer, ClientID, ClientSecret string
	RedirectURL                    string // /callback below the FederationDomain's issuer
	HTTP                           *http.Client
	Now                            func() time.Time
}

// OIDC is a provider that was discovered.
type OIDC struct {
	issuer   string
	http     *http.Client
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// NewOIDC asks the provider for its discovery document.
func NewOIDC(ctx context.Context, c OIDCConfig) (*OIDC, error) {
	// The keys are asked for later, when ctx may have ended.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), c.HTTP), c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover the upstream: %w", err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // A guess that fails may spend a code or a refresh token.
	return &OIDC{
		issuer: c.Issuer, http: c.HTTP,
		oauth: oauth2.Config{
			ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: endpoint, RedirectURL: c.RedirectURL,
			Scopes: []string{"openid", "email", "profile", "groups", "offline_access"},
		},
		verifier: provider.Verifier(&oidc.Config{ClientID: c.ClientID, Now: c.Now}),
	}, nil
}

// redeem takes the code of a browser flow.
func (o *OIDC) redeem(ctx context.Context, code, verifier, nonce string) (User, error) {
	token, err := o.oauth.Exchange(oidc.ClientContext(ctx, o.http), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return User{}, err
	}
	return o.user(ctx, token, nonce)
}

// password is the resource owner password grant. There is no nonce in it.
func (o *OIDC) password(ctx context.Context, username, password string) (User, error) {
	token, err := o.oauth.PasswordCredentialsToken(oidc.ClientContext(ctx, o.http), username, password)
	if err != nil {
		return User{}, err
	}
	return o.user(ctx, token, "")
}

// again refreshes a session (section 2.6). The answer must be about the same person.
func (o *OIDC) again(ctx context.Context, old User) (User, error) {
	token, err := o.oauth.TokenSource(oidc.ClientContext(ctx, o.http), &oauth2.Token{RefreshToken: old.refresh}).Token()
	if err != nil {
		return User{}, err
	}
	fresh, err := o.user(ctx, token, "")
	if err == nil && (fresh.subject != old.subject || fresh.Username != old.Username) {
		err = errors.New("the upstream tells of another user")
	}
	return fresh, err
}

// user verifies the ID token. An empty nonce is not looked at.
func (o *OIDC) user(ctx context.Context, token *oauth2.Token, nonce string) (User, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := o.verifier.Verify(oidc.ClientContext(ctx, o.http), raw)
	if err != nil {
		return User{}, err
	}
	var claims struct {
		Email    string   `json:"email"`
		Verified bool     `json:"email_verified"`
		Groups   []string `json:"groups"`
	}
	if err := id.Claims(&claims); err != nil {
		return User{}, err
	}
	switch {
	case nonce != "" && id.Nonce != nonce:
		return User{}, errors.New("the nonce is another one")
	case claims.Email == "" || !claims.Verified:
		return User{}, errors.New("the ID token has no verified email")
	case token.RefreshToken == "":
		return User{}, errors.New("the upstream gave no refresh token")
	}
	return User{Username: claims.Email, Groups: claims.Groups, issuer: o.issuer, subject: id.Subject, refresh: token.RefreshToken}, nil
}
