package oidc

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Claims are the claims of a token.
type Claims struct {
	Subject  string
	Username string // for people; the subject if the token has no better claim
	Expiry   time.Time
	All      json.RawMessage // the whole set, a JSON object
}

// algorithms are the signatures that only the issuer can make: not "none", and none with a shared key.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// TokenError is a token of the issuer that is not believed.
type TokenError struct{ Reason string }

// Error gives the reason.
func (e *TokenError) Error() string { return "the issuer's token is not believed: " + e.Reason }

// The errors that a wrong client causes, and not a wrong issuer.
var (
	ErrNoToken  = &TokenError{"there is none in the reply"}
	ErrAudience = &TokenError{"it is for another audience"}
)

// maxToken bounds a token, in bytes.
const maxToken = 256 << 10

// verify checks signature, issuer, time and, if it is not empty, audience of a token (OpenID Connect Core 1.0,
// section 3.1.3.7). With a nonce it checks that the token belongs to this login. The error is a *TokenError, or one
// of package wire from fetching keys.
func (c *Client) verify(ctx context.Context, token redact.Secret, audience, nonce string) (Claims, error) {
	if token == "" {
		return Claims{}, ErrNoToken
	}
	if len(token) > maxToken {
		return Claims{}, &TokenError{"it is too long"}
	}
	c.keysErr = nil
	verifier := oidc.NewVerifier(c.Provider.Issuer, keySet{c}, &oidc.Config{ClientID: audience, SkipClientIDCheck: audience == "", SupportedSigningAlgs: algorithms, Now: c.Now})
	id, err := verifier.Verify(ctx, token.Reveal())
	if err != nil {
		return Claims{}, c.distrust(err)
	}
	switch {
	case nonce != "" && id.Nonce != nonce:
		return Claims{}, &TokenError{"it is of another login (nonce)"}
	case id.IssuedAt.After(c.Now().Add(maxSkew)):
		return Claims{}, &TokenError{fmt.Sprintf("it was issued at %s: is the clock of this machine right?", id.IssuedAt.UTC().Format(time.RFC3339))}
	case audience == c.Client && !forClient(id, c.Client):
		return Claims{}, fmt.Errorf("%w (azp)", ErrAudience)
	case id.Expiry.After(lastTime):
		return Claims{}, &TokenError{"it says that it is good for thousands of years"}
	}
	return parseClaims(id)
}

// forClient reports whether an ID token with several audiences was issued to the client (OpenID Connect Core 1.0,
// section 3.1.3.7, 4 and 5).
func forClient(id *oidc.IDToken, client string) bool {
	var authorized struct {
		Party string `json:"azp"`
	}
	return len(id.Audience) < 2 || id.Claims(&authorized) == nil && (authorized.Party == "" || authorized.Party == client)
}

// lastTime is the last time that RFC 3339 can write.
var lastTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// maxSkew is how far the clock of the issuer may be ahead of ours.
const maxSkew = time.Minute

// distrust words why a token is not believed. A network error from fetching the keys stays as it is. go-oidc has
// types for few of its errors; the others are recognized by their text, and one that changes is shown as it is.
func (c *Client) distrust(err error) error {
	said := safetext.Line(strings.TrimPrefix(err.Error(), "oidc: "), 300)
	var expired *oidc.TokenExpiredError
	switch {
	case c.keysErr != nil: // It does not wrap it.
		return c.keysErr
	case errors.As(err, &expired):
		return &TokenError{fmt.Sprintf("it ended at %s: is the clock of this machine right?", expired.Expiry.UTC().Format(time.RFC3339))}
	case strings.Contains(said, "before the nbf"):
		return &TokenError{"it is not good yet (nbf): is the clock of this machine right?"}
	case strings.HasPrefix(said, "expected audience"):
		return fmt.Errorf("%w: %s", ErrAudience, said)
	}
	return &TokenError{said}
}

func parseClaims(id *oidc.IDToken) (Claims, error) {
	var all json.RawMessage
	var named struct {
		Username  any `json:"username"`
		Preferred any `json:"preferred_username"`
		Email     any `json:"email"`
	}
	if err := errors.Join(id.Claims(&all), id.Claims(&named)); err != nil {
		return Claims{}, &TokenError{"its claims cannot be read"}
	}
	c := Claims{Subject: id.Subject, Expiry: id.Expiry, All: all}
	c.Username = firstName(named.Username, named.Preferred, named.Email, id.Subject)
	if c.Username == "" || len(c.Username) > maxName || !safetext.IsLine(c.Username, maxName) {
		return Claims{}, &TokenError{fmt.Sprintf("its user name %s cannot be one", safetext.Quote(c.Username, 80))}
	}
	return c, nil
}

// maxName bounds a user name, in bytes.
const maxName = 1024

// keySet verifies with the remembered keys, and fetches them again when a token names another one.
type keySet struct{ c *Client }

// VerifySignature implements oidc.KeySet.
func (k keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	var allowed []jose.SignatureAlgorithm
	for _, a := range algorithms {
		allowed = append(allowed, jose.SignatureAlgorithm(a))
	}
	jws, err := jose.ParseSigned(jwt, allowed)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("malformed token")
	}
	if payload, ok := k.check(jws); ok {
		return payload, nil
	}
	if k.c.keysErr = k.c.FetchKeys(ctx); k.c.keysErr != nil {
		return nil, k.c.keysErr
	}
	if payload, ok := k.check(jws); ok {
		return payload, nil
	}
	return nil, errors.New("its signature is not by a key of the issuer")
}

func (k keySet) check(jws *jose.JSONWebSignature) ([]byte, bool) {
	var set jose.JSONWebKeySet
	if len(k.c.Provider.Keys) == 0 || bounded.JSON(k.c.Provider.Keys, &set) != nil {
		return nil, false
	}
	id := jws.Signatures[0].Header.KeyID
	for _, key := range set.Keys {
		if id != "" && key.KeyID != id || !usable(key) {
			continue
		}
		if payload, err := jws.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// maxKeys, maxKey (in bytes) and maxModulus (in bits) bound the work of reading keys and verifying a signature.
const (
	maxKeys    = 100
	maxKey     = 16 << 10
	maxModulus = 16384
)

// usable reports whether a key is a public one of a sensible size.
func usable(key jose.JSONWebKey) bool {
	if k, ok := key.Key.(*rsa.PublicKey); ok && (k.N.BitLen() > maxModulus || k.E > 1<<31-1) {
		return false
	}
	return key.IsPublic()
}

// FetchKeys gets the JWKS of the issuer (RFC 7517). verify calls it when a token names a key that is not among the
// remembered ones. The error is of package wire.
func (c *Client) FetchKeys(ctx context.Context) error {
	url := c.Provider.JWKS
	body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url})
	var answered *wire.Error
	if errors.As(err, &answered) && answered.Status != 0 { // No status of it means that the person is refused.
		answered.Kind = wire.ErrServer
		return answered
	}
	if err != nil {
		return err
	}
	var unread struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := wire.DecodeJSON(http.MethodGet, url, body, &unread); err != nil {
		return err
	}
	refused := func(format string, args ...any) error {
		return &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: fmt.Sprintf(format, args...)}
	}
	if len(unread.Keys) > maxKeys {
		return refused("it has more than %d keys", maxKeys)
	}
	for _, key := range unread.Keys { // Each is parsed with its certificates.
		if len(key) > maxKey {
			return refused("it has a key that is larger than %d KiB", maxKey>>10)
		}
	}
	if body, err = json.Marshal(unread); err != nil { // Of members of one name only the last is left.
		return err
	}
	var set jose.JSONWebKeySet
	if err := wire.DecodeJSON(http.MethodGet, url, body, &set); err != nil {
		return err
	}
	c.Provider.Keys = body
	return nil
}
