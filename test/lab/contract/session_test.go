package contract

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

const (
	loginReply = `HTTP/1.1 200 OK
Content-Type: application/json

{"access_token":"pin_at_SECRET","expires_in":120,"id_token":"TOKEN","refresh_token":"pin_rt_SECRET",` +
		`"scope":"groups offline_access openid pinniped:request-audience username","token_type":"bearer"}
`
	malformed = `HTTP/1.1 400 Bad Request
Content-Type: application/json

{"error":"invalid_grant","error_description":"The provided authorization grant or refresh token is invalid, expired, revoked, ` +
		`does not match the redirection URI, or was issued to another client. The token is malformed or not valid."}
`
	denied = callback + "?error=access_denied&error_description=The+resource+owner+or+authorization+server+denied+the+request.+"
)

func testBrowserLDAP(t *testing.T, l *lab) {
	got := l.ask(t, l.supers, authorization()+"\n")
	if !strings.HasPrefix(got.text, "HTTP/1.1 303 See Other\n") || !strings.HasPrefix(got.to, pinniped+"/login?state=") {
		t.Errorf("it leads to %s\n%s", got.to, got.text)
	}
}

func testBrowserOIDC(t *testing.T, l *lab) {
	got := l.ask(t, l.supers, authorization("pinniped_idp_name=a-dex")+"\n")
	q := got.query
	if !strings.HasPrefix(got.text, "HTTP/1.1 303 See Other\n") || !strings.Contains(got.to, "/dex/auth?") || q.Get("redirect_uri") != pinniped+"/callback" ||
		q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == challenge || q.Get("state") == "" || q.Get("nonce") == "" {
		t.Errorf("it leads to %s\n%s", got.to, got.text)
	}
}

func testCodeReply(t *testing.T, l *lab) {
	l.want(t, l.supers, redemption(l.code(t)), loginReply)
}

func testIDToken(t *testing.T, l *lab) {
	header, claims := parts(t, l.federated(t).ID)
	if header["alg"] != "ES256" {
		t.Errorf("%v", header)
	}
	if aud := claims["aud"].([]any); len(aud) != 1 || aud[0] != "pinniped-cli" {
		t.Errorf("%v", claims)
	}
	for name, want := range map[string]any{
		"iss": pinniped, "azp": "pinniped-cli", "username": dev, "nonce": "0123456789abcdef0123456789abcdef",
		"sub": pinniped + "?idpName=z-ldap&sub=dev%40vsphere.local",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims["exp"].(float64)-claims["iat"].(float64) != 120 {
		t.Errorf("%v", claims)
	}
}

// parts decodes a token whose audience is a list.
func parts(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	all := strings.Split(token, ".")
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(all[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			t.Fatalf("%q", token)
		}
	}
	return header, claims
}

func testBasicClient(t *testing.T, l *lab) {
	request := strings.Replace(redemption(l.code(t)), "\nContent-Type", "\nAuthorization: Basic cGlubmlwZWQtY2xpOg==\nContent-Type", 1)
	l.want(t, l.supers, request, loginReply)
	l.want(t, l.supers, strings.Replace(redemption("x"), "=pinniped-cli", "=pinniped-abc", 1), `HTTP/1.1 401 Unauthorized
Content-Type: application/json

{"error":"invalid_client","error_description":"Client authentication failed."}
`)
}

func testPostedForm(t *testing.T, l *lab) {
	form := authorization("response_mode=form_post") + "\n"
	got := l.ask(t, l.supers, form) // The login page comes first; what it leads to is a page that posts.
	login := "state=" + got.query.Get("state") + "&username=dev%40vsphere.local&password=VMware1%21"
	page := l.ask(t, l.supers, strings.Replace(tokenRequest(login), "/oauth2/token", "/login", 1))
	if !strings.HasPrefix(page.text, "HTTP/1.1 200 OK\nContent-Type: text/html;charset=UTF-8\n") || !strings.Contains(page.body, `action="`+callback+`"`) || !secret.MatchString(page.body) {
		t.Errorf("%s", page.text)
	}
}

func testHeaders(t *testing.T, l *lab) {
	for _, provider := range []string{"z-ldap", "a-dex"} {
		l.wantRedirect(t, withPassword(authorization("pinniped_idp_name="+provider), dev, "VMware1!"),
			callback+"?code=pin_ac_SECRET&scope=groups+offline_access+openid+pinniped%3Arequest-audience+username"+state)
	}
}

func testHeadersRefused(t *testing.T, l *lab) {
	l.wantRedirect(t, withPassword(authorization(), dev, "wrong"), denied+"Username%2Fpassword+not+accepted+by+LDAP+provider."+state)
	l.wantRedirect(t, withPassword(authorization("pinniped_idp_name=a-dex"), dev, "wrong"), denied+state)
	l.wantRedirect(t, withPassword(authorization(), "", "VMware1!"), denied+"Missing+or+blank+username+or+password."+state)
	l.code(t) // A right password forgets the wrong one.
}

func testUnaskedScopes(t *testing.T, l *lab) {
	l.wantRedirect(t, withPassword(authorization("scope=offline_access openid pinniped:request-audience"), dev, "VMware1!"),
		callback+"?code=pin_ac_SECRET&scope=offline_access+openid+pinniped%3Arequest-audience+username+groups"+state)
}

func testCodeOnce(t *testing.T, l *lab) {
	code := l.code(t)
	first := decodeTokens(t, l.ask(t, l.supers, redemption(code)))
	l.want(t, l.supers, redemption(code), malformed)
	l.want(t, l.supers, refreshing(first.Refresh), malformed) // The second use revoked it.
	code = l.code(t)
	l.want(t, l.supers, strings.Replace(redemption(code), verifier, strings.Repeat("1", 64), 1), malformed)
	l.want(t, l.supers, redemption(code), malformed) // A wrong verifier burns it.
}

func testRefreshRotates(t *testing.T, l *lab) {
	for _, provider := range []string{"z-ldap", "a-dex"} {
		old := l.federated(t, "pinniped_idp_name="+provider)
		fresh := decodeTokens(t, l.want(t, l.supers, refreshing(old.Refresh), loginReply))
		if _, claims := parts(t, fresh.ID); claims["nonce"] != nil {
			t.Error("a refreshed ID token has a nonce")
		}
		l.want(t, l.supers, refreshing(old.Refresh), malformed)
		l.want(t, l.supers, refreshing(fresh.Refresh), loginReply) // The second use did not kill the family.
	}
}

func testRefreshEndsAccess(t *testing.T, l *lab) {
	old := l.federated(t)
	l.want(t, l.supers, refreshing(old.Refresh), loginReply)
	l.want(t, l.supers, exchanging(old.Access, "c"), invalidSubject)
}

func testRefreshRefused(t *testing.T, l *lab) {
	old := l.federated(t, "pinniped_idp_name=a-dex")
	l.federated(t, "pinniped_idp_name=a-dex") // Dex keeps one session.
	l.want(t, l.supers, refreshing(old.Refresh), `HTTP/1.1 401 Unauthorized
Content-Type: application/json

{"error":"error","error_description":"Error during upstream refresh. Upstream refresh failed."}
`)
}

const invalidSubject = `HTTP/1.1 401 Unauthorized
Content-Type: application/json

{"error":"request_unauthorized","error_description":"Invalid 'subject_token' parameter value."}
`

func testAudience(t *testing.T, l *lab) {
	login := l.federated(t)
	for _, audience := range []string{"tkc1-" + guestUID, pinniped} { // One access token serves several; the issuer is one.
		got := l.want(t, l.supers, exchanging(login.Access, audience), `HTTP/1.1 200 OK
Content-Type: application/json

{"access_token":"TOKEN","issued_token_type":"urn:ietf:params:oauth:token-type:jwt","token_type":"N_A"}
`)
		_, claims := parts(t, got.token)
		if aud := claims["aud"].([]any); len(aud) != 1 || aud[0] != audience || claims["username"] != dev || claims["iss"] != pinniped ||
			claims["exp"].(float64)-claims["iat"].(float64) != 120 {
			t.Errorf("%v", claims)
		}
	}
}

func testAudienceRefused(t *testing.T, l *lab) {
	login := l.federated(t)
	for _, audience := range []string{"", "pinniped-cli", "x.pinniped.dev"} {
		wantStatus(t, l, exchanging(login.Access, audience), "400 Bad Request", "invalid_request")
	}
	l.want(t, l.supers, exchanging(login.ID, "c"), invalidSubject)
	for _, more := range []string{"resource=x", "scope=openid", "actor_token=x"} {
		_, form, _ := strings.Cut(exchanging(login.Access, "c"), "\n\n")
		wantStatus(t, l, tokenRequest(form+"&"+more), "400 Bad Request", "invalid_request")
	}
	narrow := l.federated(t, "scope=openid offline_access")
	wantStatus(t, l, exchanging(narrow.Access, "c"), "403 Forbidden", "access_denied")
}

func wantStatus(t *testing.T, l *lab, request, status, code string) {
	t.Helper()
	got := l.ask(t, l.supers, request)
	if !strings.HasPrefix(got.text, "HTTP/1.1 "+status+"\nContent-Type: application/json\n\n"+`{"error":"`+code+`"`) {
		t.Errorf("%s\nis answered with\n%s", request, got.text)
	}
}
