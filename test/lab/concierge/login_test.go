package concierge

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
)

const (
	issuer   = "https://10.0.0.1/wcp/pinniped"
	verifier = "0123456789012345678901234567890123456789012345678901234567890123"
	redirect = "http://127.0.0.1:58345/callback"
)

// login proves a password and returns an access token and an ID token (sections 2.4 and 2.5).
func login(t *testing.T, s *federation.Service) (access, id string) {
	t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	r := httptest.NewRequest(http.MethodGet, issuer+"/oauth2/authorize?"+url.Values{
		"client_id": {"pinniped-cli"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"nonce": {"0123456789abcdef"}, "pinniped_idp_name": {"lab-ldap"}, "redirect_uri": {redirect}, "response_type": {"code"},
		"scope": {"openid pinniped:request-audience"}, "state": {"fedcba9876543210"},
	}.Encode(), nil)
	r.Header.Set("Pinniped-Username", "ryan")
	r.Header.Set("Pinniped-Password", "secret")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	to, err := w.Result().Location()
	if err != nil {
		t.Fatal(err)
	}
	reply := token(t, s, url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "code_verifier": {verifier}, "redirect_uri": {redirect}})
	return reply["access_token"].(string), reply["id_token"].(string)
}

// exchange gives a token for an audience (section 2.7).
func exchange(t *testing.T, s *federation.Service, audience string) string {
	t.Helper()
	access, _ := login(t, s)
	return token(t, s, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": {audience},
		"subject_token": {access}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
	})["access_token"].(string)
}

func token(t *testing.T, s *federation.Service, form url.Values) map[string]any {
	t.Helper()
	form.Set("client_id", "pinniped-cli")
	r := httptest.NewRequest(http.MethodPost, issuer+"/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	var reply map[string]any
	if err := json.NewDecoder(w.Body).Decode(&reply); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v %v", w.Code, err, reply)
	}
	return reply
}
