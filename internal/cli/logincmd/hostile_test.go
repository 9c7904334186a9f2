package logincmd_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// endpoints are the members of a discovery document that hold a URL, with the path that the fake serves.
var endpoints = map[string]string{
	"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks", "device_authorization_endpoint": "/device",
	"revocation_endpoint": "/revoke", "end_session_endpoint": "/end", consoletest.PinnipedMember: "/providers",
}

// member is what the document says of an endpoint.
func member(endpoint, url string) map[string]any {
	if endpoint == consoletest.PinnipedMember {
		return map[string]any{endpoint: map[string]string{"pinniped_identity_providers_endpoint": url}}
	}
	return map[string]any{endpoint: url}
}

// tricks are places that are not below the issuer https://HOST/wcp/pinniped, and who answers there, as HOST:PORT and the name in its
// certificate; nobody: the Supervisor itself would.
var tricks = map[string]struct{ host, url, at, name string }{
	"another host":          {"sup.example.com", "https://evil.example/wcp/pinniped/x", "evil.example:443", "evil.example"},
	"a longer name":         {"sup.example.com", "https://sup.example.com.evil.example/wcp/pinniped/x", "sup.example.com.evil.example:443", "sup.example.com.evil.example"},
	"another port":          {"sup.example.com", "https://sup.example.com:8443/wcp/pinniped/x", "sup.example.com:8443", "sup.example.com"},
	"http":                  {"sup.example.com", "http://sup.example.com/wcp/pinniped/x", "sup.example.com:80", ""},
	"http at 443":           {"sup.example.com", "http://sup.example.com:443/wcp/pinniped/x", "", ""},
	"beside it":             {"sup.example.com", "https://sup.example.com/wcp/other/x", "", ""},
	"a path that begins so": {"sup.example.com", "https://sup.example.com/wcp/pinniped-2/x", "", ""},
	"the issuer itself":     {"sup.example.com", "https://sup.example.com/wcp/pinniped", "", ""},
	"../":                   {"sup.example.com", "https://sup.example.com/wcp/pinniped/../other/x", "", ""},
	"%2e%2e/":               {"sup.example.com", "https://sup.example.com/wcp/pinniped/%2e%2e/other/x", "", ""},
	"//":                    {"sup.example.com", "https://sup.example.com/wcp/pinniped//evil.example/x", "", ""},
	"user info":             {"sup.example.com", "https://sup.example.com@evil.example/wcp/pinniped/x", "evil.example:443", "evil.example"},
	"a user of the host":    {"sup.example.com", "https://me:you@sup.example.com/wcp/pinniped/x", "", ""},
	"upper case":            {"sup.example.com", "https://SUP.example.com/wcp/pinniped/x", "SUP.example.com:443", "sup.example.com"},
	"upper case in a path":  {"sup.example.com", "https://sup.example.com/WCP/pinniped/x", "", ""},
	"a dot at the end":      {"sup.example.com", "https://sup.example.com./wcp/pinniped/x", "sup.example.com.:443", "sup.example.com"},
	"an IPv6 spelling":      {"10.0.0.1", "https://[::ffff:10.0.0.1]/wcp/pinniped/x", "[::ffff:10.0.0.1]:443", "10.0.0.1"},
	"no host":               {"sup.example.com", "https:///wcp/pinniped/x", "", ""},
	"no URL":                {"sup.example.com", "/wcp/pinniped/x", "", ""},
	"a fragment":            {"sup.example.com", "https://evil.example/#https://sup.example.com/wcp/pinniped/x", "evil.example:443", "evil.example"},
	"a query":               {"sup.example.com", "https://evil.example/?https://sup.example.com/wcp/pinniped/x", "evil.example:443", "evil.example"},
}

// A Supervisor whose issuer names an endpoint that is not below it: nothing is sent there, nor to the Supervisor, and no password, code or
// token to anybody.
func TestHostileDiscoveryDocuments(t *testing.T) {
	for endpoint, path := range endpoints {
		for trick, at := range tricks {
			t.Run(endpoint+": "+trick, func(t *testing.T) {
				w := clitest.New(t)
				s := w.Supervisor(at.host, &consoletest.Namespace{Name: "ns1"})
				i := s.Federate("", consoletest.LDAP())
				stranger := &consoletest.Stranger{}
				if at.at != "" {
					w.ServeAt(at.at, at.name, w.CA, stranger)
				}
				url := at.url
				if strings.HasSuffix(url, "/x") {
					url = strings.TrimSuffix(url, "/x") + path
				}
				i.Document = member(endpoint, url)
				given(w)
				login := []string{"login", "--server", at.host, "--certificate-authority", w.CAFile, "--auth-method", "oidc", "-u", consoletest.User}
				w.Run(login...).Exits(4).Says("openid-configuration").Omits(consoletest.Password)
				if got := stranger.Got(); len(got) > 0 {
					t.Errorf("sent to a stranger: %q", got)
				}
				allowed := []string{"GET /wcp/loginbanner", "GET /api/v1/namespaces/kube-public/configmaps/pinniped-info", "GET /wcp/pinniped/.well-known/openid-configuration", "GET /version"}
				for _, request := range s.Requests() {
					if !slices.Contains(allowed, request) {
						t.Errorf("the Supervisor got %s", request)
					}
				}
				if n := i.Secrets(); n > 0 {
					t.Errorf("the issuer got %d secrets", n)
				}
				if sessions, _ := w.Store().Sessions(); len(sessions) > 0 {
					t.Error("a session was kept")
				}
			})
		}
	}
}

// The attack in full: a hostile Supervisor's issuer sends the person to the login page of a good one, and wants the code. Without the
// member of a Pinniped, it is the same.
func TestHostileSupervisorWantsACodeOfAGoodOne(t *testing.T) {
	for name, document := range map[string]map[string]any{"a Pinniped": {}, "not a Pinniped": {consoletest.PinnipedMember: nil}} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			good := s.Federate("", consoletest.Okta())
			evil := w.Supervisor("10.0.0.66", &consoletest.Namespace{Name: "ns1"})
			bad := evil.Federate("", consoletest.Okta())
			bad.Document = maps.Clone(document)
			bad.Document["authorization_endpoint"] = good.URL + "/authorize"
			w.Person()
			w.Run("login", "--server", "10.0.0.66", "--certificate-authority", w.CAFile, "--no-browser").Exits(4).
				Says("authorization_endpoint", "is not below the issuer").Omits(good.URL + "/authorize?")
			if n := bad.Secrets() + good.Secrets(); n > 0 {
				t.Errorf("%d secrets were sent", n)
			}
		})
	}
}

// A hostile Supervisor's login page can send the browser on to a good one's, which sends it back with a code of its own. The code and the
// verifier go to the issuer that was asked, or to nobody: not to the good one, and to none if the answer names another issuer, or not the
// one that promised to name itself, or has another state.
func TestBrowserSentOnToAnotherIssuer(t *testing.T) {
	for name, tc := range map[string]struct {
		promised bool              // the hostile issuer says that it names itself
		answer   map[string]string // of the good one
		says     string
		asked    int // requests to the hostile one's token endpoint
	}{
		"the good one names itself":      {false, map[string]string{"iss": "https://10.0.0.1/wcp/pinniped"}, "the answer is from", 0},
		"the same, and iss was promised": {true, map[string]string{"iss": "https://10.0.0.1/wcp/pinniped"}, "the answer is from", 0},
		"nobody is named, as promised":   {true, nil, "does not say that it is from", 0},
		"nobody is named":                {false, nil, "invalid_grant", 1},
		"the hostile one is named":       {true, map[string]string{"iss": "https://10.0.0.66/wcp/pinniped"}, "invalid_grant", 1},
		"another state":                  {false, map[string]string{"state": "of-another-login"}, "is not to this login", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			good := s.Federate("", consoletest.Okta())
			bad := w.Supervisor("10.0.0.66", &consoletest.Namespace{Name: "ns1"}).Federate("", consoletest.Okta())
			bad.Document = map[string]any{"authorization_response_iss_parameter_supported": tc.promised}
			good.Answer = tc.answer
			sentOn := func(screen string) string {
				return good.Paste(consoletest.User)(strings.ReplaceAll(screen, bad.URL+"/authorize", good.URL+"/authorize"))
			}
			person := []consoletest.Answer{{To: paste, Reply: sentOn}}
			if tc.asked == 0 { // What was pasted is not used, and the login waits on.
				person = append(person, consoletest.Answer{To: tc.says, Keys: consoletest.Interrupt})
			}
			w.Person(person...)
			r := w.Run("login", "--server", "10.0.0.66", "--certificate-authority", w.CAFile, "--no-browser").Says(tc.says)
			if r.Code == 0 || good.Count("authorize") != 1 {
				t.Errorf("exit code %d, %d requests to the good issuer's page", r.Code, good.Count("authorize"))
			}
			if n := good.Count("token authorization_code"); n > 0 {
				t.Errorf("the good issuer got %d codes", n)
			}
			if n := bad.Count("token authorization_code"); n != tc.asked || bad.Secrets() != tc.asked {
				t.Errorf("the hostile issuer got %d codes and %d secrets", n, bad.Secrets())
			}
		})
	}
}

// A document is of the issuer that was asked for, to the byte, but for a slash at its end.
func TestDocumentOfAnotherIssuer(t *testing.T) {
	for _, issuer := range []string{
		"https://good.example/wcp/pinniped", "https://10.0.0.1/wcp/pinniped/x", "https://10.0.0.1/wcp", "https://10.0.0.1:443/wcp/pinniped", "http://10.0.0.1/wcp/pinniped",
		"https://10.0.0.1/wcp/Pinniped", "HTTPS://10.0.0.1/wcp/pinniped", "https://10.0.0.1/wcp/pinniped//", "",
	} {
		w, s := site(t)
		i := s.Federate("", consoletest.LDAP())
		i.Document = map[string]any{"issuer": issuer}
		given(w)
		w.Run(byPassword(w)...).Exits(4).Says("not of")
		if n := i.Secrets(); n > 0 {
			t.Errorf("%s: %d secrets were sent", issuer, n)
		}
	}
}
