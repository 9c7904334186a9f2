package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// person is a user of Pinniped who does by hand what a client does: it shares no code with the program.
type person struct {
	*testing.T
	user
	issuer string
	client *http.Client // trusts the site's CA and follows no redirect
	access string
}

// newClient trusts a CA, and shows a certificate if there is one.
func newClient(t *testing.T, ca []byte, certs ...tls.Certificate) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatal("there is no certificate in the CA")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certs}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send asks, and reads a JSON reply into out unless it is nil.
func (p *person) send(client *http.Client, req *http.Request, out any) (int, http.Header) {
	p.Helper()
	resp, err := client.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	if out != nil && len(text) > 0 && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, out); err != nil {
			p.Fatalf("%s: %v: %s", req.URL, err, text)
		}
	}
	return resp.StatusCode, resp.Header
}

func (p *person) request(method, address, contentType string, body []byte) *http.Request {
	p.Helper()
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// get wants a status.
func (p *person) get(client *http.Client, address string, want int) {
	p.Helper()
	if code, _ := p.send(client, p.request(http.MethodGet, address, "", nil), nil); code != want {
		p.Errorf("%s: %d, not %d", address, code, want)
	}
}

// read wants a JSON reply.
func (p *person) read(client *http.Client, address string, out any) {
	p.Helper()
	if code, _ := p.send(client, p.request(http.MethodGet, address, "", nil), out); code != http.StatusOK {
		p.Fatalf("%s: %d", address, code)
	}
}

// login proves the password by headers, and gets an access token for the code.
func (p *person) login() {
	p.Helper()
	const verifier, redirect = "0123456789012345678901234567890123456789012345678901234567890123", "http://127.0.0.1:0/callback"
	sum := sha256.Sum256([]byte(verifier))
	req := p.request(http.MethodGet, p.issuer+"/oauth2/authorize?"+url.Values{
		"client_id": {"pinniped-cli"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"nonce": {"0123456789abcdef"}, "pinniped_idp_name": {"lab-ldap"}, "redirect_uri": {redirect}, "response_type": {"code"},
		"scope": {"offline_access openid pinniped:request-audience"}, "state": {"fedcba9876543210"},
	}.Encode(), "", nil)
	req.Header.Set("Pinniped-Username", p.Username)
	req.Header.Set("Pinniped-Password", p.Password)
	code, header := p.send(p.client, req, nil)
	to, err := url.Parse(header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		p.Fatalf("%d %v", code, header)
	}
	p.access = p.token(url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "code_verifier": {verifier}, "redirect_uri": {redirect}})
}

// exchange gives a token for an audience.
func (p *person) exchange(audience string) string {
	p.Helper()
	return p.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": {audience}, "subject_token": {p.access},
		"subject_token_type":   {"urn:ietf:params:oauth:token-type:access_token"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
	})
}

func (p *person) token(form url.Values) string {
	p.Helper()
	form.Set("client_id", "pinniped-cli")
	var out struct {
		Token string `json:"access_token"`
	}
	req := p.request(http.MethodPost, p.issuer+"/oauth2/token", "application/x-www-form-urlencoded", []byte(form.Encode()))
	if code, _ := p.send(p.client, req, &out); code != http.StatusOK || out.Token == "" {
		p.Fatalf("%s: %d", form.Get("grant_type"), code)
	}
	return out.Token
}

// The two paths of a Concierge: of a new one, and of an old one.
const (
	conciergePath           = "/apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"
	conciergeNamespacedPath = "/apis/login.concierge.pinniped.dev/v1alpha1/namespaces/pinniped-concierge/tokencredentialrequests"
)

// credential is what a Concierge answers.
type credential struct {
	Status struct {
		Message    string
		Credential struct {
			ExpirationTimestamp                  time.Time
			ClientCertificateData, ClientKeyData string
		}
	}
}

// present gives a token to a Concierge, without credentials.
func (p *person) present(server string, ca []byte, path, token string) (int, credential) {
	p.Helper()
	body, err := json.Marshal(map[string]any{
		"kind": "TokenCredentialRequest", "apiVersion": "login.concierge.pinniped.dev/v1alpha1", "metadata": map[string]any{},
		"spec": map[string]any{"token": token, "authenticator": map[string]any{
			"apiGroup": "authentication.concierge.pinniped.dev", "kind": "JWTAuthenticator", "name": "tkg-jwt-authenticator"}},
		"status": map[string]any{},
	})
	if err != nil {
		p.Fatal(err)
	}
	var out credential
	code, _ := p.send(newClient(p.T, ca), p.request(http.MethodPost, server+path, "application/json", body), &out)
	return code, out
}

// certified is the client that a Concierge makes of a token.
func (p *person) certified(server string, ca []byte, token string) *http.Client {
	p.Helper()
	code, out := p.present(server, ca, conciergePath, token)
	if code != http.StatusCreated || out.Status.Message != "" {
		p.Fatalf("%s: %d %s", server, code, out.Status.Message)
	}
	given := out.Status.Credential
	if left := time.Until(given.ExpirationTimestamp); left < 4*time.Minute || left > 5*time.Minute {
		p.Errorf("the certificate is good for %v", left)
	}
	pair, err := tls.X509KeyPair([]byte(given.ClientCertificateData), []byte(given.ClientKeyData))
	if err != nil {
		p.Fatal(err)
	}
	return newClient(p.T, ca, pair)
}

// whoami asks an API server who it takes a client for.
func (p *person) whoami(server string, client *http.Client) string {
	p.Helper()
	var out struct {
		Status struct{ UserInfo struct{ Username string } }
	}
	body := []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`)
	req := p.request(http.MethodPost, server+"/apis/authentication.k8s.io/v1/selfsubjectreviews", "application/json", body)
	if code, _ := p.send(client, req, &out); code != http.StatusCreated {
		p.Fatalf("%s: %d", server, code)
	}
	if asked := p.pinnipedWhoami(server, client); asked != out.Status.UserInfo.Username {
		p.Errorf("the Concierge of %s says %s", server, asked)
	}
	return out.Status.UserInfo.Username
}

// pinnipedWhoami asks the Concierge for the same, as "pinniped whoami" does.
func (p *person) pinnipedWhoami(server string, client *http.Client) string {
	p.Helper()
	var out struct {
		Status struct {
			KubernetesUserInfo struct{ User struct{ Username string } }
		}
	}
	body := []byte(`{"apiVersion":"identity.concierge.pinniped.dev/v1alpha1","kind":"WhoAmIRequest","metadata":{},"spec":{},"status":{"kubernetesUserInfo":{"user":{"username":""}}}}`)
	req := p.request(http.MethodPost, server+"/apis/identity.concierge.pinniped.dev/v1alpha1/whoamirequests", "application/json", body)
	if code, _ := p.send(client, req, &out); code != http.StatusCreated {
		p.Fatalf("%s: %d", server, code)
	}
	return out.Status.KubernetesUserInfo.User.Username
}

// newPerson is a user with a Supervisor's front of its own, which has an identity provider; server is its API server.
func newPerson(t *testing.T, name, role string, namespaces ...string) (p *person, server string) {
	t.Helper()
	u, err := addUser(name, role, namespaces...)
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ Server string }
	if err := adminCall(http.MethodPost, "fronts", map[string]any{"supervisor": 0, "identity": true}, &out); err != nil {
		t.Fatal(err)
	}
	p = &person{T: t, user: u, issuer: "https://" + out.Server + "/wcp/pinniped", client: newClient(t, readFile(t, site.Supervisors[0].CA))}
	p.login()
	host := out.Server
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return p, "https://" + net.JoinHostPort(host, "6443")
}
