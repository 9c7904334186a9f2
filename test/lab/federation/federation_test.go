package federation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	verifier = "0123456789012345678901234567890123456789012345678901234567890123"
	redirect = "http://127.0.0.1:58345/callback"
)

// domain is a FederationDomain with a clock that tests set.
type domain struct {
	t       *testing.T
	handler http.Handler
	service *Service
	now     time.Time
	gone    bool   // the upstream does not want the user any more
	asked   func() // called when the upstream is asked at a refresh; may be nil
}

func newDomain(t *testing.T) *domain {
	t.Helper()
	return newDomainOf(t, func(*domain) []Upstream { return nil })
}

// newDomainOf has more upstreams.
func newDomainOf(t *testing.T, more func(*domain) []Upstream) *domain {
	t.Helper()
	d := &domain{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	ldap := Upstream{
		Name: "lab-ldap", Type: "ldap", Flows: []string{"cli_password", "browser_authcode"},
		Check: func(name, password string) (User, bool) {
			return User{Username: name, Groups: []string{"devs"}}, password == "secret"
		},
		Again: func(string) bool {
			if asked := d.asked; asked != nil {
				d.asked = nil
				asked()
			}
			return !d.gone
		},
	}
	var err error
	d.service, err = New(Config{Issuer: "https://10.0.0.1/wcp/pinniped", Upstreams: append(more(d), ldap), Now: func() time.Time { return d.now }})
	if err != nil {
		t.Fatal(err)
	}
	d.handler = d.service.Handler()
	return d
}

func (d *domain) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result()
}

func (d *domain) get(path string, out any) {
	d.t.Helper()
	resp := d.do(httptest.NewRequest(http.MethodGet, "https://10.0.0.1/wcp/pinniped"+path, nil))
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil || resp.StatusCode != http.StatusOK {
		d.t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
	}
}

// authorization is a good authorization request.
func authorization() url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"access_type": {"offline"}, "client_id": {"pinniped-cli"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"}, "nonce": {"0123456789abcdef0123456789abcdef"}, "pinniped_idp_name": {"lab-ldap"}, "pinniped_idp_type": {"ldap"},
		"redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"offline_access openid pinniped:request-audience"},
		"state": {"fedcba9876543210fedcba9876543210"},
	}
}

// authorize sends an authorization request with a password and returns where the redirect leads.
func (d *domain) authorize(q url.Values, password string) (*http.Response, url.Values) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://10.0.0.1/wcp/pinniped/oauth2/authorize?"+q.Encode(), nil)
	if password != "" {
		r.Header.Set("Pinniped-Username", "ryan")
		r.Header.Set("Pinniped-Password", password)
	}
	resp := d.do(r)
	to, err := resp.Location()
	if err != nil {
		return resp, nil
	}
	return resp, to.Query()
}

// token sends a form to the token endpoint.
func (d *domain) token(form url.Values) (int, map[string]any) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://10.0.0.1/wcp/pinniped/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp := d.do(r)
	var reply map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, reply
}

func redemption(code string) url.Values {
	return url.Values{"grant_type": {grantCode}, "client_id": {ClientID}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {redirect}}
}

func refreshing(token string) url.Values {
	return url.Values{"grant_type": {grantRefresh}, "client_id": {ClientID}, "refresh_token": {token}}
}

func exchanging(token, audience string) url.Values {
	return url.Values{"grant_type": {grantExchange}, "client_id": {ClientID}, "audience": {audience}, "subject_token": {token},
		"subject_token_type": {typeAccess}, "requested_token_type": {typeJWT}}
}

// login is a whole login with a password.
func (d *domain) login() map[string]any {
	d.t.Helper()
	_, q := d.authorize(authorization(), "secret")
	status, reply := d.token(redemption(q.Get("code")))
	if status != http.StatusOK {
		d.t.Fatalf("%d %v", status, reply)
	}
	return reply
}

// claims verifies a token by the published key.
func (d *domain) claims(token string) map[string]any {
	d.t.Helper()
	var set struct {
		Keys []struct{ Kid, X, Y, Crv, Alg string }
	}
	d.get("/jwks.json", &set)
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(set.Keys) != 1 || set.Keys[0].Crv != "P-256" || set.Keys[0].Alg != "ES256" {
		d.t.Fatalf("%q %v", token, set)
	}
	decode := func(s string) []byte {
		text, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			d.t.Fatal(err)
		}
		return text
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, decode(set.Keys[0].X)...), decode(set.Keys[0].Y)...))
	if err != nil {
		d.t.Fatal(err)
	}
	sum, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), decode(parts[2])
	if !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		d.t.Fatal("wrong signature")
	}
	var claims map[string]any
	if err := json.Unmarshal(decode(parts[1]), &claims); err != nil {
		d.t.Fatal(err)
	}
	return claims
}

// Section 2.2.
func TestDiscovery(t *testing.T) {
	d := newDomain(t)
	var document map[string]any
	d.get("/.well-known/openid-configuration", &document)
	for _, absent := range []string{"grant_types_supported", "device_authorization_endpoint", "revocation_endpoint", "end_session_endpoint", "userinfo_endpoint"} {
		if _, ok := document[absent]; ok {
			t.Errorf("%s is there", absent)
		}
	}
	if document["issuer"] != "https://10.0.0.1/wcp/pinniped" || document["token_endpoint"] != "https://10.0.0.1/wcp/pinniped/oauth2/token" || len(document) != 13 {
		t.Errorf("%v", document)
	}
	if resp := d.do(httptest.NewRequest(http.MethodGet, "https://10.0.0.2/wcp/pinniped/jwks.json", nil)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("under another name: %d", resp.StatusCode)
	}
	var idps map[string]any
	d.get("/v1alpha1/pinniped_identity_providers", &idps)
	text, _ := json.Marshal(idps)
	if want := `{"pinniped_identity_providers":[{"flows":["cli_password","browser_authcode"],"name":"lab-ldap","type":"ldap"}],` +
		`"pinniped_supported_identity_provider_types":[{"type":"activedirectory"},{"type":"github"},{"type":"ldap"},{"type":"oidc"}]}`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// Sections 2.4 and 2.5: a login, and what its tokens say.
func TestPasswordLogin(t *testing.T) {
	d := newDomain(t)
	resp, q := d.authorize(authorization(), "secret")
	if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), redirect+"?") || q.Get("state") != "fedcba9876543210fedcba9876543210" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	reply := d.login()
	claims := d.claims(reply["id_token"].(string))
	if claims["username"] != "ryan" || claims["nonce"] != "0123456789abcdef0123456789abcdef" || claims["exp"] != float64(d.now.Add(2*time.Minute).Unix()) {
		t.Errorf("%v", claims)
	}
	if reply["token_type"] != "bearer" || !strings.HasPrefix(reply["access_token"].(string), "pin_at_") || !strings.HasPrefix(reply["refresh_token"].(string), "pin_rt_") ||
		reply["scope"] != "offline_access openid pinniped:request-audience username groups" {
		t.Errorf("%v", reply)
	}
	_, q = d.authorize(authorization(), "wrong")
	if q.Get("error") != "access_denied" || !strings.HasSuffix(q.Get("error_description"), " Username/password not accepted by LDAP provider.") || q.Has("code") {
		t.Errorf("a wrong password: %v", q)
	}
}

// The browser's way: the login page, then the redirect or the page that posts.
func TestBrowserLogin(t *testing.T) {
	d := newDomain(t)
	for _, mode := range []string{"", "query", "form_post"} {
		q := authorization()
		if mode != "" {
			q.Set("response_mode", mode)
		}
		resp, state := d.authorize(q, "")
		if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "https://10.0.0.1/wcp/pinniped/login?") {
			t.Fatalf("%d %v", resp.StatusCode, resp.Header)
		}
		send := func(password string) *http.Response {
			form := url.Values{"state": {state.Get("state")}, "username": {"ryan"}, "password": {password}}
			r := httptest.NewRequest(http.MethodPost, "https://10.0.0.1/wcp/pinniped/login", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return d.do(r)
		}
		if text, _ := io.ReadAll(send("wrong").Body); !strings.Contains(string(text), "Incorrect username or password.") {
			t.Errorf("a wrong password: %s", text)
		}
		resp = send("secret")
		text, _ := io.ReadAll(resp.Body)
		if to := resp.Header.Get("Location"); mode != "form_post" && !strings.HasPrefix(to, redirect+"?code=pin_ac_") {
			t.Errorf("%q: it leads to %s", mode, to)
		}
		if mode == "form_post" && (resp.StatusCode != http.StatusOK || !strings.Contains(string(text), `action="`+redirect+`"`)) {
			t.Errorf("form_post: %d %s", resp.StatusCode, text)
		}
	}
}

// Section 2.3: what is answered without a redirect, and what with one.
func TestAuthorizeIsStrict(t *testing.T) {
	d := newDomain(t)
	for _, c := range []struct{ name, value, want string }{ // want is an error of the redirect; empty: 400 and no redirect
		{"redirect_uri", "http://localhost:1234/callback", ""},
		{"redirect_uri", "http://[::1]:1234/callback", ""},
		{"redirect_uri", "http://127.0.0.1:1234/other", ""},
		{"redirect_uri", "https://127.0.0.1:1234/callback", ""},
		{"client_id", "other", ""},
		{"pinniped_idp_name", "nobody", ""},
		{"prompt", "login", ""},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"nonce", "", "invalid_request"},
		{"scope", "openid email2", "invalid_scope"},
		{"state", "short", "invalid_state"},
		{"response_type", "token", "unsupported_response_type"},
		{"response_mode", "fragment", "unsupported_response_mode"},
		{"pinniped_idp_type", "oidc", "-"}, // only the name counts
	} {
		q := authorization()
		q.Set(c.name, c.value)
		resp, to := d.authorize(q, "secret")
		switch {
		case c.want == "" && resp.StatusCode != http.StatusBadRequest, c.want == "-" && !to.Has("code"), len(c.want) > 1 && to.Get("error") != c.want:
			t.Errorf("%s=%s: %d %v", c.name, c.value, resp.StatusCode, to)
		}
	}
	q := authorization()
	q.Add("state", "twice-twice-twice")
	if resp, _ := d.authorize(q, "secret"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a parameter twice: %d", resp.StatusCode)
	}
	q = authorization()
	q.Del("pinniped_idp_name")
	if resp, _ := d.authorize(q, "secret"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a password without a provider: %d", resp.StatusCode)
	}
}

// A code is for one use by the client that asked for it. A second use revokes what the first one got; a wrong verifier spoils it.
func TestCode(t *testing.T) {
	d := newDomain(t)
	code := func() string {
		_, q := d.authorize(authorization(), "secret")
		return q.Get("code")
	}
	one := code()
	_, first := d.token(redemption(one))
	if status, reply := d.token(redemption(one)); status != http.StatusBadRequest || reply["error"] != "invalid_grant" {
		t.Errorf("twice: %d %v", status, reply)
	}
	if status, _ := d.token(refreshing(first["refresh_token"].(string))); status != http.StatusBadRequest {
		t.Errorf("the tokens of a code that was used twice: %d", status)
	}
	for name, value := range map[string]string{"code_verifier": strings.Repeat("1", 64), "redirect_uri": "http://127.0.0.1:1/callback"} {
		one := code()
		form := redemption(one)
		form.Set(name, value)
		if status, reply := d.token(form); status != http.StatusBadRequest || reply["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", name, status, reply)
		}
		if status, _ := d.token(redemption(one)); status != http.StatusBadRequest {
			t.Errorf("after a wrong %s: %d", name, status)
		}
	}
	late := code()
	d.now = d.now.Add(11 * time.Minute)
	if status, _ := d.token(redemption(late)); status != http.StatusBadRequest {
		t.Errorf("after 11 minutes: %d", status)
	}
}

// Section 2.6: each refresh ends the tokens before it; the session ends 9 hours after the last one. An upstream that says no ends nothing.
func TestRefresh(t *testing.T) {
	d := newDomain(t)
	old := d.login()
	status, fresh := d.token(refreshing(old["refresh_token"].(string)))
	if status != http.StatusOK || fresh["refresh_token"] == old["refresh_token"] {
		t.Fatalf("%d %v", status, fresh)
	}
	if _, ok := d.claims(fresh["id_token"].(string))["nonce"]; ok {
		t.Error("a refreshed ID token carries a nonce")
	}
	if status, reply := d.token(refreshing(old["refresh_token"].(string))); status != http.StatusBadRequest || reply["error"] != "invalid_grant" {
		t.Errorf("the old refresh token: %d %v", status, reply)
	}
	if status, reply := d.token(exchanging(old["access_token"].(string), "c")); status != http.StatusUnauthorized || reply["error"] != "request_unauthorized" {
		t.Errorf("the old access token: %d %v", status, reply)
	}
	if status, _ := d.token(refreshing(fresh["refresh_token"].(string))); status != http.StatusOK {
		t.Errorf("the new one: %d", status)
	}
	_, last := d.token(refreshing(d.login()["refresh_token"].(string)))
	d.gone = true
	if status, reply := d.token(refreshing(last["refresh_token"].(string))); status != http.StatusUnauthorized || reply["error"] != "error" ||
		reply["error_description"] != "Error during upstream refresh. Upstream refresh failed." {
		t.Errorf("the upstream refuses: %d %v", status, reply)
	}
	d.gone = false
	if status, _ := d.token(refreshing(last["refresh_token"].(string))); status != http.StatusOK {
		t.Errorf("after the upstream refused: %d", status)
	}
	late := d.login()
	for range 5 { // It rolls.
		d.now = d.now.Add(9*time.Hour - time.Second)
		status, reply := d.token(refreshing(late["refresh_token"].(string)))
		if status != http.StatusOK {
			t.Fatalf("before 9 hours without a refresh: %d", status)
		}
		late = reply
	}
	d.now = d.now.Add(9*time.Hour + time.Second)
	if status, _ := d.token(refreshing(late["refresh_token"].(string))); status != http.StatusBadRequest {
		t.Errorf("after 9 hours without a refresh: %d", status)
	}
}

// Another refresh that is done while the upstream is still asked wins.
func TestRefreshOvertaken(t *testing.T) {
	d := newDomain(t)
	form := refreshing(d.login()["refresh_token"].(string))
	var winner map[string]any
	d.asked = func() { _, winner = d.token(form) }
	if status, reply := d.token(form); status != http.StatusBadRequest || reply["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, reply)
	}
	if status, reply := d.token(refreshing(winner["refresh_token"].(string))); status != http.StatusOK {
		t.Errorf("the winner: %d %v", status, reply)
	}
}

// Section 2.7.
func TestExchange(t *testing.T) {
	d := newDomain(t)
	reply := d.login()
	access := reply["access_token"].(string)
	for _, audience := range []string{"tkc1-5f1b", "https://10.0.0.1/wcp/pinniped"} { // One access token serves several.
		status, got := d.token(exchanging(access, audience))
		if status != http.StatusOK || got["issued_token_type"] != typeJWT || got["token_type"] != "N_A" || len(got) != 3 {
			t.Fatalf("%d %v", status, got)
		}
		claims := d.claims(got["access_token"].(string))
		if aud := claims["aud"].([]any); len(aud) != 1 || aud[0] != audience || claims["username"] != "ryan" {
			t.Errorf("%v", claims)
		}
	}
	for _, c := range []struct {
		name, value string
		want        int
	}{
		{"audience", "", 400}, {"audience", ClientID, 400}, {"audience", "x.pinniped.dev", 400}, {"resource", "x", 400}, {"scope", "openid", 400},
		{"actor_token", "x", 400}, {"subject_token", reply["id_token"].(string), 401}, {"subject_token_type", typeJWT, 400}, {"client_id", "other", 401},
	} {
		form := exchanging(access, "tkc1-5f1b")
		form.Set(c.name, c.value)
		if status, got := d.token(form); status != c.want {
			t.Errorf("%s=%.20s: %d %v, want %d", c.name, c.value, status, got, c.want)
		}
	}
	q := authorization()
	q.Set("scope", "openid offline_access")
	_, to := d.authorize(q, "secret")
	_, narrow := d.token(redemption(to.Get("code")))
	if status, got := d.token(exchanging(narrow["access_token"].(string), "c")); status != http.StatusForbidden || got["error"] != "access_denied" {
		t.Errorf("without the scope: %d %v", status, got)
	}
	d.now = d.now.Add(3 * time.Minute)
	if status, _ := d.token(exchanging(access, "c")); status != http.StatusUnauthorized {
		t.Errorf("after 3 minutes: %d", status)
	}
}
