package harbor_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const secret = redact.Secret("tok.en.7")

// host is in the certificates of httptest.
const host = "example.com"

// held is a secret that the registry may have.
func held(s redact.Secret) disclose.Secret {
	return disclose.OwnRegistry(host).Hold(disclose.RegistryLogin, s)
}

// token is an ID token that it may have.
func token(s redact.Secret) disclose.Secret {
	return disclose.NamedRegistry(host).Hold(disclose.RegistryToken, s)
}

// serve starts a registry with routes and a client of it. What has no route is 404, as a page.
func serve(t *testing.T, routes map[string]http.HandlerFunc) *harbor.Client {
	t.Helper()
	mux := http.NewServeMux()
	for route, handler := range routes {
		mux.HandleFunc(route, handler)
	}
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	dial := func(ctx context.Context, network, at string) (net.Conn, error) {
		if at == host+":443" {
			at = server.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, at)
	}
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	h, err := trust.Trust{Mode: trust.Bundle, CA: ca}.Client(trust.Options{Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.CloseIdleConnections)
	return &harbor.Client{Wire: &wire.Client{HTTP: h}, Host: host}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const proxied = `{"auth_mode":"http_auth","harbor_version":"v2.12.2-0a1b2c3d","authproxy_settings":{"endpoint":"https://10.0.0.1/wcp/login",
	"tokenreivew_endpoint":"https://10.0.0.1/wcp/tokenreview","skip_search":true,"verify_cert":true,"server_certificate":"x"}}`

func TestInfo(t *testing.T) {
	for name, tc := range map[string]struct {
		routes map[string]http.HandlerFunc
		want   harbor.Info
		err    error
	}{
		"2":  {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(200, proxied)}, harbor.Info{Version: "v2.12.2-0a1b2c3d", AuthMode: "http_auth", Endpoint: "10.0.0.1"}, nil},
		"1":  {map[string]http.HandlerFunc{"GET /api/systeminfo": says(200, proxied)}, harbor.Info{Version: "v2.12.2-0a1b2c3d", AuthMode: "http_auth", Endpoint: "10.0.0.1"}, nil},
		"db": {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(200, `{"auth_mode":"db_auth"}`)}, harbor.Info{AuthMode: "db_auth"}, nil},
		"an endpoint with a port": {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(200, `{"auth_mode":"http_auth","authproxy_settings":{"endpoint":"https://Sup.Example.com:8443/wcp/login"}}`)},
			harbor.Info{AuthMode: "http_auth", Endpoint: "sup.example.com:8443"}, nil},
		"an endpoint without TLS": {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(200, `{"auth_mode":"http_auth","authproxy_settings":{"endpoint":"http://10.0.0.1/wcp/login"}}`)},
			harbor.Info{AuthMode: "http_auth"}, nil},
		"an endpoint that deceives": {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(200, `{"auth_mode":"http_auth","authproxy_settings":{"endpoint":"https://10.0.0.1@evil.example/"}}`)},
			harbor.Info{AuthMode: "http_auth"}, nil},
		"an escape in the version": {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(200, `{"auth_mode":"db_auth","harbor_version":"v2\u001b[2J"}`)},
			harbor.Info{AuthMode: "db_auth", Version: `v2\x1b[2J`}, nil},
		"nothing there":    {nil, harbor.Info{}, harbor.ErrNotHarbor},
		"another registry": {map[string]http.HandlerFunc{"/": says(401, `{}`)}, harbor.Info{}, harbor.ErrNotHarbor},
		"a page for all":   {map[string]http.HandlerFunc{"/": says(200, `<html>`)}, harbor.Info{}, harbor.ErrNotHarbor},
		"an empty object":  {map[string]http.HandlerFunc{"/": says(200, `{}`)}, harbor.Info{}, harbor.ErrNotHarbor},
		"a redirect to a login page": {map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}}, harbor.Info{}, harbor.ErrNotHarbor},
		"an ill one": {map[string]http.HandlerFunc{"GET /api/v2.0/systeminfo": says(502, `bad gateway`)}, harbor.Info{}, wire.ErrServer},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, tc.routes).Info(t.Context())
			if !errors.Is(err, tc.err) || !cmp.Equal(got, tc.want) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestInfoOfNobody(t *testing.T) {
	c := serve(t, nil)
	c.Host = "127.0.0.1:1"
	if _, err := c.Info(t.Context()); !errors.Is(err, wire.ErrUnreachable) || errors.Is(err, harbor.ErrNotHarbor) {
		t.Errorf("got %v", err)
	}
}

// The probe is what docker's clients send, to the letter.
func TestProbe(t *testing.T) {
	const user = "tokenreview$Ada@vsphere.local"
	var wrong []string
	c := serve(t, map[string]http.HandlerFunc{"GET /service/token": func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		switch {
		case r.URL.RawQuery != "service=harbor-registry" || r.ContentLength != 0:
			wrong = append(wrong, r.URL.String())
		case name == "nothing":
			says(200, `{}`)(w, r)
		case name == "page":
			says(200, `<html>`)(w, r)
		case name == "away":
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusTemporaryRedirect)
		case name == user && password == string(secret):
			says(200, `{"token":"t","expires_in":1800}`)(w, r)
		case name == "new" && password == string(secret):
			says(200, `{"token":"","access_token":"t"}`)(w, r)
		default:
			says(401, fmt.Sprintf(`{"errors":[{"code":"UNAUTHORIZED","message":"no %s"}]}`, password))(w, r)
		}
	}})
	for name, want := range map[string]error{
		user: nil, "new": nil, "ada": wire.ErrRefused, "": wire.ErrRefused, "tokenreview$sso:ada": wire.ErrRefused, "a\nb": wire.ErrRefused,
		"nothing": wire.ErrServer, "page": wire.ErrServer, "away": wire.ErrServer,
	} {
		err := c.Probe(t.Context(), name, held(secret))
		if !errors.Is(err, want) || err != nil && strings.Contains(err.Error(), string(secret)) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if len(wrong) > 0 {
		t.Error(wrong)
	}
}

func TestCA(t *testing.T) {
	c := serve(t, nil)
	if _, err := c.CA(t.Context()); !errors.Is(err, wire.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for _, path := range []string{"/api/v2.0/systeminfo/getcert", "/api/systeminfo/getcert"} {
		got, err := serve(t, map[string]http.HandlerFunc{path: says(200, string(text))}).CA(t.Context())
		if err != nil || string(got) != string(text) {
			t.Errorf("%s: %v\n%s", path, err, got)
		}
		if got, err := serve(t, map[string]http.HandlerFunc{path: says(200, "<html>")}).CA(t.Context()); err == nil {
			t.Errorf("%s: a page is a certificate: %s", path, got)
		}
	}
}

var by = harbor.Login{Username: "ada@vsphere.local", Password: held("pass:word-7")}

// api answers one call that must come as swagger.yaml says.
func api(t *testing.T, method, path, body string, reply http.HandlerFunc) *harbor.Client {
	return serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		text, _ := io.ReadAll(r.Body)
		var got, want any
		_, _ = json.Unmarshal(text, &got), json.Unmarshal([]byte(body), &want)
		if r.Method != method || r.URL.RequestURI() != path || user != by.Username || password != by.Password.Redacted().Reveal() || !cmp.Equal(got, want) ||
			r.Header.Get("X-Is-Resource-Name") != "true" {
			t.Errorf("%s %s %s", r.Method, r.URL, text)
		}
		reply(w, r)
	}})
}

func TestCreateRobot(t *testing.T) {
	const body = `{"name":"ci","level":"project","duration":30,"description":"made by kubectl vsphere",
		"permissions":[{"kind":"project","namespace":"team-a","access":[{"resource":"repository","action":"pull"},{"resource":"repository","action":"push"}]}]}`
	spec := harbor.RobotSpec{Project: "team-a", Name: "ci", Push: true, Days: 30, Description: "made by kubectl vsphere"}
	reply := `{"id":7,"name":"robot$team-a+ci","secret":"s3","creation_time":"2026-01-01T00:00:00Z","expires_at":1800000000}`
	got, err := api(t, "POST", "/api/v2.0/robots", body, says(201, reply)).CreateRobot(t.Context(), by, spec)
	want := harbor.Robot{ID: 7, Name: "robot$team-a+ci", Secret: "s3", Expires: time.Unix(1800000000, 0).UTC()}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for reply, kind := range map[string]error{
		`{"id":7,"name":"robot$team-a+ci"}`: wire.ErrServer, `{"id":0,"name":"x","secret":"s"}`: wire.ErrServer, `[]`: wire.ErrServer, `<html>`: wire.ErrServer,
		`{"id":7,"name":"a:b","secret":"s"}`: wire.ErrServer, `{"id":7,"name":"` + strings.Repeat("a", 256) + `","secret":"s"}`: wire.ErrServer,
		`{"id":7,"name":"a\u001b[2Jb","secret":"s"}`: wire.ErrServer,
	} {
		got, err := api(t, "POST", "/api/v2.0/robots", body, says(201, reply)).CreateRobot(t.Context(), by, spec)
		if !errors.Is(err, kind) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %+v, %v", reply, got, err)
		}
	}
	for status, kind := range map[int]error{401: wire.ErrRefused, 403: wire.ErrForbidden, 404: harbor.ErrNoRobots, 409: harbor.ErrRobotExists, 500: wire.ErrServer} {
		_, err := api(t, "POST", "/api/v2.0/robots", body, says(status, `{"errors":[{"code":"X","message":"pass:word-7 is wrong"}]}`)).CreateRobot(t.Context(), by, spec)
		if !errors.Is(err, kind) || strings.Contains(err.Error(), "pass:word-7") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// What cannot be sent is not sent.
func TestRobotsThatCannotBe(t *testing.T) {
	c := serve(t, map[string]http.HandlerFunc{"/": func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s", r.Method, r.URL) }})
	good := harbor.RobotSpec{Project: "team-a", Name: "ci", Days: 1}
	for _, change := range []func(*harbor.RobotSpec){
		func(s *harbor.RobotSpec) { s.Days = 0 }, func(s *harbor.RobotSpec) { s.Days = -1 }, func(s *harbor.RobotSpec) { s.Days = harbor.MaxDays + 1 },
		func(s *harbor.RobotSpec) { s.Name = "" }, func(s *harbor.RobotSpec) { s.Name = "CI" }, func(s *harbor.RobotSpec) { s.Name = "a+b" },
		func(s *harbor.RobotSpec) { s.Project = "../x" }, func(s *harbor.RobotSpec) { s.Project = "a/b" },
	} {
		spec := good
		change(&spec)
		if _, err := c.CreateRobot(t.Context(), by, spec); err == nil {
			t.Errorf("%+v is made", spec)
		}
	}
	if _, err := c.CreateRobot(t.Context(), harbor.Login{Username: "a:b"}, good); err == nil {
		t.Error("a user name with a colon is sent")
	}
	if _, err := c.Robots(t.Context(), by, "../users"); err == nil {
		t.Error("a project with a path is asked for")
	}
}

func TestRobots(t *testing.T) {
	page := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"id":%d,"name":"robot$p+%d","expires_at":-1,"secret":"x"}`, i+1, i))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	asked := 0
	c := serve(t, map[string]http.HandlerFunc{
		"GET /api/v2.0/projects/p": says(200, `{"project_id":12,"name":"p"}`),
		"GET /api/v2.0/robots": func(w http.ResponseWriter, r *http.Request) {
			asked++
			if q := r.URL.Query(); q.Get("q") != "Level=project,ProjectID=12" || q.Get("page") != fmt.Sprint(asked) || q.Get("page_size") != "100" {
				t.Errorf("%s", r.URL)
			}
			says(200, page(map[int]int{1: 100, 2: 3}[asked]))(w, r)
		},
	})
	all, err := c.Robots(t.Context(), by, "p")
	if err != nil || len(all) != 103 || asked != 2 || all[0].Secret != "" || !all[0].Expires.IsZero() {
		t.Errorf("%d robots in %d pages, %v", len(all), asked, err)
	}
	endless := serve(t, map[string]http.HandlerFunc{
		"GET /api/v2.0/projects/p": says(200, `{"project_id":12}`), "GET /api/v2.0/robots": says(200, page(100)),
	})
	if _, err := endless.Robots(t.Context(), by, "p"); !errors.Is(err, wire.ErrServer) {
		t.Errorf("an endless list: %v", err)
	}
}

func TestRotateAndDeleteRobot(t *testing.T) {
	got, err := api(t, "PATCH", "/api/v2.0/robots/7", `{"secret":""}`, says(200, `{"secret":"new"}`)).RotateRobot(t.Context(), by, 7)
	if err != nil || got != "new" {
		t.Error(got, err)
	}
	if _, err := api(t, "PATCH", "/api/v2.0/robots/7", `{"secret":""}`, says(200, `{}`)).RotateRobot(t.Context(), by, 7); !errors.Is(err, wire.ErrServer) {
		t.Error(err)
	}
	if err := api(t, "DELETE", "/api/v2.0/robots/7", `null`, says(200, ``)).DeleteRobot(t.Context(), by, 7); err != nil {
		t.Error(err)
	}
	if err := api(t, "DELETE", "/api/v2.0/robots/7", `null`, says(404, `{}`)).DeleteRobot(t.Context(), by, 7); !errors.Is(err, wire.ErrNotFound) {
		t.Error(err)
	}
}

// CurrentUser returns the name of an ID token's user, and the secret of that user's clients.
func TestCurrentUser(t *testing.T) {
	answer := func(body string) *harbor.Client {
		return serve(t, map[string]http.HandlerFunc{"GET /api/v2.0/users/current": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+string(secret) {
				says(401, `{"errors":[{"code":"UNAUTHORIZED","message":"tok.en.7"}]}`)(w, r)
				return
			}
			says(200, body)(w, r)
		}})
	}
	got, err := answer(`{"user_id":3,"username":"ada","oidc_user_meta":{"secret":"cli"}}`).CurrentUser(t.Context(), token(secret))
	if err != nil || got.Username != "ada" || got.Password.Redacted() != "cli" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, body := range []string{`{}`, `[]`, `<html>`, `{"username":"ada"}`, `{"username":"a:b","oidc_user_meta":{"secret":"x"}}`, `{"username":"a\nb","oidc_user_meta":{"secret":"x"}}`} {
		if got, err := answer(body).CurrentUser(t.Context(), token(secret)); !errors.Is(err, wire.ErrServer) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	if _, err := answer(`{}`).CurrentUser(t.Context(), token("other")); !errors.Is(err, wire.ErrRefused) {
		t.Error(err)
	}
}
