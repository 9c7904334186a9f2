// Package harbortest is a strict Harbor registry in memory: a request that Harbor's API 2.0 (api/v2.0/swagger.yaml) does not know, or
// that is not made as our programs make it, fails the test.
package harbortest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Harbor is a registry. Its fields may be changed between runs.
type Harbor struct {
	AuthMode string // http_auth, db_auth, oidc_auth
	Version  string
	Endpoint string            // URL that it asks about people, in http_auth; empty: none
	CA       string            // PEM that getcert gives; empty: it has none
	Logins   map[string]string // secrets of registry clients, by user name
	// Review is what the Supervisor says of a user name and a token; nil: it is not asked.
	Review   func(user, token string) bool
	Managers map[string]string // passwords of those who manage all projects
	Members  map[string]string // passwords of those who manage none
	People   map[string]Person // by the ID token that shows who they are
	Projects []string
	Robots   []Robot
	// Replies answer a request, "METHOD /path", in place of the registry.
	Replies map[string]http.HandlerFunc

	t        testing.TB
	mu       sync.Mutex
	requests []string
	secrets  []string
	made     int
}

// Person is somebody whom an identity provider knows.
type Person struct{ Name, CLISecret string }

// Robot is a robot account of a project.
type Robot struct {
	ID            int64
	Project, Name string // within the project
	Secret        string
	Push          bool
	Days          int
	Expires       int64 // seconds since 1970; -1: never
}

// Username is what clients give.
func (r Robot) Username() string { return "robot$" + r.Project + "+" + r.Name }

// New is a Harbor that asks a Supervisor about people, and takes nobody's token.
func New(t testing.TB, supervisor string) *Harbor {
	return &Harbor{
		AuthMode: "http_auth", Version: "v2.12.2", Endpoint: "https://" + supervisor + "/wcp/login", Logins: map[string]string{},
		Managers: map[string]string{}, Members: map[string]string{}, People: map[string]Person{}, Replies: map[string]http.HandlerFunc{}, t: t,
	}
}

// Requests are those so far, "METHOD /path", in their order.
func (h *Harbor) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// Secrets are all that anybody sent: "USER:PASSWORD" or a bearer token.
func (h *Harbor) Secrets() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.secrets)
}

// Forget forgets the requests and secrets so far.
func (h *Harbor) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests, h.secrets = nil, nil
}

// ServeHTTP implements http.Handler.
func (h *Harbor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := r.Method + " " + r.URL.Path
	h.requests = append(h.requests, name)
	if user, password, ok := r.BasicAuth(); ok {
		h.secrets = append(h.secrets, user+":"+password)
	} else if sent := r.Header.Get("Authorization"); sent != "" {
		h.secrets = append(h.secrets, strings.TrimPrefix(sent, "Bearer "))
	}
	if reply := h.Replies[name]; reply != nil {
		reply(w, r)
		return
	}
	h.answer(w, r, name)
}

func (h *Harbor) answer(w http.ResponseWriter, r *http.Request, name string) {
	switch name {
	case "GET /api/v2.0/systeminfo":
		h.anonymous(r)
		h.info(w)
	case "GET /api/v2.0/systeminfo/getcert":
		h.anonymous(r)
		h.getcert(w)
	case "GET /api/systeminfo", "GET /api/systeminfo/getcert": // Harbor 1 had them there.
		refuse(w, http.StatusNotFound)
	case "GET /service/token":
		h.token(w, r)
	case "GET /api/v2.0/users/current":
		h.current(w, r)
	default:
		if !h.robots(w, r) {
			h.t.Errorf("Harbor does not expect %s %s", r.Method, r.URL)
			refuse(w, http.StatusTeapot)
		}
	}
}

// anonymous fails the test when something is proven where that is not needed.
func (h *Harbor) anonymous(r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		h.t.Errorf("a secret is sent to %s", r.URL)
	}
}

func (h *Harbor) info(w http.ResponseWriter) {
	info := map[string]any{"auth_mode": h.AuthMode, "harbor_version": h.Version}
	if h.Endpoint != "" {
		info["authproxy_settings"] = map[string]any{"endpoint": h.Endpoint, "skip_search": true}
	}
	write(w, http.StatusOK, info)
}

func (h *Harbor) getcert(w http.ResponseWriter) {
	if h.CA == "" {
		refuse(w, http.StatusNotFound)
		return
	}
	_, _ = w.Write([]byte(h.CA))
}

// token is what docker's clients ask first.
func (h *Harbor) token(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "service=harbor-registry" {
		h.t.Errorf("a token is asked for with %q", r.URL.RawQuery)
	}
	user, secret, _ := r.BasicAuth()
	known := h.Review != nil && h.Review(user, secret)
	for name, right := range h.Logins {
		known = known || name+":"+right == user+":"+secret // A name may hold a colon, whatever RFC 7617 says.
	}
	if !known {
		refuse(w, http.StatusUnauthorized)
		return
	}
	write(w, http.StatusOK, map[string]any{"token": "registry-token", "expires_in": 1800})
}

func (h *Harbor) current(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	person, known := h.People[token]
	if !bearer || !known {
		refuse(w, http.StatusUnauthorized)
		return
	}
	write(w, http.StatusOK, map[string]any{"user_id": 3, "username": person.Name, "oidc_user_meta": map[string]string{"secret": person.CLISecret}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// refuse answers as Harbor does when it does not do something.
func refuse(w http.ResponseWriter, status int) {
	write(w, status, map[string]any{"errors": []any{map[string]string{"code": strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_")), "message": "no"}}})
}
