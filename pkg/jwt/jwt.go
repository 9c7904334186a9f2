// Package jwt reads the claims of a JSON Web Token (RFC 7519) without verifying them. Claims may decide when to renew a token, or what to
// show to a person. They never prove anything: the API server verifies the token.
package jwt

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// MaxSize bounds a token, in bytes. No API server accepts a request header of that size.
const MaxSize = 256 << 10

// The errors of Payload. They contain nothing of the token.
var (
	ErrNotJWT  = errors.New("it is not a JWT")                    // not three parts, or too long; it may be an opaque token
	ErrPayload = errors.New("its payload is not base64url")       // the middle part cannot be decoded
	ErrClaims  = errors.New("its payload is not a set of claims") // it is not a JSON object
)

// Payload returns the claims of a signed token (RFC 7515, section 7.1: header, payload and signature), the same JSON object as in the
// token. The error is ErrNotJWT, ErrPayload or ErrClaims.
func Payload(token redact.Secret) (json.RawMessage, error) {
	text := token.Reveal()
	if len(text) > MaxSize || strings.Count(text, ".") != 2 {
		return nil, ErrNotJWT
	}
	parts := strings.Split(text, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || strings.ContainsAny(parts[1], "\r\n") { // Go's decoder skips line ends.
		return nil, ErrPayload
	}
	var claims map[string]json.RawMessage
	if bounded.JSON(payload, &claims) != nil || claims == nil { // nil: it is null
		return nil, ErrClaims
	}
	return payload, nil
}

// year9999 is the last second that RFC 3339 can write, in seconds since 1970.
const year9999 = 253402300799

// NumericDate returns the time of an exp, iat or nbf claim: seconds since 1970 (RFC 7519, section 2), without fractions. It returns the
// zero time for a time before 1970, or that RFC 3339 cannot write.
func NumericDate(seconds float64) time.Time {
	if seconds <= 0 || seconds > year9999 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
