package consoletest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
)

// Issuer is a strict identity provider: a Supervisor's Pinniped, or one that an API server trusts directly. Its tokens are signed with
// ES256, as Pinniped's are. Fields may be changed between runs.
type Issuer struct {
	URL    string
	Client string
	Users  map[string]string // passwords
	// Providers are the identity providers of a Pinniped; nil: it is another issuer, which takes a password grant.
	Providers []Provider
	// Replies answer a request in place of the issuer: "GET /jwks", "authorize", "revoke", or "token " and the grant.
	Replies map[string]http.HandlerFunc
	// NoRefresh means that it gives no refresh token, and Revokes that it has a revocation endpoint.
	NoRefresh, Revokes bool
	// Document replaces members of the discovery document; nil leaves one out. Answer is added to what a browser brings back.
	Document map[string]any
	Answer   map[string]string
	// Names are the users that tokens name, by those who log in; others are named as they log in.
	Names map[string]string
	// Secret is that of the client, which may log in as itself with it.
	Secret string

	w        *World
	key      *ecdsa.PrivateKey
	mu       sync.Mutex
	requests map[string]int
	codes    map[string]code
	access   map[string]string // user
	refresh  map[string]string // user
}

// Provider is an identity provider of a Pinniped.
type Provider struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Flows []string `json:"flows"`
}

// The identity providers that most tests need.
var (
	ldap = Provider{"ldap", "ldap", []string{"cli_password", "browser_authcode"}}
	okta = Provider{"okta", "oidc", []string{"browser_authcode"}}
)

// LDAP takes a password or a browser.
func LDAP() Provider { return ldap }

// Okta takes a browser only.
func Okta() Provider { return okta }

// code is what a browser brings back.
type code struct{ user, nonce, challenge, redirect string }

// TokenLife is how long the tokens of an Issuer are good.
const TokenLife = 2 * time.Minute

// Issuer serves an issuer at a host, port 443. Its one user is User.
func (w *World) Issuer(host string) *Issuer {
	w.t.Helper()
	i := w.issuer("https://" + host)
	i.Client = "kube"
	w.Serve(host+":443", w.CA, i)
	return i
}

func (w *World) issuer(address string) *Issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return &Issuer{
		URL: address, Users: map[string]string{User: Password}, Replies: map[string]http.HandlerFunc{}, w: w, key: key,
		requests: map[string]int{}, codes: map[string]code{}, access: map[string]string{}, refresh: map[string]string{},
	}
}

// Count is how many requests of a name (see Replies) there were.
func (i *Issuer) Count(name string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests[name]
}

// Secrets is how many requests brought a password, a code, a token or a secret of the client.
func (i *Issuer) Secrets() (n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for name, count := range i.requests {
		if name == "authorize" || name == "revoke" || strings.HasPrefix(name, "token ") {
			n += count
		}
	}
	return n
}

// EndSessions makes every token that was handed out void.
func (i *Issuer) EndSessions() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.access)
	clear(i.refresh)
}

// LiveTokens is how many refresh tokens are good.
func (i *Issuer) LiveTokens() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.refresh)
}

// ServeHTTP counts a request and answers it.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	base, _ := url.Parse(i.URL)
	path := strings.TrimPrefix(r.URL.Path, base.Path)
	name := r.Method + " " + path
	switch path {
	case "/token":
		_ = r.ParseForm()
		grant := r.PostFormValue("grant_type")
		name = "token " + grant[strings.LastIndexByte(grant, ':')+1:]
	case "/authorize", "/revoke":
		name = path[1:]
	}
	i.mu.Lock()
	i.requests[name]++
	reply := i.Replies[name]
	i.mu.Unlock()
	answers := map[string]http.HandlerFunc{
		"GET /.well-known/openid-configuration": i.document, "GET /jwks": i.keys, "GET /providers": i.providers, "authorize": i.authorize,
		"token password": i.byPassword, "token refresh_token": i.byRefresh, "token authorization_code": i.byCode,
		"token token-exchange": i.exchange, "token client_credentials": i.byClient, "revoke": i.revoke,
	}
	switch answer := answers[name]; {
	case reply != nil:
		reply(w, r)
	case answer == nil:
		i.w.t.Errorf("the issuer %s does not expect %s", i.URL, name)
		w.WriteHeader(http.StatusTeapot)
	default:
		answer(w, r)
	}
}

// PinnipedMember is the member of the discovery document that only a Pinniped has.
const PinnipedMember = "discovery.supervisor.pinniped.dev/v1alpha1"

func (i *Issuer) document(w http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/jwks",
		"scopes_supported":         []string{"openid", "offline_access", "pinniped:request-audience", "username", "groups"},
		"response_modes_supported": []string{"query"},
	}
	if i.Providers != nil {
		doc[PinnipedMember] = map[string]string{"pinniped_identity_providers_endpoint": i.URL + "/providers"}
	}
	if i.Revokes {
		doc["revocation_endpoint"] = i.URL + "/revoke"
	}
	for name, value := range i.Document {
		if doc[name] = value; value == nil {
			delete(doc, name)
		}
	}
	objecttest.WriteJSON(w, http.StatusOK, doc)
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	objecttest.WriteJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
}

func (i *Issuer) providers(w http.ResponseWriter, _ *http.Request) {
	objecttest.WriteJSON(w, http.StatusOK, map[string]any{"pinniped_identity_providers": i.Providers})
}

// authorize takes a password in Pinniped's headers, or in Basic, by which a test stands for a person at the issuer's page (Browser).
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	named := slices.ContainsFunc(i.Providers, func(p Provider) bool { return p.Name == q.Get("pinniped_idp_name") })
	if q.Get("client_id") != i.Client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || i.Providers != nil && !named {
		i.w.t.Errorf("a wrong authorization request: %s", r.URL.RawQuery)
	}
	user, password := r.Header.Get("Pinniped-Username"), r.Header.Get("Pinniped-Password")
	if u, p, ok := r.BasicAuth(); ok {
		user, password = u, p
	}
	to := url.Values{"state": {q.Get("state")}}
	if right, ok := i.Users[user]; !ok || right != password {
		to.Set("error", "access_denied")
		to.Set("error_description", "Username/password not accepted by LDAP provider.")
	} else {
		text := "pin_ac_" + rand.Text()
		to.Set("code", text)
		i.mu.Lock()
		i.codes[text] = code{user, q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}
		i.mu.Unlock()
	}
	for name, value := range i.Answer {
		to.Set(name, value)
	}
	w.Header().Set("Location", q.Get("redirect_uri")+"?"+to.Encode())
	w.WriteHeader(http.StatusSeeOther)
}
