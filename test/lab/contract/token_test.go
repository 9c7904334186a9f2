package contract

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// claims are what the tests read of a token.
type claims struct {
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

// split decodes the three parts of a token.
func split(t *testing.T, token string) (header, payload, signature []byte) {
	t.Helper()
	var parts [][]byte
	for part := range strings.SplitSeq(token, ".") {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatalf("token %q: %v", token, err)
		}
		parts = append(parts, text)
	}
	if len(parts) != 3 {
		t.Fatalf("token %q has %d parts", token, len(parts))
	}
	return parts[0], parts[1], parts[2]
}

func parse(t *testing.T, token string) claims {
	t.Helper()
	_, payload, _ := split(t, token)
	var c claims
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// keys are the names of an object, in the order of the text.
func keys(t *testing.T, object []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
	}
	return names
}

// checkToken is what every token has to be.
func (l *lab) checkToken(t *testing.T, token, audience, subject string) {
	t.Helper()
	checkHeader(t, token)
	checkClaims(t, token, audience, subject)
	l.checkSignature(t, token)
}

var goldenHeader = regexp.MustCompile(`^\{"kid":"([0-9A-F]{40})","alg":"RS256"\}$`)

// checkHeader returns the key ID, which is as long as a SHA-1.
func checkHeader(t *testing.T, token string) string {
	t.Helper()
	header, _, _ := split(t, token)
	m := goldenHeader.FindSubmatch(header)
	if m == nil {
		t.Fatalf("the header of the token is %s", header)
	}
	return string(m[1])
}

func checkClaims(t *testing.T, token, audience, subject string) {
	t.Helper()
	_, payload, _ := split(t, token)
	order := []string{"sub", "aud", "domain", "iss", "group_names", "exp", "iat", "jti", "username"}
	if got := keys(t, payload); !slices.Equal(got, order) {
		t.Errorf("the claims are %q, not %q", got, order)
	}
	c := parse(t, token)
	name, domain, _ := strings.Cut(subject, "@")
	for _, pair := range [][2]string{{c.Subject, subject}, {c.Audience, audience}, {c.Domain, domain}, {c.Issuer, issuer}, {c.Username, name}} {
		if pair[0] != pair[1] {
			t.Errorf("a claim is %q, not %q", pair[0], pair[1])
		}
	}
	if c.Expiry-c.IssuedAt != 36000 {
		t.Errorf("exp - iat is %d", c.Expiry-c.IssuedAt)
	}
	if since := time.Since(time.Unix(c.IssuedAt, 0)); since < 0 || since > time.Minute {
		t.Errorf("the token was issued %s ago", since)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(c.ID) {
		t.Errorf("jti is %q", c.ID)
	}
}

// checkSignature verifies a token with the keys that the vCenter publishes.
func (l *lab) checkSignature(t *testing.T, token string) {
	t.Helper()
	var set struct {
		Keys []struct{ Kid, Kty, E, N string }
	}
	body := l.ask(t, l.identity, "GET /openidconnect/jwks/vsphere.local HTTP/1.1\nHost: vcenter.lab\n\n").body
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	kid := checkHeader(t, token)
	_, _, signature := split(t, token)
	sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
	for _, k := range set.Keys {
		if k.Kid != kid || k.Kty != "RSA" {
			continue
		}
		key := &rsa.PublicKey{N: number(t, k.N), E: int(number(t, k.E).Int64())}
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
			t.Error(err)
		}
		return
	}
	t.Errorf("no key %s in %s", kid, body)
}

func number(t *testing.T, text string) *big.Int {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(b)
}

func testTokenClaims(t *testing.T, l *lab) {
	token := l.ask(t, l.supers, loginDev).token
	checkClaims(t, token, supAudience, dev)
	groups := parse(t, token).Groups
	for _, want := range []string{"Everyone@vsphere.local", "Users@vsphere.local", "developers@vsphere.local"} {
		if !slices.Contains(groups, want) {
			t.Errorf("%s is not in %q", want, groups)
		}
	}
}

func testTokenHeader(t *testing.T, l *lab) {
	checkHeader(t, l.ask(t, l.supers, loginDev).token)
	checkHeader(t, l.ask(t, l.supers, loginGuest).token)
}

func testTokenLifetime(t *testing.T, l *lab) {
	for _, request := range []string{loginDev, loginGuest} {
		if c := parse(t, l.ask(t, l.supers, request).token); c.Expiry-c.IssuedAt != 36000 {
			t.Errorf("exp - iat is %d", c.Expiry-c.IssuedAt)
		}
	}
}

func testSupervisorAudience(t *testing.T, l *lab) {
	if got := parse(t, l.ask(t, l.supers, loginDev).token).Audience; got != "vmware-tes:vc:vns:k8s" {
		t.Errorf("the audience is %q", got)
	}
}

func testGuestAudience(t *testing.T, l *lab) {
	if got := parse(t, l.ask(t, l.supers, loginGuest).token).Audience; got != "vmware-tes:vc:vns:k8s:"+guestUID {
		t.Errorf("the audience is %q", got)
	}
}

func testJWKS(t *testing.T, l *lab) {
	got := l.ask(t, l.identity, "GET /openidconnect/jwks/vsphere.local HTTP/1.1\nHost: vcenter.lab\n\n")
	golden := regexp.MustCompile(`^HTTP/1.1 200 OK
Content-Type: application/json

\{"keys":\[\{"kty":"RSA","alg":"RS256","use":"sig","kid":"[0-9A-F]{40}","e":"AQAB","n":"[\w-]{342}"\}\]\}
$`)
	if !golden.MatchString(got.text) {
		t.Errorf("the reply is\n%s", got.text)
	}
	l.checkSignature(t, l.ask(t, l.supers, loginDev).token)
	l.checkSignature(t, l.ask(t, l.supers, loginGuest).token)
}

func testDiscovery(t *testing.T, l *lab) {
	l.want(t, l.identity, `GET /openidconnect/vsphere.local/.well-known/openid-configuration HTTP/1.1
Host: vcenter.lab

`, `HTTP/1.1 200 OK
Content-Type: application/json

{"authorization_endpoint":"https://vcenter.lab/openidconnect/oidc/authorize/vsphere.local",`+
		`"end_session_endpoint":"https://vcenter.lab/openidconnect/logout/vsphere.local",`+
		`"id_token_signing_alg_values_supported":["RS256"],`+
		`"issuer":"https://vcenter.lab/openidconnect/vsphere.local",`+
		`"jwks_uri":"https://vcenter.lab/openidconnect/jwks/vsphere.local",`+
		`"response_types_supported":["code","id_token","token id_token"],`+
		`"subject_types_supported":["public"],`+
		`"token_endpoint":"https://vcenter.lab/openidconnect/token/vsphere.local"}
`)
}
