package contract

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// newFederation is the FederationDomain of the front: LDAP, which is the vCenter's accounts, and a real Dex.
func (l *lab) newFederation(t *testing.T, ca *pki.CA) *federation.Service {
	t.Helper()
	provider := l.newDex(t, ca)
	s, err := federation.New(federation.Config{Issuer: pinniped, Upstreams: []federation.Upstream{
		{
			Name: "z-ldap", Type: "ldap", Flows: []string{"cli_password", "browser_authcode"},
			Check: func(name, password string) (federation.User, bool) {
				u, err := l.vcenter.Check(name, password)
				return federation.User{Username: u.Username, Groups: u.Groups}, err == nil
			},
		},
		{Name: "a-dex", Type: "oidc", Flows: []string{"browser_authcode", "cli_password"}, OIDC: provider},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (l *lab) newDex(t *testing.T, ca *pki.CA) *federation.OIDC {
	t.Helper()
	pair, err := ca.Server("dex", []net.IP{net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12}
	issuer := "https://" + server.Listener.Addr().String() + "/dex"
	if l.dex, err = dex.New(t.Context(), dex.Config{Issuer: issuer}); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = l.dex
	server.StartTLS()
	t.Cleanup(server.Close)
	l.dex.AddUser(dev, "VMware1!", []string{"developers@vsphere.local"})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.roots, MinVersion: tls.VersionTLS12}}}
	t.Cleanup(client.CloseIdleConnections)
	provider, err := federation.NewOIDC(t.Context(), federation.OIDCConfig{
		Issuer: issuer, ClientID: dex.FederationClient, ClientSecret: l.dex.Secret(), RedirectURL: pinniped + "/callback", HTTP: client,
	})
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

// What the client of the golden requests knows: the challenge is that of the verifier.
const (
	pinniped  = "https://10.0.0.1/wcp/pinniped"
	verifier  = "0123456789012345678901234567890123456789012345678901234567890123"
	challenge = "lnTZ4HhTW3zsQyhDh6buOZVhiOc1qFRSsAULVTQc2lY"
	authorize = "access_type=offline&client_id=pinniped-cli&code_challenge=" + challenge + "&code_challenge_method=S256" +
		"&nonce=0123456789abcdef0123456789abcdef&pinniped_idp_name=z-ldap&pinniped_idp_type=ldap" +
		"&redirect_uri=http%3A%2F%2F127.0.0.1%3A58345%2Fcallback&response_type=code" +
		"&scope=groups+offline_access+openid+pinniped%3Arequest-audience+username&state=fedcba9876543210fedcba9876543210"
	callback = "http://127.0.0.1:58345/callback"
	state    = "&state=fedcba9876543210fedcba9876543210"
)

// authorization is the request with one parameter changed: NAME=VALUE, or NAME to leave it out.
func authorization(changes ...string) string {
	q, _ := url.ParseQuery(authorize)
	for _, c := range changes {
		name, value, there := strings.Cut(c, "=")
		q.Del(name)
		if there {
			q.Set(name, value)
		}
	}
	return "GET /wcp/pinniped/oauth2/authorize?" + q.Encode() + " HTTP/1.1\nHost: 10.0.0.1\n"
}

func withPassword(request, user, password string) string {
	return request + "Pinniped-Username: " + user + "\nPinniped-Password: " + password + "\n\n"
}

// token is a request of the token endpoint.
func tokenRequest(form string) string {
	return "POST /wcp/pinniped/oauth2/token HTTP/1.1\nHost: 10.0.0.1\nContent-Type: application/x-www-form-urlencoded\nContent-Length: " +
		strconv.Itoa(len(form)) + "\n\n" + form
}

func redemption(code string) string {
	return tokenRequest("client_id=pinniped-cli&code=" + code + "&code_verifier=" + verifier + "&grant_type=authorization_code" +
		"&redirect_uri=http%3A%2F%2F127.0.0.1%3A58345%2Fcallback")
}

func refreshing(token string) string {
	return tokenRequest("client_id=pinniped-cli&grant_type=refresh_token&refresh_token=" + token)
}

func exchanging(token, audience string) string {
	return tokenRequest("client_id=pinniped-cli&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=" + audience +
		"&subject_token=" + token + "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token" +
		"&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt")
}

// tokens is a login reply.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// code logs in by headers.
func (l *lab) code(t *testing.T, changes ...string) string {
	t.Helper()
	got := l.ask(t, l.supers, withPassword(authorization(changes...), dev, "VMware1!"))
	if got.query.Get("code") == "" {
		t.Fatalf("%s\n%s", got.to, got.text)
	}
	return got.query.Get("code")
}

// federated logs in and redeems the code.
func (l *lab) federated(t *testing.T, changes ...string) tokens {
	t.Helper()
	return decodeTokens(t, l.ask(t, l.supers, redemption(l.code(t, changes...))))
}

func decodeTokens(t *testing.T, got reply) tokens {
	t.Helper()
	var all tokens
	if err := json.Unmarshal([]byte(got.body), &all); err != nil || all.Access == "" {
		t.Fatalf("%s", got.text)
	}
	return all
}

// wantRedirect compares where an answer leads.
func (l *lab) wantRedirect(t *testing.T, request, golden string) reply {
	t.Helper()
	got := l.ask(t, l.supers, request)
	if !strings.HasPrefix(got.text, "HTTP/1.1 303 See Other\n") || got.to != golden {
		t.Errorf("%s\nleads to\n%s\nand should lead to\n%s\n%s", request, got.to, golden, got.text)
	}
	return got
}

// wantBad is a 400 that is no redirect.
func (l *lab) wantBad(t *testing.T, request, why string) {
	t.Helper()
	l.want(t, l.supers, request, "HTTP/1.1 400 Bad Request\nContent-Type: application/json\n\n"+
		`{"error":"invalid_request","error_description":"`+why+`"}`+"\n")
}
