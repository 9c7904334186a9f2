package federation

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"
)

// claims are those that who takes a token looks at.
type claims struct {
	Issuer   string   `json:"iss"`
	Audience []string `json:"aud"`
	Expiry   int64    `json:"exp"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// Verify says whom a token names that this service signed for exactly this audience: an ID token is for the client, so that no
// cluster takes it (section 2.8).
func (s *Service) Verify(token, audience string) (User, error) {
	payload, err := s.checkSignature(token)
	if err != nil {
		return User{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return User{}, err
	}
	switch {
	case c.Issuer != s.Issuer:
		return User{}, errors.New("the token is of another issuer")
	case !slices.Equal(c.Audience, []string{audience}):
		return User{}, errors.New("the token is for another audience")
	case !s.Now().Before(time.Unix(c.Expiry, 0)):
		return User{}, errors.New("the token has expired")
	case c.Username == "":
		return User{}, errors.New("the token names nobody")
	}
	return User{Username: c.Username, Groups: c.Groups}, nil
}

// checkSignature returns the payload of a token that was signed with this service's key, ES256 only (RFC 7518, section 3.4).
func (s *Service) checkSignature(token string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] != s.header() {
		return nil, errors.New("no token of this issuer")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return nil, errors.New("no ES256 signature")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, t := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(&s.key.PublicKey, sum[:], r, t) {
		return nil, errors.New("wrong signature")
	}
	return base64.RawURLEncoding.DecodeString(parts[1])
}
