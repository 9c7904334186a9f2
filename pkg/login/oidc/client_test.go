package oidc

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func TestPassword(t *testing.T) {
	i := newIssuer(t)
	var got *http.Request
	i.answering(nil)
	next := i.location
	i.location = func(w http.ResponseWriter, r *http.Request) { got = r; next(w, r) }
	claims, err := i.client.Password(t.Context(), "alice", password)
	if err != nil || claims.Username != "alice@corp.example" || claims.Subject != "sub-1" {
		t.Fatalf("%+v %v", claims, err)
	}
	q := got.URL.Query()
	if got.Header.Get("Pinniped-Username") != "alice" || got.Header.Get("Pinniped-Password") != password.Reveal() {
		t.Error("the headers are not those of the reference")
	}
	form := i.forms[0]
	if q.Get("code_challenge") != challengeOf(form.Get("code_verifier")) || q.Get("code_challenge_method") != "S256" {
		t.Error("the challenge is not of the verifier")
	}
	want := map[string]string{
		"client_id": "pinniped-cli", "redirect_uri": "http://127.0.0.1:0/callback", "response_type": "code", "access_type": "offline",
		"pinniped_idp_name": "ldap", "scope": "offline_access openid pinniped:request-audience username groups",
	}
	for name, value := range want {
		if q.Get(name) != value {
			t.Errorf("%s is %q, not %q", name, q.Get(name), value)
		}
	}
	if len(q.Get("state")) < 16 || len(q.Get("nonce")) < 16 || q.Get("state") == q.Get("nonce") {
		t.Errorf("state %q, nonce %q", q.Get("state"), q.Get("nonce"))
	}
	form.Del("code_verifier")
	if diff := cmp.Diff(url.Values{
		"grant_type": {"authorization_code"}, "code": {"pin_ac_123456789"}, "client_id": {"pinniped-cli"}, "redirect_uri": {"http://127.0.0.1:0/callback"},
	}, form); diff != "" {
		t.Error(diff)
	}
	if i.client.Refresh.Reveal() != "pin_rt_1" || i.client.Access.Reveal() != "pin_at_1" || !i.client.Fresh(time.Now()) {
		t.Errorf("session: %q until %s", i.client.Refresh.Reveal(), i.client.AccessUntil)
	}
}

func TestPasswordIsNotSentWhereNobodyAskedForIt(t *testing.T) {
	i := newIssuer(t)
	i.location = func(http.ResponseWriter, *http.Request) { t.Error("it was sent") }
	i.client.Provider.Pinniped = pinniped{}
	if _, err := i.client.Password(t.Context(), "alice", password); !errors.Is(err, ErrNoPassword) {
		t.Error(err)
	}
}

// What a header cannot carry as it is is said before anything is sent, and not shown.
func TestPasswordIsNotSentWhenItCannotBe(t *testing.T) {
	for _, tc := range []struct {
		user     string
		password redact.Secret
		want     string // empty: it is sent
	}{
		{"alice", "s3c\nret", "the password holds a line end"},
		{"alice", "s3cret\r\n", "the password holds a line end"},
		{"alice", "s3c\x7fret", "the password holds a line end or another control character"},
		{"alice", " s3cret", "the password begins or ends with a space"},
		{"al\nice", "s3cret", "the user name holds a line end"},
		{"alice ", "s3cret", "the user name begins or ends with a space"},
		{"alicé", "s3 c\trét", ""},
	} {
		i, sent := newIssuer(t), ""
		i.answering(nil)
		next := i.location
		i.location = func(w http.ResponseWriter, r *http.Request) { sent = r.Header.Get("Pinniped-Password"); next(w, r) }
		_, err := i.client.Password(t.Context(), tc.user, tc.password)
		switch {
		case tc.want == "" && (err != nil || sent != tc.password.Reveal()):
			t.Errorf("%q: %v", sent, err)
		case tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "s3c") || sent != ""):
			t.Errorf("%s: %v", tc.want, err)
		}
	}
}

func TestPasswordIsRefused(t *testing.T) {
	const said = "The resource owner or authorization server denied the request. Username/password not accepted by LDAP provider."
	i := newIssuer(t)
	i.answering(func(q url.Values) url.Values {
		return url.Values{"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {said}}
	})
	_, err := i.client.Password(t.Context(), "alice", password)
	if !errors.Is(err, wire.ErrRefused) || err == nil || err.Error() != "Username/password not accepted by LDAP provider. (access_denied)" {
		t.Error(err)
	}
}

// Whatever the authorization endpoint answers but a redirect to us is no login, and is followed nowhere.
func TestPasswordAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		status   int
		location string
		want     string
	}{
		"a page":               {200, "", "wants a browser"},
		"a bad request":        {400, "", "identity provider's name"},
		"another host":         {303, "https://evil.example/callback?code=x", "another place"},
		"another port":         {303, "http://127.0.0.1:80/callback?code=x", "another place"},
		"another path":         {302, "http://127.0.0.1:0/other?code=x", "another place"},
		"another state":        {303, "http://127.0.0.1:0/callback?code=x&state=theirs", "not to this login"},
		"no state":             {303, "http://127.0.0.1:0/callback?code=x", "not to this login"},
		"a permanent redirect": {301, "http://127.0.0.1:0/callback?code=x", "status 301"},
	} {
		i := newIssuer(t)
		i.location = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", tc.location)
			w.WriteHeader(tc.status)
		}
		_, err := i.client.Password(t.Context(), "alice", password)
		if err == nil || !strings.Contains(err.Error(), tc.want) || len(i.forms) > 0 || i.client.Refresh.Secret != "" {
			t.Errorf("%s: %v, %d codes redeemed", name, err, len(i.forms))
		}
		if err != nil && (strings.Contains(err.Error(), "code=") || strings.Contains(err.Error(), password.Reveal())) {
			t.Errorf("%s: %v shows a secret", name, err)
		}
	}
}

// A token that is not believed ends the login, and nothing of the reply is kept.
func TestTokensThatAreNotBelieved(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) { c[name] = value }
	}
	later := time.Now().Add(time.Hour)
	kinds := map[string]error{"another audience": ErrAudience, "another client": ErrAudience}
	for name, tc := range map[string]struct {
		bend func(map[string]any)
		sign func(i *issuer) func(map[string]any) string
		want string
	}{
		"another nonce":     {set("nonce", "theirs"), nil, "another login"},
		"no nonce":          {func(c map[string]any) { delete(c, "nonce") }, nil, "another login"},
		"another issuer":    {set("iss", "https://evil.example"), nil, "issued by a different provider"},
		"another audience":  {set("aud", []string{"oth\aer"}), nil, `it is for another audience: expected audience "pinniped-cli" got ["oth\aer"]`},
		"another client":    {func(c map[string]any) { c["aud"], c["azp"] = []string{PinnipedClient, "other"}, "other" }, nil, "azp"},
		"not yet":           {set("nbf", later.Unix()), nil, "it is not good yet (nbf): is the clock of this machine right?"},
		"an end far away":   {set("exp", 99999999999999), nil, "thousands of years"},
		"ended":             {set("exp", time.Now().Add(-time.Second).Unix()), nil, "it ended at "},
		"of the future":     {set("iat", later.Unix()), nil, "clock of this machine"},
		"a name with bells": {set("username", "al\x07ice"), nil, "user name"},
		"a long name":       {set("username", strings.Repeat("a", 2000)), nil, "user name"},
		"another key": {nil, func(i *issuer) func(map[string]any) string {
			other := &issuer{t: i.t, kid: i.kid}
			other.newKey()
			return other.es256
		}, "not by a key of the issuer"},
		"no signature": {nil, func(*issuer) func(map[string]any) string { return unsigned }, ""},
		"a shared key": {nil, func(i *issuer) func(map[string]any) string {
			return func(c map[string]any) string { return i.with(jose.HS256, make([]byte, 32), c) }
		}, ""},
		"no token": {nil, func(*issuer) func(map[string]any) string {
			return func(map[string]any) string { return "garbage" }
		}, ""},
	} {
		i := newIssuer(t)
		i.bend = tc.bend
		if tc.sign != nil {
			i.sign = tc.sign(i)
		}
		i.answering(nil)
		_, err := i.client.Password(t.Context(), "alice", password)
		var distrusted *TokenError
		if !errors.As(err, &distrusted) || !strings.Contains(err.Error(), tc.want) || kinds[name] != nil && !errors.Is(err, kinds[name]) {
			t.Errorf("%s: %v", name, err)
		}
		if i.client.Refresh.Secret != "" || i.client.Access.Secret != "" || i.client.Subject != "" {
			t.Errorf("%s: something was kept", name)
		}
	}
}

func TestRenew(t *testing.T) {
	i := newIssuer(t)
	i.client.Refresh.Secret, i.client.Subject = "pin_rt_0", "sub-1"
	i.answers = []answer{i.tokens(1, "")}
	if err := i.client.Renew(t.Context(), nothing); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"pin_rt_0"}, "client_id": {"pinniped-cli"}}, i.forms[0]); diff != "" {
		t.Error(diff)
	}
	if i.client.Refresh.Reveal() != "pin_rt_1" {
		t.Errorf("the new refresh token is not kept")
	}
}

// The new refresh token is kept before anything else is done, and nothing that was not believed yet.
func TestRenewKeepsTheRefreshTokenFirst(t *testing.T) {
	i := newIssuer(t)
	i.client.Refresh.Secret, i.client.Subject = "pin_rt_0", "sub-1"
	i.answers = []answer{i.tokens(1, "")}
	kept := 0
	err := i.client.Renew(t.Context(), func() error {
		kept++
		if i.client.Refresh.Reveal() != "pin_rt_1" || i.client.Access.Secret != "" || i.asked["jwks"] != 0 {
			t.Errorf("kept %q and %q, %d times asked for keys", i.client.Refresh.Reveal(), i.client.Access.Reveal(), i.asked["jwks"])
		}
		return nil
	})
	if err != nil || kept != 1 || i.client.Access.Reveal() != "pin_at_1" {
		t.Errorf("%v, kept %d times", err, kept)
	}
	full := errors.New("disk full")
	i.answers = []answer{i.tokens(2, "")}
	if err := i.client.Renew(t.Context(), func() error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
}

// A plain issuer's renewal fails without an ID token, since API servers know a person by it: the person must log in.
func TestRenewWithoutAnIDToken(t *testing.T) {
	for _, plain := range []bool{true, false} {
		i := newIssuer(t)
		i.client.Refresh.Secret, i.client.Plain = "pin_rt_0", plain
		a := i.tokens(1, "")
		delete(a.body, "id_token")
		i.answers = []answer{a}
		if err := i.client.Renew(t.Context(), nothing); errors.Is(err, ErrNoID) != plain || !plain && (err != nil || i.client.Access.Reveal() != "pin_at_1") {
			t.Errorf("%t: %v", plain, err)
		}
	}
}

// What an issuer repeats of our secrets does not stand in an error.
func TestErrorsHoldNoSecret(t *testing.T) {
	const odd = redact.Secret(`s3cret "/+&%`)
	says := func(code string, what ...string) answer {
		return answer{400, map[string]any{"error": code, "error_description": "wrong: " + strings.Join(what, " ")}}
	}
	for name, do := range map[string]func(i *issuer) error{
		"refresh": func(i *issuer) error {
			i.client.Refresh.Secret = odd
			i.answers = []answer{says("invalid_grant", odd.Reveal(), url.QueryEscape(odd.Reveal()))}
			return i.client.Renew(t.Context(), nothing)
		},
		"code": func(i *issuer) error {
			i.answers = []answer{says("invalid_grant", odd.Reveal(), "the-verifier")}
			_, err := i.client.redeem(t.Context(), odd, attempt{verifier: "the-verifier"})
			if err != nil && strings.Contains(err.Error(), "the-verifier") {
				t.Error(err)
			}
			return err
		},
		"exchange": func(i *issuer) error {
			i.client.Access.Secret = odd
			i.answers = []answer{says("invalid_grant", odd.Reveal())}
			_, err := i.client.Exchange(t.Context(), "x")
			return err
		},
		"password grant": func(i *issuer) error {
			i.client.Plain = true
			i.answers = []answer{says("invalid_grant", odd.Reveal())}
			_, err := i.client.Password(t.Context(), "alice", odd)
			return err
		},
		"password headers": func(i *issuer) error {
			i.answering(func(q url.Values) url.Values {
				return url.Values{"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {"bad password " + odd.Reveal()}}
			})
			_, err := i.client.Password(t.Context(), "alice", odd)
			return err
		},
		"client": func(i *issuer) error {
			i.client.Client = "a job"
			i.answers = []answer{says("invalid_client", odd.Reveal(), "Basic", base64.StdEncoding.EncodeToString([]byte("a+job:"+url.QueryEscape(odd.Reveal()))))}
			_, err := i.client.asClient(t.Context(), odd)
			return err
		},
	} {
		err := do(newIssuer(t))
		const job = "YStqb2I6" // a+job: in base64
		if err == nil || !strings.Contains(err.Error(), "[secret]") || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), job) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A secret that is wrong is sent once, in the way that the issuer names, and refused is what it is.
func TestAClientProvesItselfInOneWay(t *testing.T) {
	for way, methods := range map[string][]string{"basic": nil, "basic ": {"client_secret_post", "client_secret_basic"}, "post": {"client_secret_post"}} {
		i := newIssuer(t)
		i.client.Provider.AuthMethods = methods
		i.answers = []answer{{401, map[string]any{"error": "invalid_client"}}}
		_, err := i.client.asClient(t.Context(), "wrong")
		if !errors.Is(err, ErrClient) || !errors.Is(err, wire.ErrRefused) || len(i.forms) != 1 || (i.forms[0].Get("client_secret") != "") != (way == "post") {
			t.Errorf("%s: %v, %d requests", way, err, len(i.forms))
		}
	}
}

// What an issuer gives to a client must be the issuer's.
func TestAClientsTokenIsVerified(t *testing.T) {
	for name, tc := range map[string]struct {
		bend func(map[string]any)
		id   bool
		ok   bool
	}{
		"an ID token":               {func(map[string]any) {}, true, true},
		"of another audience":       {func(c map[string]any) { c["aud"] = "other" }, true, false},
		"of another issuer":         {func(c map[string]any) { c["iss"] = "https://other.example" }, true, false},
		"an access token":           {func(c map[string]any) { c["aud"] = "an-api" }, false, true},
		"access of another issuer":  {func(c map[string]any) { c["iss"] = "https://other.example" }, false, false},
		"access of somebody's key":  {nil, false, false},
		"access in 4 minutes":       {func(c map[string]any) { c["nbf"] = time.Now().Add(4 * time.Minute).Unix() }, false, true},
		"access in 6 minutes":       {func(c map[string]any) { c["nbf"] = time.Now().Add(6 * time.Minute).Unix() }, false, false},
		"access until the year 1e6": {func(c map[string]any) { c["exp"] = 3e13 }, false, false},
	} {
		i := newIssuer(t)
		if i.bend = tc.bend; tc.bend == nil {
			other := newIssuer(t)
			i.sign = func(c map[string]any) string { return other.es256(c) }
		}
		body := map[string]any{"access_token": i.token(PinnipedClient, ""), "token_type": "bearer"}
		if tc.id {
			body["id_token"] = body["access_token"]
		}
		i.answers = []answer{{200, body}}
		if _, err := i.client.asClient(t.Context(), "s"); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key of a size that nobody means is not counted with: verifying by it could take for ever.
func TestKeysOfOddSizes(t *testing.T) {
	big := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxModulus+1), E: 65537}
	usual, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if usable(jose.JSONWebKey{Key: big}) || !usable(jose.JSONWebKey{Key: usual.Public()}) || usable(jose.JSONWebKey{Key: usual}) || usable(jose.JSONWebKey{Key: []byte("shared")}) {
		t.Error("which keys are used is not right")
	}
	i := newIssuer(t)
	var many []jose.JSONWebKey
	for n := range maxKeys + 1 {
		many = append(many, jose.JSONWebKey{Key: i.key.Public(), KeyID: fmt.Sprint(n)})
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { write(w, 200, jose.JSONWebKeySet{Keys: many}) }))
	defer server.Close()
	i.client.Wire, i.client.Provider.JWKS = &wire.Client{HTTP: server.Client()}, server.URL
	if err := i.client.FetchKeys(t.Context()); !errors.Is(err, wire.ErrServer) {
		t.Error(err)
	}
}

// A scope that the issuer does not list is not asked for, unless somebody says so: GitLab and Google refuse it.
func TestScopes(t *testing.T) {
	for name, tc := range map[string]struct {
		s    Session
		want string
	}{
		"nothing is listed": {Session{Plain: true, Scopes: []string{"email"}}, "offline_access openid email"},
		"listed":            {Session{Plain: true, Provider: Provider{Scopes: []string{"openid", "offline_access"}}}, "offline_access openid"},
		"not listed":        {Session{Plain: true, Provider: Provider{Scopes: []string{"openid"}}}, "openid"},
		"asked for":         {Session{Plain: true, Provider: Provider{Scopes: []string{"openid"}}, Scopes: []string{"offline_access"}}, "openid offline_access"},
	} {
		if got := strings.Join(tc.s.wanted(), " "); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The old refresh token is spent when there is an answer, whatever is wrong with the tokens in it.
func TestRenewOfSomebodyElse(t *testing.T) {
	i := newIssuer(t)
	i.client.Refresh.Secret, i.client.Subject = "pin_rt_0", "sub-0"
	i.answers = []answer{i.tokens(1, "")}
	err := i.client.Renew(t.Context(), nothing)
	var distrusted *TokenError
	if !errors.As(err, &distrusted) || i.client.Refresh.Reveal() != "pin_rt_1" || i.client.Fresh(time.Now()) {
		t.Errorf("%v, refresh token %s", err, i.client.Refresh.Reveal())
	}
}

func TestRenewIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		answer answer
		kind   error
	}{
		"Pinniped: used before":  {answer{400, map[string]any{"error": "invalid_grant", "error_description": "malformed"}}, ErrVoid},
		"Pinniped: not upstream": {answer{401, map[string]any{"error": "error", "error_description": "Error during upstream refresh."}}, wire.ErrServer},
		"a broken issuer":        {answer{500, map[string]any{"error": "server_error"}}, wire.ErrServer},
		"a proxy":                {answer{502, nil}, wire.ErrServer},
		"no OAuth error":         {answer{401, map[string]any{"message": "who are you"}}, wire.ErrServer},
		"no such client":         {answer{401, map[string]any{"error": "invalid_client"}}, wire.ErrServer},
		"another grant":          {answer{400, map[string]any{"error": "unsupported_grant_type"}}, wire.ErrServer},
		"too many":               {answer{429, map[string]any{"error": "slow_down"}}, wire.ErrServer},
	} {
		i := newIssuer(t)
		i.client.Refresh.Secret = "pin_rt_0"
		i.answers = []answer{tc.answer}
		err := i.client.Renew(t.Context(), nothing)
		if !errors.Is(err, tc.kind) || errors.Is(err, wire.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if i.client.Refresh.Reveal() != "pin_rt_0" || strings.Contains(err.Error(), "pin_rt_") {
			t.Errorf("%s: the refresh token was lost or shown: %v", name, err)
		}
	}
}

func TestExchange(t *testing.T) {
	i := newIssuer(t)
	i.client.Access.Secret = "pin_at_0"
	i.answers = []answer{{200, map[string]any{
		"access_token": i.token("tkc1-uid", ""), "issued_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_type": "N_A",
	}}}
	got, err := i.client.Exchange(t.Context(), "tkc1-uid")
	if err != nil || time.Until(got.Expires) < time.Minute {
		t.Fatal(got.Expires, err)
	}
	if diff := cmp.Diff(url.Values{
		"client_id": {"pinniped-cli"}, "grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": {"tkc1-uid"},
		"subject_token": {"pin_at_0"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
	}, i.forms[0]); diff != "" {
		t.Error(diff)
	}
}

func TestExchangeForAnotherAudience(t *testing.T) {
	i := newIssuer(t)
	i.client.Access.Secret = "pin_at_0"
	i.answers = []answer{{200, map[string]any{"access_token": i.token("other", ""), "token_type": "N_A"}}}
	var distrusted *TokenError
	if _, err := i.client.Exchange(t.Context(), "tkc1-uid"); !errors.As(err, &distrusted) {
		t.Error(err)
	}
}

// Keys are asked for once, and again only when a token names one that is not known.
func TestKeysAreRemembered(t *testing.T) {
	i := newIssuer(t)
	verify := func() error {
		if _, err := i.client.verify(t.Context(), "", "", ""); !errors.Is(err, ErrNoToken) {
			t.Fatal(err)
		}
		i.answers = []answer{i.tokens(1, "")}
		i.client.Refresh.Secret = "pin_rt_0"
		return i.client.Renew(t.Context(), nothing)
	}
	for range 3 {
		if err := verify(); err != nil {
			t.Fatal(err)
		}
	}
	if i.asked["jwks"] != 1 {
		t.Errorf("the keys were asked for %d times", i.asked["jwks"])
	}
	i.kid = "two"
	i.newKey()
	if err := verify(); err != nil || i.asked["jwks"] != 2 {
		t.Errorf("after the issuer took another key: %v, asked %d times", err, i.asked["jwks"])
	}
}

func TestSessionIsKept(t *testing.T) {
	i := newIssuer(t)
	i.answering(nil)
	if _, err := i.client.Password(t.Context(), "alice", password); err != nil {
		t.Fatal(err)
	}
	text, err := i.client.JSON()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseSession(text)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := got.JSON()
	if string(again) != string(text) || got.Refresh.Reveal() != "pin_rt_1" || got.Provider.Token != i.client.Provider.Token || len(got.Provider.Keys) == 0 {
		t.Errorf("%s", string(text))
	}
}

// A person must log in again 9 hours after the last refresh at Pinniped, and where nothing renews the session when its token ends.
func TestEnds(t *testing.T) {
	refresh, access, id, renewed, last := redact.Stored{Secret: "r"}, time.Unix(60, 0), time.Unix(600, 0), time.Unix(7200, 0), time.Unix(9*3600, 0)
	supervisor := Provider{Pinniped: pinniped{IdentityProviders: "https://sup.example.com/v1alpha1/providers"}}
	for name, tc := range map[string]struct {
		s    Session
		want time.Time
	}{
		"Pinniped":                        {Session{Provider: supervisor, Refresh: refresh, Renewed: renewed, AccessUntil: access}, renewed.Add(9 * time.Hour)},
		"Pinniped, of an earlier version": {Session{Provider: supervisor, Refresh: refresh, AccessUntil: access}, last},
		"Pinniped, no refresh token":      {Session{Provider: supervisor, AccessUntil: access}, access},
		"another, that renews":            {Session{Plain: true, Refresh: refresh, AccessUntil: access, IDUntil: id}, time.Time{}},
		"another, no refresh token":       {Session{Plain: true, AccessUntil: access, IDUntil: id}, id},
		"a runner, with the next token":   {Session{Plain: true, TokenFile: "f"}, time.Time{}},
		"a client that logs in by itself": {Session{Plain: true, SecretVariable: "V"}, time.Time{}},
	} {
		if got := tc.s.Ends(last); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Keys that cannot be had are an outage, whatever the status: no word on the token, and no refusal of the person.
func TestKeysCannotBeHad(t *testing.T) {
	for _, status := range []int{401, 403, 404, 503} {
		i := newIssuer(t)
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		i.client.Wire = &wire.Client{HTTP: server.Client()}
		i.client.Provider.JWKS = server.URL
		_, err := i.client.verify(t.Context(), redact.Secret(i.token(PinnipedClient, "")), PinnipedClient, "")
		server.Close()
		var distrusted *TokenError
		if !errors.Is(err, wire.ErrServer) || errors.Is(err, wire.ErrRefused) || errors.As(err, &distrusted) {
			t.Errorf("%d: %v", status, err)
		}
	}
}
