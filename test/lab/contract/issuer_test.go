package contract

import (
	"regexp"
	"strings"
	"testing"
)

func testFederationHost(t *testing.T, l *lab) {
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks.json", "/v1alpha1/pinniped_identity_providers"} {
		l.want(t, l.supers, "GET /wcp/pinniped"+path+" HTTP/1.1\nHost: 10.0.0.2\n\n",
			"HTTP/1.1 404 Not Found\nContent-Type: text/plain; charset=utf-8\n\n404 page not found\n")
	}
}

func testFederationDiscovery(t *testing.T, l *lab) {
	l.want(t, l.supers, "GET /wcp/pinniped/.well-known/openid-configuration HTTP/1.1\nHost: 10.0.0.1\n\n", `HTTP/1.1 200 OK
Content-Type: application/json

{"authorization_endpoint":"https://10.0.0.1/wcp/pinniped/oauth2/authorize",`+
		`"claims_supported":["username","groups","additionalClaims"],"code_challenge_methods_supported":["S256"],`+
		`"discovery.supervisor.pinniped.dev/v1alpha1":{"pinniped_identity_providers_endpoint":"https://10.0.0.1/wcp/pinniped/v1alpha1/pinniped_identity_providers"},`+
		`"id_token_signing_alg_values_supported":["ES256"],"issuer":"https://10.0.0.1/wcp/pinniped","jwks_uri":"https://10.0.0.1/wcp/pinniped/jwks.json",`+
		`"response_modes_supported":["query","form_post"],"response_types_supported":["code"],`+
		`"scopes_supported":["openid","offline_access","pinniped:request-audience","username","groups"],"subject_types_supported":["public"],`+
		`"token_endpoint":"https://10.0.0.1/wcp/pinniped/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic"]}
`)
}

func testFederationMethod(t *testing.T, l *lab) {
	got := l.ask(t, l.supers, "POST /wcp/pinniped/.well-known/openid-configuration HTTP/1.1\nHost: 10.0.0.1\nContent-Length: 0\n\n")
	if !strings.HasPrefix(got.text, "HTTP/1.1 405 Method Not Allowed\n") {
		t.Errorf("%s", got.text)
	}
}

func testIdentityProviders(t *testing.T, l *lab) {
	l.want(t, l.supers, "GET /wcp/pinniped/v1alpha1/pinniped_identity_providers HTTP/1.1\nHost: 10.0.0.1\n\n", `HTTP/1.1 200 OK
Content-Type: application/json

{"pinniped_identity_providers":[{"name":"a-dex","type":"oidc","flows":["browser_authcode","cli_password"]},`+
		`{"name":"z-ldap","type":"ldap","flows":["cli_password","browser_authcode"]}],`+
		`"pinniped_supported_identity_provider_types":[{"type":"activedirectory"},{"type":"github"},{"type":"ldap"},{"type":"oidc"}]}
`)
}

func testFederationKeys(t *testing.T, l *lab) {
	got := l.ask(t, l.supers, "GET /wcp/pinniped/jwks.json HTTP/1.1\nHost: 10.0.0.1\n\n")
	shape := regexp.MustCompile(`^\{"keys":\[\{"alg":"ES256","crv":"P-256","kid":"\w+","kty":"EC","use":"sig","x":"[\w-]{43}","y":"[\w-]{43}"\}\]\}\n$`)
	if !shape.MatchString(got.body) {
		t.Errorf("%s", got.text)
	}
}

func testAnyPort(t *testing.T, l *lab) {
	for _, to := range []string{"http://127.0.0.1:0/callback", "http://127.0.0.1:1234/callback", "http://127.0.0.1/callback"} {
		l.wantRedirect(t, withPassword(authorization("redirect_uri="+to), dev, "VMware1!"),
			to+"?code=pin_ac_SECRET&scope=groups+offline_access+openid+pinniped%3Arequest-audience+username"+state)
	}
}

func testOtherRedirects(t *testing.T, l *lab) {
	for _, to := range []string{
		"http://localhost:1234/callback", "http://[::1]:1234/callback", "http://127.0.0.1:1234/", "https://127.0.0.1:1234/callback", "http://10.0.0.1/callback",
	} {
		l.wantBad(t, withPassword(authorization("redirect_uri="+to), dev, "VMware1!"), "the redirect_uri is not one that was registered")
	}
}

func testUnknownProvider(t *testing.T, l *lab) {
	l.wantBad(t, authorization("pinniped_idp_name=other")+"\n", "the identity provider is unknown")
	l.wantRedirect(t, withPassword(authorization("pinniped_idp_type=oidc"), dev, "VMware1!"), // Only the name counts.
		callback+"?code=pin_ac_SECRET&scope=groups+offline_access+openid+pinniped%3Arequest-audience+username"+state)
}

func testHeadersNeedProvider(t *testing.T, l *lab) {
	l.wantBad(t, withPassword(authorization("pinniped_idp_name", "pinniped_idp_type"), dev, "VMware1!"), "the identity provider is unknown")
}

func testProtocolErrors(t *testing.T, l *lab) {
	for change, want := range map[string]string{
		"code_challenge":              "invalid_request&error_description=Clients+must+include+a+code_challenge+with+the+method+S256.",
		"code_challenge_method=plain": "invalid_request&error_description=Clients+must+include+a+code_challenge+with+the+method+S256.",
		"scope=openid other":          "invalid_scope&error_description=The+requested+scope+is+invalid%2C+unknown%2C+or+malformed.",
	} {
		l.wantRedirect(t, authorization(change)+"\n", callback+"?error="+want+state)
	}
	l.wantRedirect(t, authorization("state=1234567")+"\n",
		callback+"?error=invalid_state&error_description=The+state+is+missing+or+does+not+have+enough+characters.&state=1234567")
}

func testChoose(t *testing.T, l *lab) {
	asked := strings.NewReplacer("&pinniped_idp_name=z-ldap", "", "&pinniped_idp_type=ldap", "").Replace(authorize)
	got := l.wantRedirect(t, authorization("pinniped_idp_name", "pinniped_idp_type")+"\n", pinniped+"/choose_identity_provider?"+asked)
	page := l.ask(t, l.supers, "GET "+strings.TrimPrefix(got.to, "https://10.0.0.1")+" HTTP/1.1\nHost: 10.0.0.1\n\n")
	for _, name := range []string{"a-dex", "z-ldap"} {
		if !strings.Contains(page.body, "&amp;pinniped_idp_name="+name+"&amp;") {
			t.Errorf("%s is not in\n%s", name, page.text)
		}
	}
}
