package oidc

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const own = "https://sup.example.com/wcp/pinniped"

// document is that of a Pinniped with every endpoint there is.
func document() Provider {
	p := Provider{
		Issuer: own, Authorize: own + "/oauth2/authorize", Token: own + "/oauth2/token", JWKS: own + "/jwks.json",
		Device: own + "/device", Revocation: own + "/revoke", EndSession: own + "/end",
	}
	p.Pinniped.IdentityProviders = own + "/v1alpha1/pinniped_identity_providers"
	return p
}

// each calls f for each endpoint of a document, with a function that sets it.
func each(t *testing.T, f func(t *testing.T, p *Provider, set func(string), optional bool)) {
	for name, at := range map[string]func(*Provider) *string{
		"authorization_endpoint": func(p *Provider) *string { return &p.Authorize }, "token_endpoint": func(p *Provider) *string { return &p.Token },
		"jwks_uri": func(p *Provider) *string { return &p.JWKS }, "device_authorization_endpoint": func(p *Provider) *string { return &p.Device },
		"revocation_endpoint": func(p *Provider) *string { return &p.Revocation }, "end_session_endpoint": func(p *Provider) *string { return &p.EndSession },
		"pinniped_identity_providers_endpoint": func(p *Provider) *string { return &p.Pinniped.IdentityProviders },
	} {
		t.Run(name, func(t *testing.T) {
			p := document()
			needed := name == "authorization_endpoint" || name == "token_endpoint" || name == "jwks_uri"
			f(t, &p, func(url string) { *at(&p) = url }, !needed)
		})
	}
}

// Every endpoint of a Supervisor's issuer is below it. The issuer may end in a slash, and an endpoint may have a query.
func TestEndpointsAreBelowTheIssuer(t *testing.T) {
	each(t, func(t *testing.T, p *Provider, set func(string), optional bool) {
		for url, want := range map[string]bool{
			own + "/x": true, own + "/x/y.json": true, own + "/x/": true, own + "/x?p=1": true,
			"": optional, own: false, own + "/": false, own + "x": false, own + "?/x": false, own + "//x": false, own + "/../x": false, own + "/./x": false,
			own + "/x/..": false, own + "/%2e%2e/x": false, own + `/..\x`: false, own + "/x#y": false, "https://sup.example.com/x": false,
			"https://evil.example/wcp/pinniped/x": false, "https://sup.example.com:443/wcp/pinniped/x": false, "https://sup.example.com@evil.example/wcp/pinniped/x": false,
			"https://evil.example/" + own + "/x": false, "HTTPS://sup.example.com/wcp/pinniped/x": false, "https://Sup.example.com/wcp/pinniped/x": false,
			"http://sup.example.com/wcp/pinniped/x": false, "https://sup.example.com./wcp/pinniped/x": false,
		} {
			set(url)
			for _, issuer := range []string{own, own + "/"} {
				p.Issuer = issuer
				if err := p.check(own, false); (err == nil) != want {
					t.Errorf("%q of %q: %v", url, issuer, err)
				}
			}
		}
	})
}

// An issuer that the user names may use other hosts, but nothing without TLS.
func TestEndpointsOfAPlainIssuerAreHTTPS(t *testing.T) {
	each(t, func(t *testing.T, p *Provider, set func(string), optional bool) {
		for url, want := range map[string]bool{
			"": optional, "https://www.example.com/x?y=1": true, "http://sup.example.com/wcp/pinniped/x": false, "https://me@sup.example.com/x": false,
			"ftp://sup.example.com/x": false, "//sup.example.com/x": false, "https://sup.example.com/\x1b[31m": false,
		} {
			p.Pinniped = pinniped{}
			if set(url); p.IsPinniped() { // Then it is no plain issuer.
				want = false
			}
			if err := p.check(own, true); (err == nil) != want {
				t.Errorf("%q: %v", url, err)
			}
		}
	})
}

// What a Supervisor names is held to the rules of Pinniped, also if its document does not look like one of it.
func TestEndpointsOfASupervisorsIssuerThatIsNoPinniped(t *testing.T) {
	each(t, func(t *testing.T, p *Provider, set func(string), _ bool) {
		set("https://www.example.com/x")
		if p.IsPinniped() {
			p.Pinniped = pinniped{}
			p.Token = "https://www.example.com/x"
		}
		if err := p.check(own, false); err == nil {
			t.Error("it is accepted")
		}
	})
}

// The document is that of the issuer which was asked for.
func TestDocumentIsOfTheIssuer(t *testing.T) {
	for issuer, want := range map[string]bool{
		own: true, own + "/": true, own + "//": false, own + "/x": false, "https://sup.example.com": false, "https://SUP.example.com/wcp/pinniped": false,
		"https://sup.example.com:443/wcp/pinniped": false, "http://sup.example.com/wcp/pinniped": false, "https://evil.example/wcp/pinniped": false, "": false,
	} {
		p := Provider{Issuer: issuer, Authorize: own + "/a", Token: own + "/t", JWKS: own + "/j"}
		if err := p.check(own, true); (err == nil) != want {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

func TestElsewhere(t *testing.T) {
	p := Provider{Issuer: "https://sso.example/realms/a"}
	for url, want := range map[string]string{
		"https://sso.example/x": "", "https://SSO.example:443/x": "", "https://sso.example:8443/x": "sso.example:8443", "https://login.example/x": "login.example",
		"https://Login.example:443/x": "login.example", "https://sso.example.evil.example/": "sso.example.evil.example", "https://[fd00:0::1]:8443/": "[fd00::1]:8443",
		"https://sso.example./x": "https://sso.example./x", "https://sso.example@evil.example/": "https://sso.example@evil.example/",
	} {
		if got := p.Elsewhere(url); got != want {
			t.Errorf("%s is at %q, not %q", url, got, want)
		}
	}
}

// An answer that names its issuer must name the one that was asked, also when it is an error; an issuer that always names itself must.
func TestAnswerOfAnotherIssuer(t *testing.T) {
	const asked = "https://sso.example"
	for name, tc := range map[string]struct {
		says bool
		more url.Values
		want bool
	}{
		"none, and none is promised":    {false, url.Values{}, true},
		"the right one":                 {true, url.Values{"iss": {asked}}, true},
		"the right one, not promised":   {false, url.Values{"iss": {asked}}, true},
		"none, and it is promised":      {true, url.Values{}, false},
		"another one":                   {false, url.Values{"iss": {"https://good.example"}}, false},
		"another one, and promised":     {true, url.Values{"iss": {"https://good.example"}}, false},
		"a slash more":                  {false, url.Values{"iss": {asked + "/"}}, false},
		"empty":                         {false, url.Values{"iss": {""}}, false},
		"both":                          {true, url.Values{"iss": {asked, "https://good.example"}}, false},
		"twice":                         {true, url.Values{"iss": {asked, asked}}, false},
		"an error of another one":       {false, url.Values{"error": {"access_denied"}, "iss": {"https://good.example"}}, false},
		"an error without the promised": {true, url.Values{"error": {"access_denied"}}, false},
	} {
		a := attempt{state: "s", issuer: asked, saysIssuer: tc.says}
		answer := url.Values{"state": {"s"}, "code": {"the-code-of-it"}}
		for key, values := range tc.more {
			answer[key] = values
		}
		code, err := a.code(answer)
		var mixed *MixUpError
		if got := err == nil && code != ""; got != tc.want || !tc.want && (!errors.As(err, &mixed) || !errors.Is(err, wire.ErrServer) || strings.Contains(err.Error(), "the-code")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := attempt{state: "s", issuer: asked, saysIssuer: true}
	if _, err := a.pasted("a-code-of-some-issuer-123"); !errors.Is(err, errWhole) {
		t.Errorf("a code alone: %v", err)
	}
	if code, err := a.pasted("http://127.0.0.1:1/callback?code=c&state=s&iss=" + url.QueryEscape(asked)); err != nil || code != "c" {
		t.Errorf("the whole address: %v", err)
	}
	if _, err := a.pasted(strings.Repeat("x", terminalLine)); err == nil || strings.Contains(err.Error(), "the code alone") {
		t.Errorf("too much for the terminal: %v", err)
	}
}

// The code of an answer of another issuer is not redeemed, by a browser or a password.
func TestMixedUpAnswerIsNotRedeemed(t *testing.T) {
	i := newIssuer(t)
	i.answering(func(q url.Values) url.Values {
		return url.Values{"code": {"pin_ac_123456789"}, "state": {q.Get("state")}, "iss": {"https://good.example"}}
	})
	var mixed *MixUpError
	if _, err := i.client.Password(t.Context(), "alice", password); !errors.As(err, &mixed) || len(i.forms) > 0 {
		t.Errorf("%v, %d codes redeemed", err, len(i.forms))
	}
	i.client.Provider.SaysIssuer = true
	i.answering(nil)
	if _, err := i.client.Password(t.Context(), "alice", password); !errors.As(err, &mixed) || len(i.forms) > 0 {
		t.Errorf("%v, %d codes redeemed", err, len(i.forms))
	}
}

// The page for the code of a Supervisor's issuer is on its server: another issuer's page would give the code's tokens to whoever asked.
func TestDevicePageOfASupervisorsIssuer(t *testing.T) {
	for at, want := range map[string]bool{"": true, "https://good.example": false, "https://127.0.0.1:1": false} {
		mux := http.NewServeMux()
		server := httptest.NewTLSServer(mux)
		page := at
		if page == "" {
			page = server.URL
		}
		mux.HandleFunc("/device", func(w http.ResponseWriter, _ *http.Request) {
			write(w, 200, map[string]any{"device_code": "d", "user_code": "ABCD", "verification_uri": page + "/activate", "interval": 1})
		})
		mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) { write(w, 400, map[string]any{"error": "expired_token"}) })
		c := &Client{Wire: &wire.Client{HTTP: server.Client()}, Session: Session{Client: "cli"}}
		c.Provider = Provider{Issuer: server.URL, Device: server.URL + "/device", Token: server.URL + "/token"}
		shown := false
		_, err := c.Device(t.Context(), func(DeviceCode) error { shown = true; return nil })
		server.Close()
		if shown != want {
			t.Errorf("%q: %t, %v", at, shown, err)
		}
	}
}
