package vcenter

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // The key ID of real tokens is a SHA-1.
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// signingKey is an RSA key with the certificate that names it.
type signingKey struct {
	key *rsa.PrivateKey
	kid string // upper-case hex SHA-1 of the certificate
}

// Claims are the claims of a real token, in their order.
type Claims struct {
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Domain   string   `json:"domain"`
	Issuer   string   `json:"iss"`
	Groups   []string `json:"group_names"`
	Expiry   int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	Username string   `json:"username"`
}

// Rotate makes a new signing key. Tokens of the old one stay valid for the API servers that know it.
func (s *Service) Rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "ssoserverSign"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	sum := sha1.Sum(der)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, &signingKey{key: key, kid: strings.ToUpper(hex.EncodeToString(sum[:]))})
	clear(s.ahead)
	return nil
}

// Mint makes a token. lifetime 0 is the service's; a negative one has ended already. skew is how far the clock that writes the
// times is ahead.
func (s *Service) Mint(u User, audience string, lifetime, skew time.Duration) (string, error) {
	if lifetime == 0 && skew == 0 {
		if token := s.signedAhead(u.Username, audience); token != "" {
			return token, nil
		}
	}
	if lifetime == 0 {
		lifetime = s.lifetime
	}
	name, domain, _ := strings.Cut(u.Username, "@")
	now := s.now().Add(skew)
	claims := Claims{
		Subject: u.Username, Audience: audience, Domain: domain, Issuer: s.issuer,
		Groups: append([]string{"Everyone@" + domain, "Users@" + domain}, u.Groups...),
		Expiry: now.Add(lifetime).Unix(), IssuedAt: now.Add(min(0, lifetime)).Unix(), ID: newID(), Username: name,
	}
	s.mu.Lock()
	key := s.keys[len(s.keys)-1]
	s.mu.Unlock()
	return key.sign(claims)
}

func (k *signingKey) sign(claims Claims) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	header := fmt.Sprintf(`{"kid":%q,"alg":"RS256"}`, k.kid)
	signed := encode([]byte(header)) + "." + encode(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + encode(signature), nil
}

// Verify checks signature, issuer, audience and lifetime.
func (s *Service) Verify(token, audience string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, errors.New("not a JWT")
	}
	var header struct{ Kid, Alg string }
	var claims Claims
	if err := errors.Join(decode(parts[0], &header), decode(parts[1], &claims)); err != nil {
		return Claims{}, err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return Claims{}, err
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.keys, func(k *signingKey) bool { return k.kid == header.Kid })
	keys := s.keys
	s.mu.Unlock()
	if i < 0 || header.Alg != "RS256" {
		return Claims{}, errors.New("unknown key")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	now := s.now().Unix()
	switch {
	case rsa.VerifyPKCS1v15(&keys[i].key.PublicKey, crypto.SHA256, sum[:], signature) != nil:
		return Claims{}, errors.New("wrong signature")
	case claims.Issuer != s.issuer:
		return Claims{}, errors.New("wrong issuer")
	case claims.Audience != audience:
		return Claims{}, fmt.Errorf("wrong audience %q", claims.Audience)
	case now >= claims.Expiry:
		return Claims{}, errors.New("token has expired")
	}
	return claims, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(part string, out any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// newID is a UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
