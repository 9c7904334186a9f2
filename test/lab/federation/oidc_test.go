package federation

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
)

// withDex is a FederationDomain with a real provider behind it, beside LDAP.
type withDex struct {
	*domain
	dex *dex.Server
	web *httptest.Server
}

const email = "ryan@vsphere.local"

func newWithDex(t *testing.T) *withDex {
	t.Helper()
	one := &withDex{web: httptest.NewUnstartedServer(nil)}
	one.domain = newDomainOf(t, func(d *domain) []Upstream {
		return []Upstream{{
			Name: "lab-dex", Type: "oidc", Flows: []string{"browser_authcode", "cli_password"}, OIDC: one.discover(d),
		}}
	})
	return one
}

func (d *withDex) discover(clock *domain) *OIDC {
	clock.t.Helper()
	var err error
	now, issuer, back := func() time.Time { return clock.now }, "https://"+d.web.Listener.Addr().String()+"/dex", "https://10.0.0.1/wcp/pinniped/callback"
	if d.dex, err = dex.New(clock.t.Context(), dex.Config{Issuer: issuer, Now: now}); err != nil {
		clock.t.Fatal(err)
	}
	d.web.Config.Handler = d.dex
	d.web.StartTLS()
	clock.t.Cleanup(d.web.Close)
	d.dex.AddUser(email, "secret", []string{"devs"})
	if err := d.dex.AddRedirect(clock.t.Context(), back); err != nil {
		clock.t.Fatal(err)
	}
	o, err := NewOIDC(clock.t.Context(), OIDCConfig{
		Issuer: issuer, ClientID: dex.FederationClient, ClientSecret: d.dex.Secret(), RedirectURL: back, HTTP: d.web.Client(), Now: now,
	})
	if err != nil {
		clock.t.Fatal(err)
	}
	return o
}

// authorization is a good request for the provider.
func (d *withDex) authorization() url.Values {
	q := authorization()
	q.Set("pinniped_idp_name", "lab-dex")
	q.Set("pinniped_idp_type", "oidc")
	return q
}

// passwordLogin is a whole login by headers.
func (d *withDex) passwordLogin() map[string]any {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://10.0.0.1/wcp/pinniped/oauth2/authorize?"+d.authorization().Encode(), nil)
	r.Header.Set("Pinniped-Username", email)
	r.Header.Set("Pinniped-Password", "secret")
	to, err := d.do(r).Location()
	if err != nil {
		d.t.Fatal(err)
	}
	status, reply := d.token(redemption(to.Query().Get("code")))
	if status != http.StatusOK {
		d.t.Fatalf("%s: %d %v", to, status, reply)
	}
	return reply
}

// browser reaches both servers, keeps cookies, and stops at the client's listener.
func (d *withDex) browser() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar, Transport: d, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// RoundTrip implements http.RoundTripper.
func (d *withDex) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "10.0.0.1" {
		return d.web.Client().Transport.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.Host = r.URL.Host
	if r.Body == nil {
		r.Body = http.NoBody
	}
	return d.do(r), nil
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// begin opens the provider's login page.
func (d *withDex) begin(browser *http.Client) (form string) {
	d.t.Helper()
	resp, err := browser.Get("https://10.0.0.1/wcp/pinniped/oauth2/authorize?" + d.authorization().Encode())
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	found := action.FindSubmatch(text)
	if found == nil {
		d.t.Fatalf("%s: no form in %s", resp.Request.URL, text)
	}
	to, err := resp.Request.URL.Parse(strings.ReplaceAll(string(found[1]), "&amp;", "&"))
	if err != nil {
		d.t.Fatal(err)
	}
	return to.String()
}

func (d *withDex) submit(browser *http.Client, form, password string) *http.Response {
	d.t.Helper()
	resp, err := browser.PostForm(form, url.Values{"login": {email}, "password": {password}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// Sections 2.1 and 2.4: the browser goes to the provider and comes back by /callback.
func TestUpstreamBrowserLogin(t *testing.T) {
	d := newWithDex(t)
	resp, q := d.authorize(d.authorization(), "")
	if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), d.web.URL+"/dex/auth?") {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) != 64 || len(q.Get("nonce")) != 64 ||
		q.Get("scope") != "openid email profile groups offline_access" || q.Get("redirect_uri") != "https://10.0.0.1/wcp/pinniped/callback" ||
		q.Get("nonce") == d.authorization().Get("nonce") {
		t.Errorf("%v", q)
	}
	browser := d.browser()
	form := d.begin(browser)
	if text, _ := io.ReadAll(d.submit(browser, form, "wrong").Body); !strings.Contains(string(text), "Invalid Email Address and password.") {
		t.Errorf("a wrong password: %s", text)
	}
	to, err := d.submit(browser, form, "secret").Location()
	if err != nil || !strings.HasPrefix(to.String(), redirect) || to.Query().Get("state") != d.authorization().Get("state") {
		t.Fatalf("%v %v", to, err)
	}
	status, reply := d.token(redemption(to.Query().Get("code")))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, reply)
	}
	claims := d.claims(reply["id_token"].(string))
	if claims["username"] != email || claims["groups"].([]any)[0] != "devs" || claims["nonce"] != d.authorization().Get("nonce") ||
		!strings.HasPrefix(claims["sub"].(string), d.web.URL+"/dex?idpName=lab-dex&sub=") {
		t.Errorf("%v", claims)
	}
}

// What comes to /callback is of this browser and for one use.
func TestCallbackIsStrict(t *testing.T) {
	d := newWithDex(t)
	for _, c := range []struct {
		name   string
		change func(q url.Values, browser *http.Client)
		want   int
	}{
		{"another state", func(q url.Values, _ *http.Client) { q.Set("state", "x") }, http.StatusBadRequest},
		{"another browser", func(_ url.Values, browser *http.Client) { browser.Jar = nil }, http.StatusForbidden},
		{"an error", func(q url.Values, _ *http.Client) { q.Del("code"); q.Set("error", "access_denied") }, http.StatusBadRequest},
		{"another code", func(q url.Values, _ *http.Client) { q.Set("code", "x") }, http.StatusBadGateway},
		{"nothing", func(url.Values, *http.Client) {}, http.StatusSeeOther},
		{"nothing, again", nil, http.StatusBadRequest},
	} {
		browser := d.browser()
		browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path == "/wcp/pinniped/callback" || strings.HasPrefix(r.URL.String(), redirect) {
				return http.ErrUseLastResponse
			}
			return nil
		}
		back, err := d.submit(browser, d.begin(browser), "secret").Location()
		if err != nil {
			t.Fatal(err)
		}
		if c.change == nil {
			_ = d.visit(browser, back)
		} else {
			q := back.Query()
			c.change(q, browser)
			back.RawQuery = q.Encode()
		}
		if status := d.visit(browser, back); status != c.want {
			t.Errorf("%s: %d, want %d", c.name, status, c.want)
		}
	}
}

func (d *withDex) visit(browser *http.Client, u *url.URL) int {
	d.t.Helper()
	resp, err := browser.Get(u.String())
	if err != nil {
		d.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Section 2.5: of a refusal by an OIDC provider only the error's own text is told.
func TestUpstreamPasswordLogin(t *testing.T) {
	d := newWithDex(t)
	if claims := d.claims(d.passwordLogin()["id_token"].(string)); claims["username"] != email {
		t.Errorf("%v", claims)
	}
	_, q := d.authorize(d.authorization(), "wrong")
	if q.Get("error") != "access_denied" || q.Get("error_description") != "The resource owner or authorization server denied the request. " || q.Has("code") {
		t.Errorf("a wrong password: %v", q)
	}
}

// Section 2.6: each refresh refreshes upstream, too.
func TestUpstreamRefresh(t *testing.T) {
	d := newWithDex(t)
	first := d.passwordLogin()
	d.dex.AddUser("other@vsphere.local", "secret", nil)
	status, second := d.token(refreshing(first["refresh_token"].(string)))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, second)
	}
	if status, reply := d.token(refreshing(first["refresh_token"].(string))); status != http.StatusBadRequest || reply["error"] != "invalid_grant" {
		t.Errorf("the old refresh token: %d %v", status, reply)
	}
	status, third := d.token(refreshing(second["refresh_token"].(string)))
	if status != http.StatusOK {
		t.Errorf("the new one: %d %v", status, third)
	}
	other := d.passwordLogin() // Dex keeps one refresh token for a user and a client.
	d.refused(third)
	d.dex.AddUser(email, "secret", nil) // Another person with that name.
	d.refused(other)
}

func (d *withDex) refused(tokens map[string]any) {
	d.t.Helper()
	for range 2 { // The session is not ended by that.
		status, reply := d.token(refreshing(tokens["refresh_token"].(string)))
		text, _ := json.Marshal(reply)
		if status != http.StatusUnauthorized || string(text) != `{"error":"error","error_description":"Error during upstream refresh. Upstream refresh failed."}` {
			d.t.Errorf("%d %s", status, text)
		}
	}
}

// Section 2.6: of refreshes at once exactly one wins, since the provider rotates; the winner's tokens live.
func TestUpstreamRefreshTogether(t *testing.T) {
	d := newWithDex(t)
	for range 5 {
		form := refreshing(d.passwordLogin()["refresh_token"].(string))
		var codes [8]int
		var replies [8]map[string]any
		var all sync.WaitGroup
		for i := range codes {
			all.Go(func() {
				r := httptest.NewRequest(http.MethodPost, "https://10.0.0.1/wcp/pinniped/oauth2/token", strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				resp := d.do(r)
				codes[i] = resp.StatusCode
				_ = json.NewDecoder(resp.Body).Decode(&replies[i])
			})
		}
		all.Wait()
		winner := slices.Index(codes[:], http.StatusOK)
		for i, code := range codes {
			late := code == http.StatusBadRequest && replies[i]["error"] == "invalid_grant"
			if i != winner && code != http.StatusUnauthorized && !late {
				t.Errorf("%v", codes)
			}
		}
		if winner < 0 {
			t.Fatalf("nobody: %v", codes)
		}
		if status, reply := d.token(refreshing(replies[winner]["refresh_token"].(string))); status != http.StatusOK {
			t.Errorf("the winner's token: %d %v", status, reply)
		}
	}
}

var link = regexp.MustCompile(`<a href="([^"]+)">([^<]+)</a>`)

// Section 2.1: without pinniped_idp_name the browser is asked.
func TestChoosePage(t *testing.T) {
	d := newWithDex(t)
	q := authorization()
	q.Del("pinniped_idp_name")
	q.Del("pinniped_idp_type")
	resp, _ := d.authorize(q, "")
	if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "https://10.0.0.1/wcp/pinniped/choose_identity_provider?") {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	text, _ := io.ReadAll(d.do(httptest.NewRequest(http.MethodGet, resp.Header.Get("Location"), nil)).Body)
	links := link.FindAllStringSubmatch(string(text), -1)
	if len(links) != 2 || links[0][2] != "lab-dex" || links[1][2] != "lab-ldap" {
		t.Fatalf("%s", text)
	}
	for i, want := range []string{d.web.URL + "/dex/auth?", "https://10.0.0.1/wcp/pinniped/login?"} {
		resp := d.do(httptest.NewRequest(http.MethodGet, strings.ReplaceAll(links[i][1], "&amp;", "&"), nil))
		if !strings.HasPrefix(resp.Header.Get("Location"), want) {
			t.Errorf("%s leads to %v", links[i][2], resp.Header)
		}
	}
	if resp, _ := d.authorize(q, "secret"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a password without a provider: %d", resp.StatusCode)
	}
}

// The log can tell whose a request is before it is answered, and the handler still gets the whole of it.
func TestWho(t *testing.T) {
	d := newWithDex(t)
	first := d.passwordLogin()
	_, second := d.token(refreshing(first["refresh_token"].(string)))
	for _, form := range []url.Values{
		refreshing(first["refresh_token"].(string)), refreshing(second["refresh_token"].(string)), exchanging(second["access_token"].(string), "c"),
		{"username": {email}, "password": {"x"}},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://10.0.0.1/wcp/pinniped/oauth2/token", bytes.NewReader([]byte(form.Encode())))
		who := d.service.Who(r)
		if text, _ := io.ReadAll(r.Body); who != email || string(text) != form.Encode() {
			t.Errorf("%v: %q, and left is %s", form, who, text)
		}
	}
	if who := d.service.Who(httptest.NewRequest(http.MethodGet, "https://10.0.0.1/wcp/pinniped/jwks.json", nil)); who != "" {
		t.Error(who)
	}
}
