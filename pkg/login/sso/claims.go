package sso

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// Claims are what a token says of itself. They are read without verifying the signature, which only the API server
// can and does: they decide when to ask for a new token and whose lock it is, nothing else.
type Claims struct {
	Issuer   string
	Subject  string
	IssuedAt time.Time // zero when absent
	Expiry   time.Time // zero when absent
}

// maxToken bounds a token: larger ones do not fit in the request header of an API server.
const maxToken = 64 << 10

// ParseClaims reads the payload of a JWT (RFC 7519).
func ParseClaims(token redact.Secret) (Claims, error) {
	text := token.Reveal()
	parts := strings.Split(text, ".")
	switch {
	case text == "":
		return Claims{}, errors.New("it is missing")
	case len(text) > maxToken:
		return Claims{}, errors.New("it is too long")
	case len(parts) != 3 || strings.Trim(text, base64URL+".") != "":
		return Claims{}, errors.New("it is not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Claims{}, errors.New("its payload is not base64url")
	}
	var raw struct {
		Issuer   string  `json:"iss"`
		Subject  string  `json:"sub"`
		IssuedAt float64 `json:"iat"`
		Expiry   float64 `json:"exp"`
	}
	if err := json.Unmarshal(payload, &raw); err != nil {
		return Claims{}, errors.New("its payload is not a set of claims")
	}
	return Claims{Issuer: raw.Issuer, Subject: raw.Subject, IssuedAt: numericDate(raw.IssuedAt), Expiry: numericDate(raw.Expiry)}, nil
}

// base64URL is the alphabet of RFC 4648, section 5: a token of other characters could break out of a header line.
const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// numericDate is seconds since 1970 (RFC 7519, section 2), within the years that RFC 3339 can write.
func numericDate(seconds float64) time.Time {
	const year9999 = 253402300799
	if seconds <= 0 || seconds > year9999 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
