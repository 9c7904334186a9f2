package logincmd_test

import (
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// elsewhere is where an issuer redirects everything to. It would answer as the issuer does.
const elsewhere = "https://evil.example/wcp/pinniped/x"

// No request to an issuer follows a redirect, whatever library makes it: discovery, keys, providers, the password's, and those of
// x/oauth2, whose redirects would repeat code, verifier, tokens and secrets.
func TestNoRedirectOfAnIssuerIsFollowed(t *testing.T) {
	supervisor := func(w *consoletest.World, s *consoletest.Supervisor) { w.Run(byPassword(w)...) }
	for request, run := range map[string]func(*consoletest.World, *consoletest.Supervisor){
		"GET /.well-known/openid-configuration": supervisor, "GET /jwks": supervisor, "GET /providers": supervisor, "authorize": supervisor,
		"token authorization_code": supervisor, "token token-exchange": supervisor,
		"token refresh_token": func(w *consoletest.World, s *consoletest.Supervisor) {
			w.Run(byPassword(w)...).Exits(0)
			w.Advance(time.Hour)
			w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User, "--force-refresh")
		},
		"revoke": func(w *consoletest.World, s *consoletest.Supervisor) {
			w.Run(byPassword(w)...).Exits(0)
			w.Run("logout")
		},
	} {
		t.Run(request, func(t *testing.T) {
			w, s := site(t)
			i := s.Federate("", consoletest.LDAP())
			i.Revokes = true
			i.Replies[request] = consoletest.Redirect(elsewhere)
			stranger := w.Stranger("evil.example:443")
			given(w)
			run(w, s)
			if got := stranger.Got(); len(got) > 0 || i.Count(request) == 0 {
				t.Errorf("asked %d times; sent elsewhere: %q", i.Count(request), got)
			}
		})
	}
}

// The same for an issuer without a Supervisor, with its grants.
func TestNoRedirectOfAPlainIssuerIsFollowed(t *testing.T) {
	for request, more := range map[string][]string{
		"token password":           {"--oidc-flow", "password", "-u", consoletest.User},
		"token client_credentials": {"--oidc-client-secret-variable", "SECRET"},
		"POST /device":             {"--oidc-flow", "device"},
		"token device_code":        {"--oidc-flow", "device"},
	} {
		t.Run(request, func(t *testing.T) {
			w, i := alone(t)
			i.Document = map[string]any{"device_authorization_endpoint": i.URL + "/device"}
			i.Replies["POST /device"] = consoletest.Reply(`{"device_code":"d-e-v","user_code":"ABCD","verification_uri":"https://sso.example/","interval":1,"expires_in":3}`)
			i.Replies[request] = consoletest.Redirect(elsewhere)
			stranger := w.Stranger("evil.example:443")
			given(w)
			w.Vars["SECRET"] = "client-secret-7"
			if r := w.Run(atIssuer(w, more...)...); r.Code == 0 {
				t.Error("somebody is logged in")
			}
			if got := stranger.Got(); len(got) > 0 || i.Count(request) == 0 {
				t.Errorf("asked %d times; sent elsewhere: %q", i.Count(request), got)
			}
		})
	}
}
