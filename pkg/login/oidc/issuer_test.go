package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// issuer is a strict one for tests of this package: what it was not told to expect fails the test. Whole logins run against the lab's
// FederationDomain in test/e2e; here an issuer lies.
type issuer struct {
	t       *testing.T
	url     string
	key     *ecdsa.PrivateKey
	kid     string
	client  *Client
	forms   []url.Values // of the token endpoint
	answers []answer     // the next answers of the token endpoint
	asked   map[string]int

	// bend changes a token's claims and header before it is signed.
	bend func(claims map[string]any)
	sign func(claims map[string]any) string

	location http.HandlerFunc // of the authorization endpoint
}

type answer struct {
	status int
	body   map[string]any
}

const password = redact.Secret("pass-word-7")

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, kid: "one", asked: map[string]int{}}
	i.newKey()
	i.sign = i.es256
	server := httptest.NewTLSServer(i.handler())
	t.Cleanup(server.Close)
	i.url = server.URL + "/wcp/pinniped"
	h := server.Client()
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	i.client = &Client{Wire: &wire.Client{HTTP: h, Timeout: 5 * time.Second}, Now: time.Now, Session: Session{Client: PinnipedClient, IdentityProvider: "ldap"}}
	i.client.Provider = Provider{
		Issuer: i.url, Authorize: i.url + "/oauth2/authorize", Token: i.url + "/oauth2/token", JWKS: i.url + "/jwks.json",
		Scopes: []string{"openid", "offline_access", "pinniped:request-audience", "username", "groups"}, ResponseModes: []string{"query", "form_post"},
		Pinniped: pinniped{IdentityProviders: i.url + "/v1alpha1/pinniped_identity_providers"},
	}
	return i
}

func (i *issuer) newKey() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.key = key
}

func (i *issuer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wcp/pinniped/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		i.asked["jwks"]++
		write(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.kid, Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /wcp/pinniped/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		i.forms = append(i.forms, r.PostForm)
		if len(i.answers) == 0 {
			i.t.Errorf("the token endpoint is asked once more: %v", slices.Sorted(maps.Keys(r.PostForm)))
			w.WriteHeader(http.StatusTeapot)
			return
		}
		a := i.answers[0]
		i.answers = i.answers[1:]
		write(w, a.status, a.body)
	})
	mux.HandleFunc("GET /wcp/pinniped/oauth2/authorize", func(w http.ResponseWriter, r *http.Request) { i.location(w, r) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		i.t.Errorf("asked for %s", r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	})
	return mux
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (i *issuer) claims(audience, nonce string) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"iss": i.url, "aud": []string{audience}, "sub": "sub-1", "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(),
		"username": "alice@corp.example", "groups": []string{"dev", "ops"},
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return claims
}

func (i *issuer) token(audience, nonce string) string {
	claims := i.claims(audience, nonce)
	if i.bend != nil {
		i.bend(claims)
	}
	return i.sign(claims)
}

func (i *issuer) es256(claims map[string]any) string {
	return i.with(jose.ES256, i.key, claims)
}

func (i *issuer) with(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: i.kid}}, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	text, _ := json.Marshal(claims)
	jws, err := signer.Sign(text)
	if err != nil {
		i.t.Fatal(err)
	}
	s, _ := jws.CompactSerialize()
	return s
}

// unsigned is a token that says it needs no signature.
func unsigned(claims map[string]any) string {
	text, _ := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(text) + "."
}

// tokens is what the token endpoint answers.
func (i *issuer) tokens(n int, nonce string) answer {
	return answer{200, map[string]any{
		"access_token": fmt.Sprintf("pin_at_%d", n), "refresh_token": fmt.Sprintf("pin_rt_%d", n), "token_type": "bearer",
		"expires_in": 120, "id_token": i.token(PinnipedClient, nonce),
	}}
}

// nothing keeps nothing, for renewals that are not about that.
func nothing() error { return nil }

// answering makes the authorization endpoint take the password and hand out a code; the token endpoint then takes that code with the
// right verifier.
func (i *issuer) answering(params func(q url.Values) url.Values) {
	i.location = func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		i.asked["authorize"]++
		i.answers = append(i.answers, i.tokens(1, q.Get("nonce")))
		to := url.Values{"code": {"pin_ac_123456789"}, "state": {q.Get("state")}}
		if params != nil {
			to = params(q)
		}
		w.Header().Set("Location", q.Get("redirect_uri")+"?"+to.Encode())
		w.WriteHeader(http.StatusSeeOther)
	}
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
