package sso

import (
	"errors"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/jwt"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// Claims are the claims of a token. They are read without verifying the signature, which only the API server can do:
// they decide when to ask for a new token, nothing else.
type Claims struct {
	Issuer   string
	Subject  string
	IssuedAt time.Time // zero when absent
	Expiry   time.Time // zero when absent
}

// maxToken bounds a token: larger ones do not fit in the request header of an API server.
const maxToken = 64 << 10

// ParseClaims reads the claims of a JWT (RFC 7519). Every known Supervisor hands out JWTs; a token of another kind
// that fits in a header is accepted, and has no claims.
func ParseClaims(token redact.Secret) (Claims, error) {
	text := token.Reveal()
	switch {
	case text == "":
		return Claims{}, errors.New("it is missing")
	case len(text) > maxToken:
		return Claims{}, errors.New("it is too long")
	case strings.Trim(strings.TrimRight(text, "="), bearer) != "":
		return Claims{}, errors.New("it holds characters that no token has")
	}
	payload, err := jwt.Payload(token)
	switch {
	case errors.Is(err, jwt.ErrNotJWT):
		return Claims{}, nil
	case err != nil:
		return Claims{}, err
	}
	var raw struct {
		Issuer   string  `json:"iss"`
		Subject  string  `json:"sub"`
		IssuedAt float64 `json:"iat"`
		Expiry   float64 `json:"exp"`
	}
	if err := bounded.JSON(payload, &raw); err != nil {
		return Claims{}, jwt.ErrClaims
	}
	return Claims{Issuer: raw.Issuer, Subject: raw.Subject, IssuedAt: jwt.NumericDate(raw.IssuedAt), Expiry: jwt.NumericDate(raw.Expiry)}, nil
}

// bearer is the alphabet of bearer tokens (RFC 6750, section 2.1). Other characters could break out of a header line.
const bearer = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
