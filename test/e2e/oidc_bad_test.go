package e2e

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// info is the config map pinniped-info with other data.
func info(data map[string]string) string {
	text, _ := json.Marshal(map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "data": data})
	return string(text)
}

// What a Supervisor or an issuer must not say is refused with its cause, before a password is sent or after, and nothing is kept.
func TestOIDCBadInput(t *testing.T) {
	t.Parallel()
	const (
		infoPath  = "/api/v1/namespaces/kube-public/configmaps/pinniped-info"
		discovery = "/wcp/pinniped/.well-known/openid-configuration"
		providers = "/wcp/pinniped/v1alpha1/pinniped_identity_providers"
		authorize = "/wcp/pinniped/oauth2/authorize"
		token     = "/wcp/pinniped/oauth2/token"
		jwks      = "/wcp/pinniped/jwks.json"
	)
	otherCA := base64.StdEncoding.EncodeToString(readFile(t, filepath.Join(labDir(), "tkg1", "ca.crt")))
	unsigned := "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"x","sub":"y"}`)) + "."
	for name, tc := range map[string]struct {
		endpoint string
		fault    map[string]any
		want     string
		sent     bool // the password went out before
	}{
		"an issuer of http":            {infoPath, map[string]any{"body": info(map[string]string{"issuer": "http://10.0.0.1/wcp/pinniped"})}, "is not https", false},
		"no issuer":                    {infoPath, map[string]any{"body": info(nil)}, "is not a URL", false},
		"another CA":                   {infoPath, map[string]any{"body": "CA"}, "issuer_ca_bundle_data", false},
		"garbled info":                 {infoPath, map[string]any{"garble": true}, "HTML where JSON belongs", false},
		"a document of another issuer": {discovery, map[string]any{"body": `{"issuer":"https://evil.example"}`}, `it is the document of the issuer "https://evil.example"`, false},
		"a huge document":              {discovery, map[string]any{"bytes": 5 << 20}, "larger than 4 MiB", false},
		"half a document":              {discovery, map[string]any{"truncate": true}, "ends too early", false},
		"no document":                  {discovery, map[string]any{"status": 404}, "404", false},
		"no identity provider":         {providers, map[string]any{"body": `{"pinniped_identity_providers":[]}`}, "no identity provider is configured", false},
		"a page where a redirect":      {authorize, map[string]any{"garble": true}, "wants a browser", true},
		"a redirect elsewhere":         {authorize, map[string]any{"status": 303, "header": map[string]string{"Location": "https://evil.example/callback?code=x"}}, "another place", true},
		"no keys":                      {jwks, map[string]any{"body": `{"keys":[]}`}, "not by a key of the issuer", true},
		"garbled keys":                 {jwks, map[string]any{"garble": true}, "HTML where JSON belongs", true},
		"a token that nobody signed": {token, map[string]any{"header": map[string]string{"Content-Type": "application/json"},
			"body": `{"access_token":"pin_at_x","refresh_token":"pin_rt_x","id_token":"` + unsigned + `","token_type":"bearer","expires_in":120}`}, "is not believed", true},
		"no ID token": {token, map[string]any{"header": map[string]string{"Content-Type": "application/json"},
			"body": `{"access_token":"pin_at_x","token_type":"bearer"}`}, "is not believed", true},
		"bells": {token, map[string]any{"header": map[string]string{"Content-Type": "application/json"}, "status": 400,
			"body": `{"error":"invalid_request\u001b[2J","error_description":"pin_ac_secret\u0007"}`}, `\x1b[2J`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, u := newIssuer(t, nil), lister(t)
			if tc.fault["body"] == "CA" {
				tc.fault["body"] = info(map[string]string{"issuer": "https://" + i.server + "/wcp/pinniped", "issuer_ca_bundle_data": otherCA})
			}
			tc.fault["endpoint"] = tc.endpoint
			i.fault(t, tc.fault)
			h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
			out, code := h.run(t, i.loginArgs("-u", u.Username)...)
			if code == 0 || code == 5 || !strings.Contains(out, tc.want) || strings.Contains(out, "\x1b") || strings.Contains(out, u.Password) {
				t.Errorf("%d %s", code, out)
			}
			if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[cs][er]*/*")); len(left) > 0 {
				t.Errorf("kept: %v", left)
			}
			if sent := i.requests(t)["authorize"] > 0; sent != tc.sent {
				t.Errorf("the password was sent: %t", sent)
			}
		})
	}
}

// Without a terminal and without a browser there is one clear line, not a wait.
func TestOIDCWithoutTerminal(t *testing.T) {
	t.Parallel()
	i, h := newIssuer(t, nil), newHome(t)
	out, code := h.run(t, i.loginArgs()...)
	if code != 2 || !strings.Contains(out, "there is no browser here to log in with, and there is no terminal") || !strings.Contains(out, "--oidc-flow password") {
		t.Errorf("%d %s", code, out)
	}
}

// A program that draws on the terminal is not disturbed by the address, as long as a browser opened it.
func TestOIDCQuietURL(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t, "KUBECTL_VSPHERE_PRINT_URL=never")
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	logInAt(t, page(t, opened, 1), u.Username, u.Password)
	if code := wait(); code != 0 || strings.Contains(output.String(), "oauth2/authorize") {
		t.Errorf("%d %s", code, output)
	}
}

// On a terminal on which a program draws nothing is written and no key is taken, unless the browser cannot be opened.
func TestOIDCQuietTerminal(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t, "KUBECTL_VSPHERE_PRINT_URL=never")
	opened := h.fakeBrowser(t)
	i.browserLogin(t, h, u, opened, 1)
	h.endCredentials(t)
	mend := i.fault(t, refusals["pinniped"])
	term := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version")
	start := page(t, opened, 2)
	mend()
	term.enter("keys for somebody else\r")
	logInAt(t, start, u.Username, u.Password)
	if code := term.wait(); code != 0 || strings.Contains(term.output(), "paste") || strings.Contains(term.output(), "has ended") || strings.Contains(term.output(), "neither a code") {
		t.Errorf("%d %s", code, term.output())
	}
	h.env = append(h.env, "BROWSER=false")
	term = h.onTerminal(t, i.loginArgs("--oidc-flow", "browser")...)
	term.expect("/oauth2/authorize?")
	if code, _ := term.interrupt(); code != 130 {
		t.Errorf("%d %s", code, term.output())
	}
}

// A login as another user than -u names fails, and keeps nothing.
func TestOIDCNamedUser(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser", "-u", "somebody@else")...))
	logInAt(t, page(t, opened, 1), u.Username, u.Password)
	if code := wait(); code == 0 || !strings.Contains(output.String(), "you logged in as "+u.Username+", and -u says somebody@else") {
		t.Errorf("%d %s", code, output)
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[cs][er]*/*")); len(left) > 0 {
		t.Errorf("kept: %v", left)
	}
}

// A Supervisor that sends people to the issuer of another one would get a token with which it is they, there. Somebody must say that this is meant.
// The lab's Supervisors have certificates for all fronts; Dex is a server of its own.
func TestOIDCIssuerOfAnotherServer(t *testing.T) {
	t.Parallel()
	i, h := newIssuer(t, nil), newHome(t, "BROWSER=false")
	i.fault(t, map[string]any{"endpoint": "/api/v1/namespaces/kube-public/configmaps/pinniped-info", "body": info(map[string]string{
		"issuer": site.OIDC.Issuer, "issuer_ca_bundle_data": base64.StdEncoding.EncodeToString(readFile(t, site.OIDC.CA)),
	})})
	args := i.loginArgs("--oidc-flow", "browser")
	out, code := h.run(t, args...)
	if code == 0 || !strings.Contains(out, "at another server, "+site.OIDC.Issuer) || !strings.Contains(out, "--trust-issuer "+site.OIDC.Issuer) {
		t.Errorf("%d %s", code, out)
	}
	if out, code := h.run(t, append(args, "--trust-issuer", "https://elsewhere.example")...); code != 2 || !strings.Contains(out, "the Supervisor names "+site.OIDC.Issuer) {
		t.Errorf("%d %s", code, out)
	}
	term := h.onTerminal(t, args...)
	term.expect("Is that meant? [y/N] ")
	term.enter("\r")
	if code := term.wait(); code == 0 || strings.Contains(term.output(), site.OIDC.Issuer+"/auth?") {
		t.Errorf("%d %s", code, term.output())
	}
	for _, tc := range []struct {
		answer string
		flags  []string
	}{{"y\r", nil}, {"", []string{"--trust-issuer", site.OIDC.Issuer}}} {
		term := h.onTerminal(t, append(args, tc.flags...)...)
		if tc.answer != "" {
			term.expect("Is that meant? [y/N] ")
			term.enter(tc.answer)
		}
		term.expect(site.OIDC.Issuer + "/auth?")
		if code, _ := term.interrupt(); code != 130 {
			t.Errorf("%d %s", code, term.output())
		}
	}
}

// An issuer that gives the person no token for the Supervisor: the page says so, too, and nothing is kept.
func TestOIDCPageTellsOfTheExchange(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	start := page(t, opened, 1)
	i.fault(t, map[string]any{"endpoint": "/wcp/pinniped/oauth2/token", "count": 1, "delay": "1ms"}) // The code is redeemed.
	i.fault(t, map[string]any{"endpoint": "/wcp/pinniped/oauth2/token", "status": 403, "header": map[string]string{"Content-Type": "application/json"},
		"body": `{"error":"access_denied","error_description":"Not for this one."}`})
	if text, _ := browse(t, start, u.Username, u.Password); !strings.Contains(text, "You are not logged in") || !strings.Contains(text, "Not for this one.") {
		t.Error(text)
	}
	if code := wait(); code != 3 || !strings.Contains(output.String(), "Not for this one.") {
		t.Errorf("%d %s", code, output)
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[cs][er]*/*")); len(left) > 0 {
		t.Errorf("kept: %v", left)
	}
}

// When the person is done, nothing is asked of the issuer but the token and the exchange: its keys are there.
func TestOIDCKeysAreThereBefore(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	start := page(t, opened, 1)
	if got := i.requests(t); got["jwks.json"] != 1 {
		t.Errorf("before: %v", got)
	}
	logInAt(t, start, u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Fatalf("%d %s", code, output)
	}
	if got := i.requests(t); got["jwks.json"] != 1 || got["token"] != 2 {
		t.Errorf("in all: %v", got)
	}
}

// The time of an exchange does not bound the person.
func TestOIDCSlowPerson(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser", "--request-timeout", "1")...))
	start := page(t, opened, 1)
	time.Sleep(1500 * time.Millisecond)
	logInAt(t, start, u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Errorf("%d %s", code, output)
	}
}

// A browser that cannot be opened is told, and the address is there all the same; the login goes on.
func TestOIDCBrowserFails(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t, "BROWSER=false")
	term := h.onTerminal(t, i.loginArgs("--oidc-flow", "browser")...)
	term.expect("the browser could not be opened")
	logInAt(t, regexp.MustCompile(`https://\S+`).FindString(term.output()), u.Username, u.Password)
	if code := term.wait(); code != 0 {
		t.Errorf("%d %s", code, term.output())
	}
}

// With -v nothing secret is shown: neither codes and tokens nor the query of an address.
func TestOIDCVerboseIsSafe(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	out := i.password(t, h, u, "-v", "9")
	if strings.Contains(out, "pin_") || strings.Contains(out, u.Password) || strings.Contains(out, "code_challenge") || !strings.Contains(out, "oauth2/token") {
		t.Error(out)
	}
}
