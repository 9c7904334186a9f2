package federation

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"time"
)

// newKey makes the key that tokens are signed with from now on.
func (s *Service) newKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err == nil {
		s.key, s.kid = key, random()
	}
	return err
}

// sign makes an ES256 JWT (RFC 7518, section 3.4).
func (s *Service) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := s.header() + "." + encode(payload)
	sum := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signed + "." + encode(signature), nil
}

// header is that of every token, encoded.
func (s *Service) header() string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"` + s.kid + `"}`))
}

// idToken is the token of a login or a refresh, for the client itself. One of a refresh carries no nonce.
func (s *Service) idToken(one *session, nonce string) (string, error) {
	now := s.Now()
	claims := map[string]any{
		"iss": s.Issuer, "aud": []string{ClientID}, "azp": ClientID, "sub": one.subject(s.Issuer), "jti": random(),
		"iat": now.Unix(), "exp": now.Add(s.Lifetimes.Access).Unix(), "auth_time": one.began.Unix(), "rat": one.began.Unix(),
		"username": one.name, "groups": one.user.Groups,
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return s.sign(claims)
}

// audienceToken is what the exchange gives for a cluster.
func (s *Service) audienceToken(one *session, audience string) (string, error) {
	now := s.Now()
	return s.sign(map[string]any{
		"iss": s.Issuer, "aud": []string{audience}, "azp": ClientID, "sub": one.subject(s.Issuer), "jti": random(),
		"iat": now.Unix(), "exp": now.Add(s.Lifetimes.Access).Unix(), "auth_time": one.began.Unix(), "rat": one.began.Unix(),
		"username": one.name, "groups": one.user.Groups,
	})
}

// random is 32 random bytes in hex.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// session is one login with all that was handed out for it.
type session struct {
	user     User
	name     string // of the user in tokens
	upstream string
	scopes   []string // granted
	began    time.Time

	code      string
	used      bool // the code was redeemed, or spoilt
	challenge string
	redirect  string
	nonce     string

	access, refresh         string   // the newest; empty: none, or revoked
	past                    []string // all that was handed out
	accessUntil, freshUntil time.Time
}

// subject names the user and where that name comes from; without an OIDC upstream that is the issuer itself.
func (one *session) subject(issuer string) string {
	return cmp.Or(one.user.issuer, issuer) + "?idpName=" + url.QueryEscape(one.upstream) +
		"&sub=" + url.QueryEscape(cmp.Or(one.user.subject, one.user.Username))
}

// revoke takes away what was handed out.
func (one *session) revoke() { one.access, one.refresh = "", "" }
