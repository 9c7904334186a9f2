package registry

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const (
	ada   = "Ada@vsphere.local"
	token = "tokenreview$" + ada
)

// rig is a registry before a backend that refuses everything, as one with token authentication does.
func rig(t *testing.T, change func(*Config)) *httptest.Server {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://replaced.lab/service/token",service="harbor-registry",scope="repository:p/i:pull"`)
		w.Header().Set("X-Host", r.Host)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(backend.Close)
	u, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Host: "harbor.lab", Backend: u, Mode: HTTPAuth, Version: "v2.12.2", Endpoint: "https://10.0.0.1/wcp/login", CA: []byte("PEM"), Signer: signer,
		Review: func(token string) (string, error) {
			if token != "jwt" {
				return "", errors.New("no")
			}
			return ada, nil
		},
		Login: func(username, password string) bool { return username == ada && password == "pw" },
		Right: func(username, project string) string {
			return map[string]string{ada + "/mine": Push, ada + "/seen": Pull}[username+"/"+project]
		},
	}
	if change != nil {
		change(&c)
	}
	s := httptest.NewServer(New(c))
	t.Cleanup(s.Close)
	return s
}

// ask sends one request; login is USER:PASSWORD or nothing.
func ask(t *testing.T, s *httptest.Server, method, path, login, body string) (status int, header http.Header, text string) {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if login != "" {
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(login)))
	}
	req.Header.Set("X-Is-Resource-Name", "true")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(all)
}

// Reference docker-credentials.md, 3.2 and 5.4: GET only, one service, 401 for what it does not take, one host for all.
func TestTokenService(t *testing.T) {
	const good = "/service/token?service=harbor-registry"
	s := rig(t, nil)
	for _, tc := range []struct {
		method, path, login string
		status              int
	}{
		{"GET", good, token + ":jwt", 200},
		{"GET", good + "&scope=repository:mine/i:pull,push&account=" + url.QueryEscape(token) + "&client_id=docker&offline_token=true", token + ":jwt", 200},
		{"GET", good, ada + ":pw", 200},
		{"POST", good, token + ":jwt", 405},
		{"HEAD", good, token + ":jwt", 405},
		{"GET", good, "", 401},
		{"GET", good, token + ":other", 401},
		{"GET", good, strings.ToLower(token) + ":jwt", 401}, // To the letter.
		{"GET", good, "tokenreview$sso:" + ada + ":jwt", 401},
		{"GET", good, "<token>:jwt", 401},
		{"GET", good, ada + ":jwt", 401},
		{"GET", good, ada + ":", 401},
		{"GET", "/service/token", token + ":jwt", 400},
		{"GET", "/service/token?service=other", token + ":jwt", 400},
		{"GET", good + "&extra=1", token + ":jwt", 400},
		{"GET", good + "&account=somebody", token + ":jwt", 400},
		{"GET", good + "&scope=repository", token + ":jwt", 400},
		{"GET", good + "&scope=repository:mine/i:eat", token + ":jwt", 400},
	} {
		if status, _, text := ask(t, s, tc.method, tc.path, tc.login, ""); status != tc.status {
			t.Errorf("%s %s by %q: %d %s, want %d", tc.method, tc.path, tc.login, status, text, tc.status)
		}
	}
	status, header, _ := ask(t, s, "GET", "/v2/", "", "")
	if status != 401 || header.Get("WWW-Authenticate") != `Bearer realm="https://harbor.lab/service/token",service="harbor-registry",scope="repository:p/i:pull"` || header.Get("X-Host") != "harbor.lab" {
		t.Errorf("%d %v", status, header)
	}
}

// What a token allows is what the person may do.
func TestRights(t *testing.T) {
	s := rig(t, nil)
	for scope, want := range map[string]string{
		"repository:mine/i:pull,push": "pull,push", "repository:seen/i:pull,push": "pull", "repository:other/i:pull": "", "repository:mine:pull": "", "registry:catalog:*": "",
	} {
		_, _, text := ask(t, s, "GET", "/service/token?service=harbor-registry&scope="+url.QueryEscape(scope), token+":jwt", "")
		var reply struct {
			Token   string
			Expires int `json:"expires_in"`
		}
		if err := json.Unmarshal([]byte(text), &reply); err != nil || reply.Expires != 1800 {
			t.Fatalf("%v %s", err, text)
		}
		parts := strings.Split(reply.Token, ".")
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		var claims struct {
			Issuer   string `json:"iss"`
			Audience string `json:"aud"`
			Subject  string `json:"sub"`
			Access   []access
		}
		if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Issuer != Issuer || claims.Audience != Service || claims.Subject != token {
			t.Fatalf("%v %s", err, payload)
		}
		got := ""
		if len(claims.Access) > 0 {
			got = strings.Join(claims.Access[0].Actions, ",")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", scope, got, want)
		}
	}
}

func TestModes(t *testing.T) {
	const path = "/service/token?service=harbor-registry"
	refusing := rig(t, func(c *Config) { c.RefuseTokens = true })
	if status, _, _ := ask(t, refusing, "GET", path, token+":jwt", ""); status != 401 {
		t.Errorf("stock Harbor 2 takes a token: %d", status)
	}
	if status, _, _ := ask(t, refusing, "GET", path, ada+":pw", ""); status != 200 {
		t.Errorf("stock Harbor 2 takes no password: %d", status)
	}
	own := rig(t, func(c *Config) { c.Mode = DBAuth })
	for _, login := range []string{token + ":jwt", ada + ":pw"} {
		if status, _, _ := ask(t, own, "GET", path, login, ""); status != 401 {
			t.Errorf("db_auth takes %s: %d", login, status)
		}
	}
	for _, tc := range []struct {
		version, path string
		status        int
	}{{"v2.12.2", "/api/v2.0/systeminfo", 200}, {"v2.12.2", "/api/systeminfo", 200}, {"v1.10.19", "/api/v2.0/systeminfo", 404}, {"v1.10.19", "/api/systeminfo", 200}} {
		s := rig(t, func(c *Config) { c.Version = tc.version })
		status, _, text := ask(t, s, "GET", tc.path, "", "")
		if status != tc.status || status == 200 && (!strings.Contains(text, `"auth_mode":"http_auth"`) || !strings.Contains(text, `"tokenreivew_endpoint":"https://10.0.0.1/wcp/tokenreview"`)) {
			t.Errorf("%s %s: %d %s", tc.version, tc.path, status, text)
		}
	}
}

func TestRobots(t *testing.T) {
	s := rig(t, nil)
	spec := func(name, project string, days int) string {
		return fmt.Sprintf(`{"name":%q,"level":"project","duration":%d,"permissions":[{"kind":"project","namespace":%q,"access":[{"resource":"repository","action":"pull"}]}]}`, name, days, project)
	}
	for _, tc := range []struct {
		login, body string
		status      int
	}{
		{ada + ":pw", spec("ci", "mine", 7), 201},
		{ada + ":pw", spec("ci", "mine", 7), 409},
		{ada + ":pw", spec("ci", "seen", 7), 403},
		{token + ":jwt", spec("other", "mine", 7), 403}, // A token is for images.
		{"", spec("other", "mine", 7), 401},
		{ada + ":pw", spec("CI", "mine", 7), 400},
		{ada + ":pw", spec("never", "mine", 0), 400},
		{ada + ":pw", `{"name":"x","surprise":1}`, 400},
	} {
		if status, _, text := ask(t, s, "POST", "/api/v2.0/robots", tc.login, tc.body); status != tc.status {
			t.Errorf("%s %s: %d %s, want %d", tc.login, tc.body, status, text, tc.status)
		}
	}
	var project struct {
		ID int `json:"project_id"`
	}
	_, _, text := ask(t, s, "GET", "/api/v2.0/projects/mine", ada+":pw", "")
	if err := json.Unmarshal([]byte(text), &project); err != nil || project.ID == 0 {
		t.Fatalf("%v %s", err, text)
	}
	list := fmt.Sprintf("/api/v2.0/robots?q=Level%%3Dproject%%2CProjectID%%3D%d&page=1&page_size=100", project.ID)
	_, _, text = ask(t, s, "GET", list, ada+":pw", "")
	if !strings.Contains(text, `"name":"robot$mine+ci"`) || strings.Contains(text, "secret") {
		t.Errorf("%s", text)
	}
	var changed struct{ Secret string }
	_, _, text = ask(t, s, "PATCH", "/api/v2.0/robots/1", ada+":pw", `{"secret":""}`)
	if err := json.Unmarshal([]byte(text), &changed); err != nil || changed.Secret == "" {
		t.Fatalf("%v %s", err, text)
	}
	const path = "/service/token?service=harbor-registry"
	if status, _, _ := ask(t, s, "GET", path, "robot$mine+ci:"+changed.Secret, ""); status != 200 {
		t.Errorf("the robot cannot log in: %d", status)
	}
	if status, _, _ := ask(t, s, "DELETE", "/api/v2.0/robots/1", ada+":pw", ""); status != 200 {
		t.Errorf("delete: %d", status)
	}
	if status, _, _ := ask(t, s, "GET", path, "robot$mine+ci:"+changed.Secret, ""); status != 401 {
		t.Errorf("a robot that is gone logs in: %d", status)
	}
}
