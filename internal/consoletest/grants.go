package consoletest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
)

// Refuse answers as a token endpoint that refuses (RFC 6749, section 5.2).
func Refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code) }
}

func refuse(w http.ResponseWriter, status int, code string) {
	objecttest.WriteJSON(w, status, map[string]string{"error": code, "error_description": "The issuer says " + code + "."})
}

func (i *Issuer) byPassword(w http.ResponseWriter, r *http.Request) {
	user := r.PostFormValue("username")
	if right, ok := i.Users[user]; i.Providers != nil || !ok || right != r.PostFormValue("password") {
		refuse(w, http.StatusUnauthorized, "invalid_grant")
		return
	}
	i.issue(w, user, "")
}

// byCode redeems a code, once.
func (i *Issuer) byCode(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	c, ok := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	i.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge || c.redirect != r.PostFormValue("redirect_uri") {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	i.issue(w, c.user, c.nonce)
}

// byRefresh rotates the refresh token. The old tokens become void.
func (i *Issuer) byRefresh(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	token := r.PostFormValue("refresh_token")
	user, ok := i.refresh[token]
	delete(i.refresh, token)
	for access, of := range i.access {
		if ok && of == user {
			delete(i.access, access)
		}
	}
	i.mu.Unlock()
	if !ok {
		refuse(w, http.StatusUnauthorized, "invalid_grant")
		return
	}
	i.issue(w, user, "")
}

// byClient is the client that logs in as itself.
func (i *Issuer) byClient(w http.ResponseWriter, r *http.Request) {
	if user, secret, ok := r.BasicAuth(); !ok || user != i.Client || secret != i.Secret || i.Secret == "" {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	objecttest.WriteJSON(w, http.StatusOK, map[string]any{"access_token": i.Token(i.Client, "api"), "token_type": "bearer", "expires_in": TokenLife.Seconds()})
}

// issue hands out a new set of tokens.
func (i *Issuer) issue(w http.ResponseWriter, user, nonce string) {
	claims := i.claims(user, i.Client)
	if nonce != "" {
		claims["nonce"] = nonce
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	access, refresh := "at_"+rand.Text(), "rt_"+rand.Text()
	life := time.Until(i.w.Now().Add(TokenLife)) // x/oauth2 counts from the real time.
	reply := map[string]any{"access_token": access, "token_type": "bearer", "expires_in": int(life.Seconds()), "id_token": i.sign(claims)}
	i.access[access] = user
	if !i.NoRefresh {
		i.refresh[refresh], reply["refresh_token"] = user, refresh
	}
	objecttest.WriteJSON(w, http.StatusOK, reply)
}

// exchange gives a token for an audience (RFC 8693).
func (i *Issuer) exchange(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	user, ok := i.access[r.PostFormValue("subject_token")]
	i.mu.Unlock()
	if !ok {
		refuse(w, http.StatusUnauthorized, "request_unauthorized")
		return
	}
	objecttest.WriteJSON(w, http.StatusOK, map[string]any{"access_token": i.Token(user, r.PostFormValue("audience")), "issued_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_type": "N_A"})
}

func (i *Issuer) revoke(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, ok := i.refresh[r.PostFormValue("token")]; !ok {
		i.w.t.Errorf("a token that nobody has is revoked (%s)", r.PostFormValue("token_type_hint"))
	}
	delete(i.refresh, r.PostFormValue("token"))
}

// Token is a token of a user for an audience.
func (i *Issuer) Token(user, audience string) string { return i.sign(i.claims(user, audience)) }

func (i *Issuer) claims(user, audience string) map[string]any {
	now := i.w.Now()
	return map[string]any{
		"iss": i.URL, "aud": []string{audience}, "sub": "sub-" + user, "username": cmp.Or(i.Names[user], user), "iat": now.Unix(), "exp": now.Add(TokenLife).Unix(),
		"jti": rand.Text(),
	}
}

func (i *Issuer) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "one"}}, nil)
	if err != nil {
		i.w.t.Error(err)
		return ""
	}
	text, _ := json.Marshal(claims)
	jws, err := signer.Sign(text)
	if err != nil {
		i.w.t.Error(err)
		return ""
	}
	s, _ := jws.CompactSerialize()
	return s
}

// user is whose good token of the issuer for an audience it is; empty: nobody's.
func (i *Issuer) user(token, audience string) string {
	jws, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return ""
	}
	text, err := jws.Verify(i.key.Public())
	var claims struct {
		Audience []string `json:"aud"`
		Username string   `json:"username"`
		Expiry   int64    `json:"exp"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil || !slices.Contains(claims.Audience, audience) || i.w.Now().Unix() >= claims.Expiry {
		return ""
	}
	return claims.Username
}
