package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A login through the browser with Dex behind the FederationDomain, then refreshes: each refresh token is for one use.
func TestLabDex(t *testing.T) {
	t.Parallel()
	u, err := addUser("dex-browser", "", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	c := newIDClient(t, map[string]any{"providers": []string{"lab-dex"}, "infoKeys": "minimal", "lifetimes": map[string]string{"access": "1m"}})
	if page, err := browse(t, c.authorizeURL("lab-dex"), u.Username, "wrong"); err == nil {
		t.Errorf("a wrong password: %s", page)
	}
	page, err := browse(t, c.authorizeURL("lab-dex"), u.Username, u.Password)
	if err != nil || page != loggedIn {
		t.Fatalf("%v: %s", err, page)
	}
	first := c.redeem(<-c.got)
	if name := claim(t, first["id_token"], "username"); name != u.Username || first["expires_in"] != 60.0 {
		t.Errorf("%s %v", name, first["expires_in"])
	}
	status, second := c.refresh(first)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, second)
	}
	if status, reply := c.refresh(first); status != http.StatusBadRequest || reply["error"] != "invalid_grant" {
		t.Errorf("the first refresh token again: %d %v", status, reply)
	}
	if status, reply := c.refresh(second); status != http.StatusOK {
		t.Errorf("%d %v", status, reply)
	}
	log, err := requests(u.Username)
	if want := strings.Count(log, "POST /wcp/pinniped/oauth2/token 200 "); err != nil || want != 3 || strings.Count(log, "POST /wcp/pinniped/oauth2/token 400 ") != 1 {
		t.Errorf("%v\n%s", err, log)
	}
	var info struct{ Data map[string]string }
	resp, err := (&http.Client{Transport: labTransport(t)}).Get(strings.TrimSuffix(c.issuer, "/wcp/pinniped") + "/api/v1/namespaces/kube-public/configmaps/pinniped-info")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&info); err != nil || len(info.Data) != 3 {
		t.Errorf("%v %v", err, info)
	}
}

// By the password headers; a second login ends the first session, since Dex keeps one.
func TestLabDexPassword(t *testing.T) {
	t.Parallel()
	u, err := addUser("dex-password", "", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	c := newIDClient(t, map[string]any{"providers": []string{"lab-ldap", "lab-dex"}})
	first := c.redeem(c.byHeaders("lab-dex", u))
	if sub := claim(t, first["id_token"], "sub"); !strings.HasPrefix(sub, site.OIDC.Issuer+"?idpName=lab-dex&sub=") {
		t.Error(sub)
	}
	if err := adminCall(http.MethodPost, "users/"+u.Username+"/password", map[string]string{"password": "another"}, nil); err != nil {
		t.Fatal(err)
	}
	if q := c.byHeaders("lab-dex", u); q.Get("error_description") != "The resource owner or authorization server denied the request. " {
		t.Errorf("the old password: %v", q)
	}
	u.Password = "another"
	c.redeem(c.byHeaders("lab-dex", u))
	if status, reply := c.refresh(first); status != http.StatusUnauthorized || reply["error_description"] != "Error during upstream refresh. Upstream refresh failed." {
		t.Errorf("%d %v", status, reply)
	}
	log, err := requests(u.Username)
	if err != nil || strings.Count(log, "GET /wcp/pinniped/oauth2/authorize 303 ") != 3 {
		t.Errorf("%v\n%s", err, log)
	}
}

// With two providers the browser is asked, and the FederationDomain's own form is one of the ways.
func TestLabChooseProvider(t *testing.T) {
	t.Parallel()
	u, err := addUser("dex-choose", "", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	c := newIDClient(t, map[string]any{"providers": []string{"lab-ldap", "lab-dex"}})
	page, err := browse(t, c.authorizeURL(""), "", "")
	if err != nil || !strings.Contains(page, ">lab-dex</a>") || !strings.Contains(page, ">lab-ldap</a>") {
		t.Fatalf("%v: %s", err, page)
	}
	if page, err := browse(t, c.authorizeURL("lab-ldap"), u.Username, u.Password); err != nil || page != loggedIn {
		t.Fatalf("%v: %s", err, page)
	}
	if name := claim(t, c.redeem(<-c.got)["id_token"], "username"); name != u.Username {
		t.Error(name)
	}
	for _, bad := range []map[string]any{
		{"supervisor": 0, "identity": true, "providers": []string{"other"}}, {"supervisor": 0, "identity": true, "infoKeys": "other"},
		{"supervisor": 0, "providers": []string{"lab-dex"}}, {"supervisor": 0, "identity": true, "lifetimes": map[string]string{"access": "soon"}},
	} {
		if err := adminCall(http.MethodPost, "fronts", bad, nil); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

// Dex by itself: the password grant, and the device flow, which no FederationDomain has.
func TestLabDexDirect(t *testing.T) {
	t.Parallel()
	u, err := addUser("dex-direct", "", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"client_id": {site.OIDC.ClientID}, "grant_type": {"password"}, "username": {u.Username}, "password": {u.Password}, "scope": {"openid email"}}
	status, reply := postForm(t, site.OIDC.Issuer+"/token", form)
	if status != http.StatusOK || claim(t, reply["id_token"], "email") != u.Username || claim(t, reply["id_token"], "iss") != site.OIDC.Issuer {
		t.Errorf("%d %v", status, reply)
	}
	status, device := postForm(t, site.OIDC.Issuer+"/device/code", url.Values{"client_id": {site.OIDC.ClientID}, "scope": {"openid email offline_access"}})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, device)
	}
	page, err := browse(t, device["verification_uri_complete"].(string), u.Username, u.Password)
	if err != nil || !strings.Contains(page, "Login Successful") {
		t.Fatalf("%v: %s", err, page)
	}
	form = url.Values{"client_id": {site.OIDC.ClientID}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device["device_code"].(string)}}
	if status, reply := postForm(t, site.OIDC.Issuer+"/token", form); status != http.StatusOK || claim(t, reply["id_token"], "email") != u.Username {
		t.Errorf("%d %v", status, reply)
	}
}
