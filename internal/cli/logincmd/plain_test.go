package logincmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// alone is an API server that trusts an issuer directly, without a Supervisor.
func alone(t *testing.T) (*consoletest.World, *consoletest.Issuer) {
	t.Helper()
	w := clitest.New(t)
	w.Serve("10.0.0.7:443", w.CA, consoletest.Status(http.StatusUnauthorized, ""))
	return w, w.Issuer("sso.example")
}

// atIssuer is the command line of a login at its issuer.
func atIssuer(w *consoletest.World, more ...string) []string {
	return append([]string{
		"login", "--server", "10.0.0.7", "--certificate-authority", w.CAFile,
		"--oidc-issuer-url", "https://sso.example", "--oidc-client-id", "kube", "--oidc-ca", w.CAFile,
	}, more...)
}

var apiServer = []string{"get-token", "--server", "10.0.0.7", "--user", consoletest.User}

// token is what get-token hands out.
func token(t *testing.T, w *consoletest.World, args ...string) string {
	t.Helper()
	var got struct{ Status struct{ Token string } }
	if err := json.Unmarshal([]byte(w.Run(args...).Exits(0).Out), &got); err != nil || got.Status.Token == "" {
		t.Fatalf("no token: %v", err)
	}
	return got.Status.Token
}

// The ID token is the credential. It is renewed, and the name of the server is enough for the next login.
func TestIssuerWithoutASupervisor(t *testing.T) {
	w, i := alone(t)
	given(w)
	w.Run(atIssuer(w, "--oidc-flow", "password", "-u", consoletest.User, "--namespaces", "ns1")...).Exits(0).Says("   10.0.0.7\n", "   ns1\n")
	first := token(t, w, apiServer...)
	if strings.Count(first, ".") != 2 {
		t.Errorf("it hands out %q", first)
	}
	w.Advance(consoletest.TokenLife)
	if second := token(t, w, apiServer...); second == first || i.Count("token refresh_token") != 1 {
		t.Errorf("%d renewals", i.Count("token refresh_token"))
	}
	w.Run("login", "--server", "10.0.0.7", "--certificate-authority", w.CAFile, "--auth-method", "oidc").Exits(0).Says("with the issuer of the last login")
	w.Run("login").Exits(0)
	if n := i.Count("token password"); n != 3 {
		t.Errorf("%d logins", n)
	}
}

func TestIssuerByABrowser(t *testing.T) {
	w, i := alone(t)
	w.Person(consoletest.Answer{To: paste, Reply: i.Browser(consoletest.User)})
	w.Run(atIssuer(w, "--no-browser")...).Exits(0)
	token(t, w, apiServer...)
}

func TestIssuerRefuses(t *testing.T) {
	w, i := alone(t)
	w.Vars[failure.PasswordVariable] = "wrong-word-9"
	w.Run(atIssuer(w, "--oidc-flow", "password", "-u", consoletest.User)...).Exits(3).Says("was refused").Omits("wrong-word-9")
	i.Replies["token password"] = consoletest.Status(http.StatusBadGateway, "")
	w.Run(atIssuer(w, "--oidc-flow", "password", "-u", consoletest.User, "--force")...).Exits(4)
}

// An issuer is verified by its own CA, not by that of the API server.
func TestIssuerThatIsNotBelieved(t *testing.T) {
	w, i := alone(t)
	given(w)
	args := atIssuer(w, "--oidc-flow", "password", "-u", consoletest.User)
	args = append(args[:9], args[11:]...) // Without --oidc-ca.
	w.Run(args...).Exits(4).Says("--oidc-ca FILE")
	w.Run(append(args, "--oidc-ca", w.Dir+"/none.pem")...).Exits(2).Says("--oidc-ca")
	if i.Count("token password") > 0 {
		t.Error("a password was sent")
	}
}

func TestNotForAnIssuer(t *testing.T) {
	w, _ := alone(t)
	w.Run(atIssuer(w, "--static-tokens")...).Exits(2).Says("--static-tokens")
	w.Run(atIssuer(w, "--wait", "1m")...).Exits(2).Says("--wait")
}

// A runner provides the token. It is read whenever one is needed, and must be of the session's user.
func TestTokenOfARunner(t *testing.T) {
	w, i := alone(t)
	server := []string{"login", "--server", "10.0.0.7", "--certificate-authority", w.CAFile}
	path := w.WriteFile("token", i.Token(consoletest.User, "kube")+"\n", 0o600)
	w.Run(append(server, "--oidc-token-file", path)...).Exits(0)
	w.Advance(consoletest.TokenLife)
	w.Run(apiServer...).Exits(1).Says("ended at")
	next := i.Token(consoletest.User, "kube")
	w.WriteFile("token", next, 0o600)
	if got := token(t, w, apiServer...); got != next {
		t.Error("the new token is not handed out")
	}
	w.WriteFile("token", i.Token("ops@vsphere.local", "kube"), 0o600)
	w.Run(append(apiServer, "--force-refresh")...).Exits(1).Says("it is of ops@vsphere.local")

	w.Vars["ID_TOKEN"] = "junk"
	w.Run(append(server, "--oidc-token-variable", "ID_TOKEN")...).Exits(1).Says("ID_TOKEN", "no JWT")
	w.Vars["ID_TOKEN"] = i.Token(consoletest.User, "kube")
	w.Run(append(server, "--oidc-token-variable", "ID_TOKEN", "-u", "ops@vsphere.local")...).Exits(1).Says("you logged in as", "must provide a token of")
	w.Run(append(server, "--oidc-token-variable", "ID_TOKEN")...).Exits(0)
	variableIsHidden(t, w, "ID_TOKEN")
}

// variableIsHidden fails the test unless no child got a variable: in the login before, and in a renewal.
func variableIsHidden(t *testing.T, w *consoletest.World, name string) {
	t.Helper()
	for _, what := range []string{"the login", "the renewal"} {
		if !w.Hidden[name] {
			t.Errorf("%s leaves %s to children", what, name)
		}
		clear(w.Hidden)
		w.Run("get-token", "--server", "10.0.0.7", "--user", w.Session().User, "--force-refresh")
	}
}

// The client logs in as itself. Its secret is guarded as a password is.
func TestSecretOfAClient(t *testing.T) {
	w, i := alone(t)
	i.Secret = "client-word-7"
	w.Vars["SECRET"] = "wrong-word-9"
	args := atIssuer(w, "--oidc-client-secret-variable", "SECRET")
	w.Run(args...).Exits(3).Says("does not take the client's secret").Omits("wrong-word-9")
	w.Run(args...).Exits(3).Says("--force")
	if n := i.Count("token client_credentials"); n != 1 {
		t.Errorf("%d requests with a refused secret", n)
	}
	w.Vars["SECRET"] = i.Secret
	w.Run(args...).Exits(0).Omits(i.Secret)
	variableIsHidden(t, w, "SECRET")
	w.Run(atIssuer(w, "--oidc-client-secret-file", w.WriteFile("secret", "", 0o600))...).Exits(1).Says("holds no secret")
}

// hosted is the issuer alone, with an endpoint at another server, which is the stranger.
func hosted(t *testing.T, endpoint string) (*consoletest.World, *consoletest.Issuer, *consoletest.Stranger) {
	t.Helper()
	w, i := alone(t)
	i.Document = map[string]any{endpoint: "https://login.example/x"}
	return w, i, w.Stranger("login.example:443")
}

// The login page of a plain issuer, or the endpoint that gets a password or a secret, may be at another server if somebody says so. No
// other server is asked about: Google's keys and tokens come from two others.
func TestIssuerThatUsesAnotherServer(t *testing.T) {
	for name, tc := range map[string]struct {
		endpoint string
		more     []string
		says     string
	}{
		"login page":      {"authorization_endpoint", []string{"--no-browser"}, "has its login page at another server, login.example"},
		"device":          {"device_authorization_endpoint", []string{"--oidc-flow", "device"}, "gives out its codes at another server, login.example"},
		"password":        {"token_endpoint", []string{"--oidc-flow", "password", "-u", consoletest.User}, "wants the password at another server, login.example"},
		"client's secret": {"token_endpoint", []string{"--oidc-client-secret-variable", "SECRET"}, "wants the client's secret at another server, login.example"},
	} {
		t.Run(name, func(t *testing.T) {
			w, i, stranger := hosted(t, tc.endpoint)
			given(w)
			w.Vars["SECRET"] = "client-secret-7"
			w.Run(atIssuer(w, tc.more...)...).Exits(1).Says(tc.says, "--oidc-trust-host login.example")
			w.Run(atIssuer(w, append(tc.more, "--oidc-trust-host", "example,login.example:8443")...)...).Exits(1).Says(tc.says)
			w.Person(consoletest.Answer{To: "Is that meant?", Keys: ""})
			w.Run(atIssuer(w, tc.more...)...).Exits(1).Says(tc.says, "you did not log in there")
			if got := stranger.Got(); len(got) > 0 || i.Secrets() > 0 {
				t.Errorf("the issuer got %d secrets, the other server %q", i.Secrets(), got)
			}
		})
	}
}

// What was allowed once is remembered, for logins and renewals with that issuer only.
func TestServerOfAnIssuerIsRemembered(t *testing.T) {
	w, i := alone(t)
	w.Serve("login.example:443", w.CA, i)
	i.Document = map[string]any{"token_endpoint": "https://login.example/token", "jwks_uri": "https://login.example/jwks"}
	given(w)
	byPassword := func(more ...string) []string {
		return atIssuer(w, append([]string{"--oidc-flow", "password", "-u", consoletest.User}, more...)...)
	}
	w.Run(byPassword()...).Exits(1)
	w.Run(byPassword("--oidc-trust-host", "LOGIN.example:443")...).Exits(0)
	w.Run(byPassword()...).Exits(0)
	w.Run("login").Exits(0)
	w.Advance(consoletest.TokenLife)
	token(t, w, apiServer...)
	i.Document["token_endpoint"] = "https://login.example:8443/token"
	w.Run(byPassword()...).Exits(1).Says("login.example:8443")
	other := w.Issuer("other.example")
	other.Document = map[string]any{"token_endpoint": "https://login.example/token"}
	w.Run(byPassword("--oidc-issuer-url", other.URL)...).Exits(1).Says("the issuer https://other.example", "login.example")

	i.Document["token_endpoint"] = "https://login.example/token"
	w.Run("logout").Exits(0)
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: "y"})
	w.Run(byPassword()...).Exits(0)
	if got := kept(t, w).Hosts; len(got) != 1 || got[0] != "login.example" {
		t.Errorf("the session keeps %q", got)
	}
}

// A login page at a good issuer, and its answer brought to a hostile one: the code is redeemed nowhere.
func TestMixUp(t *testing.T) {
	w, bad := alone(t)
	good := w.Issuer("good.example")
	good.Answer = map[string]string{"iss": good.URL}
	bad.Document = map[string]any{"authorization_endpoint": good.URL + "/authorize"}
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: "y"}, consoletest.Answer{To: paste, Reply: good.Browser(consoletest.User)})
	w.Run(atIssuer(w, "--no-browser")...).Exits(4).Says("the answer is from", good.URL, "nothing was done with it")
	if n := bad.Secrets() + good.Count("token authorization_code"); n > 0 {
		t.Errorf("%d requests with the code", n)
	}
	good.Answer, bad.Document["authorization_response_iss_parameter_supported"] = nil, true
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: "y"}, consoletest.Answer{To: paste, Reply: good.Browser(consoletest.User)})
	w.Run(atIssuer(w, "--no-browser")...).Exits(4).Says("does not say that it is from")
	if n := bad.Secrets(); n > 0 {
		t.Errorf("%d requests with the code", n)
	}
}

// An issuer that says that it names itself does.
func TestIssuerThatNamesItself(t *testing.T) {
	w, i := alone(t)
	i.Document = map[string]any{"authorization_response_iss_parameter_supported": true}
	i.Answer = map[string]string{"iss": i.URL}
	w.Person(consoletest.Answer{To: paste, Reply: i.Browser(consoletest.User)})
	w.Run(atIssuer(w, "--no-browser")...).Exits(0)
}

// Tokens for an API server that was never verified are made with a person only, whoever would give them: the issuer, for a refresh token or
// the client's secret, or a runner.
func TestIssuerOfAnUnverifiedServer(t *testing.T) {
	for name, more := range map[string][]string{
		"refresh token":   {"--oidc-flow", "password", "-u", consoletest.User},
		"client's secret": {"--oidc-client-secret-variable", "SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			w, i := alone(t)
			given(w)
			i.Secret, w.Vars["SECRET"] = "client-secret-7", "client-secret-7"
			login := append([]string{
				"login", "--server", "10.0.0.7", "--insecure-skip-tls-verify",
				"--oidc-issuer-url", "https://sso.example", "--oidc-client-id", "kube", "--oidc-ca", w.CAFile,
			}, more...)
			w.Run(login...).Exits(0)
			get := []string{"get-token", "--server", "10.0.0.7", "--user", w.Session().User}
			w.Run(get...).Exits(0)
			w.Advance(consoletest.TokenLife)
			before := i.Secrets()
			w.Run(get...).Exits(1).Says("is not renewed without a person")
			if n := i.Secrets() - before; n > 0 {
				t.Errorf("%d secrets were sent", n)
			}
			w.Person(consoletest.Answer{To: "Renew the session of", Keys: "y"})
			w.Run(get...).Exits(0)
		})
	}
}

// No endpoint of a plain issuer is without TLS, or has a user name: nothing is sent to any of them.
func TestPlainEndpointsWithoutTLS(t *testing.T) {
	for endpoint, path := range endpoints {
		if endpoint == consoletest.PinnipedMember {
			continue
		}
		for _, url := range []string{"http://sso.example" + path, "http://login.example" + path, "https://me@login.example" + path, "https://me:you@sso.example" + path, "//login.example" + path} {
			w, i := alone(t)
			stranger := w.Stranger("sso.example:80", "login.example:80", "login.example:443")
			i.Document = member(endpoint, url)
			given(w)
			w.Run(atIssuer(w, "--oidc-flow", "password", "-u", consoletest.User, "--oidc-trust-host", "login.example")...).Exits(4).Says(endpoint)
			if got := stranger.Got(); len(got) > 0 || i.Secrets() > 0 || i.Count("GET /jwks") > 0 {
				t.Errorf("%s %s: the issuer got %d secrets, others %q", endpoint, url, i.Secrets(), got)
			}
		}
	}
}

// An issuer whose document makes a session that could not be read back: nothing is stored, so that no other session suffers.
func TestIssuerThatFillsTheStore(t *testing.T) {
	w, i := alone(t)
	given(w)
	at := func(path string) string { return i.URL + path }
	scope := `"` + strings.Repeat("<", 150) // Six bytes each in the store.
	doc := fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"scopes_supported":["offline_access"%s]}`,
		i.URL, at("/authorize"), at("/token"), at("/jwks"), strings.Repeat(","+scope+`"`, 19_000))
	i.Replies["GET /.well-known/openid-configuration"] = consoletest.Reply(doc)
	w.Run(atIssuer(w, "--oidc-flow", "password", "-u", consoletest.User)...).Exits(1).Says("would be larger than 4 MiB").Omits("<<<")
	if all, unreadable := w.Store().Sessions(); len(all) != 0 || len(unreadable) != 0 {
		t.Errorf("%d sessions, %v", len(all), unreadable)
	}
}

// The page on which a person types a device code: a hostile issuer could show the code of a good one there, and get its tokens.
func TestDevicePageAtAnotherServer(t *testing.T) {
	const code = "GOOD-CODE"
	w, i := alone(t)
	i.Document = map[string]any{"device_authorization_endpoint": i.URL + "/device"}
	page := func(at string) {
		i.Replies["POST /device"] = consoletest.Reply(`{"device_code":"d","user_code":"` + code + `","verification_uri":"https://` + at + `/activate","interval":1}`)
	}
	i.Replies["token device_code"] = consoletest.Status(http.StatusBadRequest, `{"error":"access_denied"}`)
	byDevice := func(more ...string) []string {
		return atIssuer(w, append([]string{"--oidc-flow", "device"}, more...)...)
	}
	const asked = "has its login page at another server, good.example"

	page("good.example")
	w.Run(byDevice()...).Exits(1).Says(asked, "--oidc-trust-host good.example").Omits(code)
	w.Run(byDevice("--oidc-trust-host", "other.example")...).Exits(1).Says(asked).Omits(code)
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: ""})
	w.Run(byDevice()...).Exits(1).Says(asked, "you did not log in there").Omits(code)
	if n := i.Secrets(); n != 0 {
		t.Errorf("%d requests with the code", n)
	}
	w.Person(consoletest.Answer{To: "Is that meant?", Keys: "y"})
	w.Run(byDevice()...).Exits(4).Says(asked, code)
	w.Nobody()
	w.Run(byDevice("--oidc-trust-host", "good.example")...).Exits(4).Says(code).Omits(asked)
	page("sso.example")
	w.Run(byDevice()...).Exits(4).Says(code).Omits("another server")
}
