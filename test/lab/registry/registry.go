// Package registry puts the shape of Harbor before a real registry (github.com/distribution/distribution): one host for /v2/ and the token
// service, systeminfo, projects and robot accounts. What is known of Harbor: reference docker-credentials.md, sections 0, 3 and 5.4.
package registry

import (
	"encoding/json"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// The modes of a registry, Harbor's auth_mode.
const (
	HTTPAuth = "http_auth" // a Supervisor is asked about people and tokens
	DBAuth   = "db_auth"   // it has users of its own
	OIDCAuth = "oidc_auth" // its users come to its page by an identity provider; clients have a CLI secret
)

// Service is the only one that Harbor's token service knows, and Issuer what it calls itself.
const (
	Service = "harbor-registry"
	Issuer  = "harbor-token-issuer"
)

// Rights in a project.
const (
	None = ""
	Pull = "pull"
	Push = "push" // and pull
)

// Config is one registry. Several of them may stand before one real registry.
type Config struct {
	Host         string // HOST or HOST:PORT
	Backend      *url.URL
	Mode         string
	Version      string // as v2.12.0; v1… has no API 2.0
	RefuseTokens bool   // the token service takes no tokenreview$, as stock Harbor 2
	ReviewPrefix string // stands before the user names that the review of a token tells, as sso:
	Endpoint     string // authproxy_settings.endpoint
	CA           []byte // what getcert gives
	Redirect     string // of a hostile one: where everything but systeminfo is redirected to
	Realm        string // of a hostile one: the realm of its challenge

	Signer *Signer
	// Review is a TokenReview at the identity service: the user of a token.
	Review func(token string) (username string, err error)
	// Login asks the Supervisor about a password, as Harbor does.
	Login func(username, password string) bool
	// Identity is in oidc_auth: whom an ID token for this registry names.
	Identity func(token string) (username string, err error)
	// Right tells what a person may do in a project.
	Right func(username, project string) string
}

// Registry is a running one.
type Registry struct {
	Config
	proxy *httputil.ReverseProxy
	mux   *http.ServeMux

	mu         sync.Mutex
	users      map[string]user // db_auth; oidc_auth: those who were at its page, with their CLI secrets
	robots     []*robot
	next       int64
	projects   []string // by ID
	authorized int      // requests that came with an Authorization header
}

// user is one of the registry's own.
type user struct {
	password string
	projects map[string]string
}

// New makes a registry. It is an http.Handler.
func New(c Config) *Registry {
	r := &Registry{Config: c, users: map[string]user{}, mux: http.NewServeMux()}
	r.proxy = &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(c.Backend)
			p.Out.Host = c.Host
			p.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		ModifyResponse: func(resp *http.Response) error {
			if challenge := resp.Header.Get("WWW-Authenticate"); challenge != "" {
				resp.Header.Set("WWW-Authenticate", realm.ReplaceAllLiteralString(challenge, `realm="`+r.realm()+`"`))
			}
			return nil
		},
	}
	r.mux.Handle("/v2/", r.proxy)
	r.mux.HandleFunc("/service/token", r.token)
	r.mux.HandleFunc("GET /api/systeminfo", r.systemInfo)
	r.mux.HandleFunc("GET /api/systeminfo/getcert", r.certificate)
	if !strings.HasPrefix(c.Version, "v1.") {
		r.mux.HandleFunc("GET /api/v2.0/systeminfo", r.systemInfo)
		r.mux.HandleFunc("GET /api/v2.0/systeminfo/getcert", r.certificate)
		r.mux.HandleFunc("GET /api/v2.0/projects/{name}", r.project)
		r.mux.HandleFunc("GET /api/v2.0/users/current", r.currentUser)
		r.mux.HandleFunc("POST /api/v2.0/robots", r.createRobot)
		r.mux.HandleFunc("GET /api/v2.0/robots", r.listRobots)
		r.mux.HandleFunc("PATCH /api/v2.0/robots/{id}", r.rotateRobot)
		r.mux.HandleFunc("DELETE /api/v2.0/robots/{id}", r.deleteRobot)
	}
	return r
}

var realm = regexp.MustCompile(`realm="[^"]*"`)

// realm is that of the host that was asked, as Harbor does since 2.13.
func (r *Registry) realm() string {
	if r.Realm != "" {
		return r.Realm
	}
	return "https://" + r.Host + "/service/token"
}

// ServeHTTP counts what comes with a login.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Authorization") != "" {
		r.mu.Lock()
		r.authorized++
		r.mu.Unlock()
	}
	if r.Redirect != "" && !strings.Contains(req.URL.Path, "systeminfo") {
		http.Redirect(w, req, r.Redirect, http.StatusTemporaryRedirect)
		return
	}
	r.mux.ServeHTTP(w, req)
}

// Authorized is how many requests came with an Authorization header.
func (r *Registry) Authorized() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.authorized
}

// AddUser creates a user of the registry's own. projects tells the right in each.
func (r *Registry) AddUser(name, password string, projects map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[name] = user{password, projects}
}

// systemInfo is what anybody may know (src/controller/systeminfo).
func (r *Registry) systemInfo(w http.ResponseWriter, _ *http.Request) {
	info := map[string]any{"auth_mode": r.Mode, "harbor_version": r.Version, "self_registration": false}
	if r.Mode == HTTPAuth {
		info["authproxy_settings"] = map[string]any{
			"endpoint": r.Endpoint, "tokenreivew_endpoint": strings.TrimSuffix(r.Endpoint, "/login") + "/tokenreview",
			"skip_search": true, "verify_cert": true, "server_certificate": string(r.CA),
		}
	}
	reply(w, http.StatusOK, info)
}

// currentUser tells somebody with an ID token about himself, if he was at the page before (src/server/middleware/security: idtoken.go).
func (r *Registry) currentUser(w http.ResponseWriter, req *http.Request) {
	token, bearer := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	name, err := "", errUnauthorized
	if bearer && r.Mode == OIDCAuth {
		name, err = r.Identity(token)
	}
	r.mu.Lock()
	u, found := r.users[name]
	r.mu.Unlock()
	if err != nil || !found {
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "unauthorized")
		return
	}
	reply(w, http.StatusOK, map[string]any{
		"user_id": 3, "username": name, "email": name, "sysadmin_flag": false,
		"oidc_user_meta": map[string]any{"id": 1, "user_id": 3, "secret": u.password, "subiss": "x"},
	})
}

func (r *Registry) certificate(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Header().Set("Content-Disposition", "attachment; filename=ca.crt")
	_, _ = w.Write(r.CA)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// fail is an error in Harbor's form.
func fail(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
}
