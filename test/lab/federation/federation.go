// Package federation is the FederationDomain of a Supervisor's Pinniped: an OIDC issuer below /wcp/pinniped whose one client is
// pinniped-cli. It is strict: what the official client does not send is an error. Section numbers are those of the reference
// oidc-and-exec.md.
package federation

import (
	"cmp"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The client and what it may ask for (section 2.3).
const (
	ClientID     = "pinniped-cli"
	RequestScope = "pinniped:request-audience"
)

var scopesSupported = []string{"openid", "offline_access", RequestScope, "username", "groups"}

// User is who an upstream says somebody is.
type User struct {
	Username string
	Groups   []string

	// What an upstream of type oidc adds: who it is, how it calls the user, and its newest refresh token.
	issuer, subject, refresh string
}

// Upstream is an identity provider: one that proves passwords, as LDAP does, or an OIDC provider.
type Upstream struct {
	Name string
	Type string // oidc, ldap, activedirectory or github
	// Flows are in the order of preference: cli_password, browser_authcode.
	Flows []string
	// OIDC is the provider of type oidc, which is asked in the place of Check and Again.
	OIDC *OIDC
	// Check proves a password, for the name that a person types; User.Username may be another one. Again tells at each refresh whether the
	// user is still welcome.
	Check func(username, password string) (User, bool)
	Again func(username string) bool
	// NamePrefix is the transform of the administrators: tokens name users with it.
	NamePrefix string
}

// Lifetimes of what is handed out (section 2.7).
type Lifetimes struct{ Code, Access, Refresh time.Duration }

// DefaultLifetimes are those of a real one: nothing of them can be configured there.
var DefaultLifetimes = Lifetimes{Code: 10 * time.Minute, Access: 2 * time.Minute, Refresh: 9 * time.Hour}

// Config is a FederationDomain.
type Config struct {
	Issuer    string // https, without a slash at the end
	Upstreams []Upstream
	Lifetimes Lifetimes // each 0: as in DefaultLifetimes
	Now       func() time.Time
}

// Service answers below the issuer's path.
type Service struct {
	Config
	key *ecdsa.PrivateKey
	kid string

	mu       sync.Mutex
	sessions []*session
	pending  map[string]pending // by the upstream's state
}

// New makes the service with a key of its own.
func New(c Config) (*Service, error) {
	s := &Service{Config: c, pending: map[string]pending{}}
	s.Lifetimes.Code = cmp.Or(c.Lifetimes.Code, DefaultLifetimes.Code)
	s.Lifetimes.Access = cmp.Or(c.Lifetimes.Access, DefaultLifetimes.Access)
	s.Lifetimes.Refresh = cmp.Or(c.Lifetimes.Refresh, DefaultLifetimes.Refresh)
	if s.Now == nil {
		s.Now = time.Now
	}
	return s, s.newKey()
}

// Handler serves the paths of section 2.1.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /jwks.json", s.jwks)
	mux.HandleFunc("GET /v1alpha1/pinniped_identity_providers", s.identityProviders)
	mux.HandleFunc("GET /oauth2/authorize", s.authorize)
	mux.HandleFunc("POST /oauth2/authorize", s.authorize)
	mux.HandleFunc("GET /choose_identity_provider", s.choosePage)
	mux.HandleFunc("GET /callback", s.callback)
	mux.HandleFunc("GET /login", s.loginPage)
	mux.HandleFunc("POST /login", s.loginForm)
	mux.HandleFunc("POST /oauth2/token", s.token)
	u, err := url.Parse(s.Issuer)
	if err != nil {
		panic(err) // It is the lab's own.
	}
	return http.StripPrefix(u.Path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Host, u.Host) { // Another name for the same server is no issuer.
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// discovery is the document of section 2.2: no grant types, no device endpoint, no revocation, no user info.
func (s *Service) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.Issuer,
		"authorization_endpoint":                s.Issuer + "/oauth2/authorize",
		"token_endpoint":                        s.Issuer + "/oauth2/token",
		"jwks_uri":                              s.Issuer + "/jwks.json",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query", "form_post"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
		"scopes_supported":                      scopesSupported,
		"code_challenge_methods_supported":      []string{"S256"},
		"claims_supported":                      []string{"username", "groups", "additionalClaims"},
		"discovery.supervisor.pinniped.dev/v1alpha1": map[string]string{
			"pinniped_identity_providers_endpoint": s.Issuer + "/v1alpha1/pinniped_identity_providers",
		},
	})
}

func (s *Service) identityProviders(w http.ResponseWriter, _ *http.Request) {
	type provider struct {
		Name  string   `json:"name"`
		Type  string   `json:"type"`
		Flows []string `json:"flows"`
	}
	all := []provider{}
	for _, u := range s.sorted() {
		all = append(all, provider{u.Name, u.Type, u.Flows})
	}
	types := []map[string]string{}
	for _, t := range []string{"activedirectory", "github", "ldap", "oidc"} {
		types = append(types, map[string]string{"type": t})
	}
	writeJSON(w, http.StatusOK, map[string]any{"pinniped_identity_providers": all, "pinniped_supported_identity_provider_types": types})
}

func (s *Service) jwks(w http.ResponseWriter, _ *http.Request) {
	point, err := s.key.PublicKey.Bytes() // 0x04, X, Y
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	encode := base64.RawURLEncoding.EncodeToString
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"use": "sig", "kty": "EC", "kid": s.kid, "crv": "P-256", "alg": "ES256", "x": encode(point[1:33]), "y": encode(point[33:65]),
	}}})
}

func (s *Service) upstream(name string) (Upstream, bool) {
	i := slices.IndexFunc(s.Upstreams, func(u Upstream) bool { return u.Name == name })
	if i < 0 {
		return Upstream{}, false
	}
	return s.Upstreams[i], true
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
