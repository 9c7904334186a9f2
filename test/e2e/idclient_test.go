package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// idClient is a client of one issuer, as a command line is: a verifier, a state, and a listener for the browser.
type idClient struct {
	t               *testing.T
	issuer          string // of a FederationDomain
	verifier, state string
	listener        *httptest.Server
	got             chan url.Values // what came to the listener
}

const loggedIn = "You are logged in."

// newIDClient adds a front with the providers and makes a client of its issuer.
func newIDClient(t *testing.T, front map[string]any) *idClient {
	t.Helper()
	var out struct{ Server string }
	front["supervisor"], front["identity"] = 0, true
	if err := adminCall(http.MethodPost, "fronts", front, &out); err != nil {
		t.Fatal(err)
	}
	c := &idClient{t: t, issuer: "https://" + out.Server + "/wcp/pinniped", verifier: randomHex(), state: randomHex(), got: make(chan url.Values, 1)}
	c.listener = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.got <- r.URL.Query()
		_, _ = io.WriteString(w, loggedIn)
	}))
	t.Cleanup(c.listener.Close)
	return c
}

func randomHex() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// authorizeURL returns the URL that a client opens in the browser. It names no provider if provider is empty.
func (c *idClient) authorizeURL(provider string) string {
	sum := sha256.Sum256([]byte(c.verifier))
	q := url.Values{
		"access_type": {"offline"}, "client_id": {"pinniped-cli"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"}, "nonce": {randomHex()}, "redirect_uri": {c.redirect()}, "response_type": {"code"},
		"scope": {"offline_access openid pinniped:request-audience"}, "state": {c.state},
	}
	if provider != "" {
		q.Set("pinniped_idp_name", provider)
	}
	return c.issuer + "/oauth2/authorize?" + q.Encode()
}

func (c *idClient) redirect() string { return c.listener.URL + "/callback" }

// redeem takes the code that came with q.
func (c *idClient) redeem(q url.Values) map[string]any {
	c.t.Helper()
	if q.Get("state") != c.state || q.Get("code") == "" {
		c.t.Fatalf("%v", q)
	}
	status, reply := c.token(url.Values{"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "code_verifier": {c.verifier}, "redirect_uri": {c.redirect()}})
	if status != http.StatusOK {
		c.t.Fatalf("%d %v", status, reply)
	}
	return reply
}

func (c *idClient) refresh(tokens map[string]any) (int, map[string]any) {
	c.t.Helper()
	return c.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}})
}

func (c *idClient) token(form url.Values) (int, map[string]any) {
	c.t.Helper()
	form.Set("client_id", "pinniped-cli")
	return postForm(c.t, c.issuer+"/oauth2/token", form)
}

// byHeaders logs in without a browser and returns where the redirect leads.
func (c *idClient) byHeaders(provider string, u user) url.Values {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodGet, c.authorizeURL(provider), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Pinniped-Username", u.Username)
	req.Header.Set("Pinniped-Password", u.Password)
	resp, err := labTransport(c.t).RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil || !strings.HasPrefix(to.String(), c.redirect()+"?") {
		c.t.Fatalf("%s %v", resp.Status, err)
	}
	return to.Query()
}

func postForm(t *testing.T, to string, form url.Values) (int, map[string]any) {
	t.Helper()
	resp, err := (&http.Client{Transport: labTransport(t)}).PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var reply map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		t.Fatalf("%s %v", resp.Status, err)
	}
	return resp.StatusCode, reply
}

// claim reads one claim of a token.
func claim(t *testing.T, token any, name string) string {
	t.Helper()
	parts := strings.Split(fmt.Sprint(token), ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %v", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		t.Fatalf("%s %v", text, err)
	}
	return fmt.Sprint(claims[name])
}
