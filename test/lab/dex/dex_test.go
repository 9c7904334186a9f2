package dex

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// start serves a Dex with one user.
func start(t *testing.T) (*Server, *httptest.Server) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	issuer := "http://" + web.Listener.Addr().String() + "/dex"
	s, err := New(t.Context(), Config{Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	s.AddUser("Ryan@vsphere.local", "secret", []string{"devs"})
	web.Config.Handler = s
	web.Start()
	t.Cleanup(web.Close)
	return s, web
}

// token sends a form to the token endpoint as the public client.
func token(t *testing.T, web *httptest.Server, form url.Values) (int, map[string]any) {
	t.Helper()
	form.Set("client_id", PublicClient)
	return post(t, web.URL+"/dex/token", form)
}

func post(t *testing.T, to string, form url.Values) (int, map[string]any) {
	t.Helper()
	resp, err := http.PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var reply map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return resp.StatusCode, reply
}

func passwordGrant(username, password string) url.Values {
	return url.Values{"grant_type": {"password"}, "username": {username}, "password": {password}, "scope": {"openid email groups offline_access"}}
}

// The password grant is switched on; a wrong password has Dex's own words.
func TestPasswordGrant(t *testing.T) {
	s, web := start(t)
	if status, reply := token(t, web, passwordGrant("ryan@vsphere.local", "secret")); status != http.StatusOK || reply["id_token"] == nil || reply["expires_in"].(float64) > 300 {
		t.Errorf("%d %v", status, reply)
	}
	for _, user := range []string{"ryan@vsphere.local", "nobody@vsphere.local"} {
		if status, reply := token(t, web, passwordGrant(user, "wrong")); status != http.StatusUnauthorized || reply["error"] != "access_denied" {
			t.Errorf("%s: %d %v", user, status, reply)
		}
	}
	if err := s.SetPassword("ryan@vsphere.local", "other"); err != nil {
		t.Fatal(err)
	}
	if status, reply := token(t, web, passwordGrant("ryan@vsphere.local", "other")); status != http.StatusOK {
		t.Errorf("after a change: %d %v", status, reply)
	}
	if err := s.SetPassword("nobody@vsphere.local", "x"); err == nil {
		t.Error("a password for nobody")
	}
}

// A refresh token is good for one use; what a second use is told is no invalid_grant.
func TestRefreshRotates(t *testing.T) {
	s, web := start(t)
	_, first := token(t, web, passwordGrant("ryan@vsphere.local", "secret"))
	refresh := func(reply map[string]any) (int, map[string]any) {
		return token(t, web, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {reply["refresh_token"].(string)}})
	}
	status, second := refresh(first)
	if status != http.StatusOK || second["refresh_token"] == first["refresh_token"] {
		t.Fatalf("%d %v", status, second)
	}
	if status, reply := refresh(first); status != http.StatusBadRequest || reply["error"] != "invalid_request" ||
		!strings.Contains(reply["error_description"].(string), "already been claimed") {
		t.Errorf("the second use: %d %v", status, reply)
	}
	s.AddUser("ryan@vsphere.local", "secret", nil)
	if status, _ := refresh(second); status == http.StatusOK {
		t.Error("the user was replaced, and the session goes on")
	}
}

// Only one session of a user and a client is refreshed: a second login ends the first.
func TestSecondLoginEndsTheFirst(t *testing.T) {
	_, web := start(t)
	_, first := token(t, web, passwordGrant("ryan@vsphere.local", "secret"))
	_, _ = token(t, web, passwordGrant("ryan@vsphere.local", "secret"))
	if status, reply := token(t, web, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}); status != http.StatusBadRequest {
		t.Errorf("%d %v", status, reply)
	}
}

// RFC 8628: a code for the person, answers while one waits, then tokens.
func TestDeviceFlow(t *testing.T) {
	_, web := start(t)
	status, device := post(t, web.URL+"/dex/device/code", url.Values{"client_id": {PublicClient}, "scope": {"openid email offline_access"}})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, device)
	}
	poll := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device["device_code"].(string)}}
	if status, reply := token(t, web, poll); reply["error"] != "authorization_pending" {
		t.Errorf("too early: %d %v", status, reply)
	}
	if page := approve(t, device["verification_uri_complete"].(string)); !strings.Contains(page, "Login Successful") {
		t.Errorf("the last page is %s", page)
	}
	if status, reply := token(t, web, poll); status != http.StatusOK || reply["id_token"] == nil || reply["refresh_token"] == nil {
		t.Errorf("%d %v", status, reply)
	}
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// approve is the person with a browser.
func approve(t *testing.T, start string) string {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	resp, err := browser.Get(start)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // The page with the code, then the login, then the end.
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		form := action.FindStringSubmatch(string(text))
		if err != nil || form == nil {
			return string(text)
		}
		to, err := resp.Request.URL.Parse(strings.ReplaceAll(form[1], "&amp;", "&"))
		if err != nil {
			t.Fatal(err)
		}
		code := resp.Request.URL.Query().Get("user_code")
		if resp, err = browser.PostForm(to.String(), url.Values{"user_code": {code}, "login": {"ryan@vsphere.local"}, "password": {"secret"}}); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return string(text)
}

// The FederationDomain's client has a secret, and only the redirects that were added.
func TestFederationClient(t *testing.T) {
	s, web := start(t)
	if err := s.AddRedirect(t.Context(), "https://10.0.0.1/wcp/pinniped/callback"); err != nil {
		t.Fatal(err)
	}
	if err := s.AddRedirect(t.Context(), "https://10.0.0.2/wcp/pinniped/callback"); err != nil {
		t.Fatal(err)
	}
	for redirect, want := range map[string]int{
		"https://10.0.0.1/wcp/pinniped/callback": http.StatusOK, "https://10.0.0.2/wcp/pinniped/callback": http.StatusOK,
		"http://127.0.0.1:1234/callback": http.StatusBadRequest,
	} {
		resp, err := http.Get(web.URL + "/dex/auth?response_type=code&scope=openid&client_id=" + FederationClient + "&redirect_uri=" + url.QueryEscape(redirect))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d", redirect, resp.StatusCode)
		}
	}
	form := passwordGrant("ryan@vsphere.local", "secret")
	form.Set("client_id", FederationClient)
	if status, _ := post(t, web.URL+"/dex/token", form); status != http.StatusUnauthorized {
		t.Errorf("without the secret: %d", status)
	}
	form.Set("client_secret", s.Secret())
	if status, reply := post(t, web.URL+"/dex/token", form); status != http.StatusOK {
		t.Errorf("with it: %d %v", status, reply)
	}
}
