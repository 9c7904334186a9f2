package federation

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// provider is a small OIDC provider that signs what a test wants.
type provider struct {
	*Service // for its key
	claims   map[string]any
	reply    map[string]any // of the token endpoint, beside the ID token
}

func newProvider(t *testing.T) (*provider, *OIDC) {
	t.Helper()
	p := &provider{}
	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	var err error
	if p.Service, err = New(Config{Issuer: web.URL}); err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks.json", p.jwks)
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		if user, secret, ok := r.BasicAuth(); !ok || user != "client" || secret != "hidden" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		reply := maps.Clone(p.reply)
		reply["id_token"], _ = p.sign(p.claims)
		writeJSON(w, http.StatusOK, reply)
	})
	o, err := NewOIDC(t.Context(), OIDCConfig{Issuer: web.URL, ClientID: "client", ClientSecret: "hidden", HTTP: web.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return p, o
}

// good are a reply and its claims that are taken.
func (p *provider) good() {
	p.reply = map[string]any{"access_token": "a", "token_type": "bearer", "refresh_token": "r2"}
	p.claims = map[string]any{
		"iss": p.Issuer, "aud": "client", "sub": "1", "exp": time.Now().Add(time.Minute).Unix(), "nonce": "n", "email": email, "email_verified": true,
		"groups": []string{"devs"},
	}
}

// What an upstream says is believed only when it is signed, for us, of this login and about a verified address.
func TestUpstreamClaims(t *testing.T) {
	p, o := newProvider(t)
	p.good()
	user, err := o.redeem(t.Context(), "code", "verifier", "n")
	if err != nil || user.Username != email || user.subject != "1" || user.refresh != "r2" || len(user.Groups) != 1 {
		t.Fatalf("%v %v", user, err)
	}
	for name, spoil := range map[string]func(){
		"issuer":     func() { p.claims["iss"] = "https://other" },
		"audience":   func() { p.claims["aud"] = "other" },
		"expiry":     func() { p.claims["exp"] = time.Now().Add(-time.Hour).Unix() },
		"nonce":      func() { p.claims["nonce"] = "m" },
		"no email":   func() { delete(p.claims, "email") },
		"unverified": func() { p.claims["email_verified"] = false },
		"no refresh": func() { delete(p.reply, "refresh_token") },
	} {
		p.good()
		spoil()
		if user, err := o.redeem(t.Context(), "code", "verifier", "n"); err == nil {
			t.Errorf("%s: %v is taken", name, user)
		}
	}
}

// Section 2.6: a refresh that tells of somebody else is refused; new groups are taken.
func TestUpstreamRefreshClaims(t *testing.T) {
	p, o := newProvider(t)
	old := User{Username: email, subject: "1", refresh: "r1"}
	p.good()
	if user, err := o.again(t.Context(), old); err != nil || user.refresh != "r2" || user.Groups[0] != "devs" {
		t.Errorf("%v %v", user, err)
	}
	for _, name := range []string{"sub", "email"} {
		p.good()
		p.claims[name] = "other@vsphere.local"
		if user, err := o.again(t.Context(), old); err == nil {
			t.Errorf("another %s: %v is taken", name, user)
		}
	}
}
