package contract

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/reviewer"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

func number(n int) string { return strconv.Itoa(n) }

// part decodes a part of a JWT.
func part(t *testing.T, token string, i int) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func testTokenHeader(t *testing.T) {
	s := newSite(t)
	_, token := send(t, s.addr, login(""))
	if header := part(t, token, 0); !regexp.MustCompile(`^\{"kid":"[0-9A-F]{40}","alg":"RS256"\}$`).MatchString(header) {
		t.Error(header)
	}
	verify(t, s.vcenter, token)
}

// verify checks the signature with the key that the JWKS names.
func verify(t *testing.T, v *vcenter.Service, token string) {
	t.Helper()
	reply, _ := send(t, serve(t, v.Handler()), "GET /openidconnect/jwks/vsphere.local HTTP/1.1\nHost: vc.example.com\n\n")
	_, body, _ := strings.Cut(reply, "\n\n")
	var keys struct{ Keys []struct{ Kid, N, E string } }
	var header struct{ Kid string }
	if err := json.Unmarshal([]byte(body), &keys); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(part(t, token, 0)), &header); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys.Keys {
		if k.Kid != header.Kid {
			continue
		}
		n, _ := base64.RawURLEncoding.DecodeString(k.N)
		e, _ := base64.RawURLEncoding.DecodeString(k.E)
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		signed, signature, _ := cutLast(token, ".")
		raw, _ := base64.RawURLEncoding.DecodeString(signature)
		sum := sha256.Sum256([]byte(signed))
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], raw); err != nil {
			t.Error(err)
		}
		return
	}
	t.Errorf("the key %s is not in %s", header.Kid, body)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	return s[:i], s[i+1:], i >= 0
}

func testTokenClaims(t *testing.T) {
	s := newSite(t)
	_, token := send(t, s.addr, login(""))
	var claims vcenter.Claims
	text := part(t, token, 1)
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Expiry-claims.IssuedAt != 36000 {
		t.Errorf("it lives %d s", claims.Expiry-claims.IssuedAt)
	}
	want := `{"sub":"Administrator@vsphere.local","aud":"vmware-tes:vc:vns:k8s","domain":"vsphere.local",` +
		`"iss":"https://vc.example.com/openidconnect/vsphere.local",` +
		`"group_names":["Everyone@vsphere.local","Users@vsphere.local","Administrators@vsphere.local"],` +
		`"exp":` + strconv.FormatInt(claims.Expiry, 10) + `,"iat":` + strconv.FormatInt(claims.IssuedAt, 10) + `,"jti":"` + claims.ID + `","username":"Administrator"}`
	if text != want {
		t.Errorf("%s\nwant %s", text, want)
	}
}

func testAudiences(t *testing.T) {
	s := newSite(t)
	_, supervisor := send(t, s.addr, login(""))
	_, guest := send(t, s.addr, login(`{"guest_cluster_name":"tkc1","guest_cluster_namespace":"ns1"}`))
	if _, err := s.vcenter.Verify(supervisor, "vmware-tes:vc:vns:k8s"); err != nil {
		t.Error(err)
	}
	if _, err := s.vcenter.Verify(guest, "vmware-tes:vc:vns:k8s:11111111-2222-3333-4444-555555555555"); err != nil {
		t.Error(err)
	}
}

func testDiscoveryDocument(t *testing.T) {
	exchange(t, serve(t, newSite(t).vcenter.Handler()), bytes{`
GET /openidconnect/vsphere.local/.well-known/openid-configuration HTTP/1.1
Host: vc.example.com

`, `
HTTP/1.1 200 OK
Content-Type: application/json

{"authorization_endpoint":"https://vc.example.com/openidconnect/oidc/authorize/vsphere.local","end_session_endpoint":"https://vc.example.com/openidconnect/logout/vsphere.local","id_token_signing_alg_values_supported":["RS256"],"issuer":"https://vc.example.com/openidconnect/vsphere.local","jwks_uri":"https://vc.example.com/openidconnect/jwks/vsphere.local","response_types_supported":["code","id_token","token id_token"],"subject_types_supported":["public"],"token_endpoint":"https://vc.example.com/openidconnect/token/vsphere.local"}
`})
}

// review asks a cluster's webhook about a token.
func review(t *testing.T, addr, token string) string {
	t.Helper()
	body := `{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"` + token + `"}}`
	reply, _ := send(t, addr, "POST "+reviewer.Path+" HTTP/1.1\nHost: 127.0.0.1:5443\nContent-Length: "+number(len(body))+"\n\n"+body)
	_, body, _ = strings.Cut(reply, "\n\n")
	return body
}

func testWebhook(t *testing.T) {
	s := newSite(t)
	hook := serve(t, reviewer.New(s.vcenter, func() string { return "11111111-2222-3333-4444-555555555555" }, &fault.Set{}))
	_, guest := send(t, s.addr, login(`{"guest_cluster_name":"tkc1","guest_cluster_namespace":"ns1"}`))
	const want = `{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":true,"user":{"username":"sso:Administrator@vsphere.local",` +
		`"groups":["sso:Everyone@vsphere.local","sso:Users@vsphere.local","sso:Administrators@vsphere.local"]}}}` + "\n"
	if got := review(t, hook, guest); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	_, supervisor := send(t, s.addr, login(""))
	for _, token := range []string{supervisor, guest + "x", "abc"} {
		if got := review(t, hook, token); !strings.Contains(got, `"authenticated":false`) {
			t.Error(got)
		}
	}
}

func testExchange(t *testing.T) {
	v := newSite(t).vcenter
	addr := serve(t, v.Handler())
	post := func(password, audience string) (string, string) {
		body := `{"spec":{"grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","subject_token_type":"urn:ietf:params:oauth:token-type:saml2",` +
			`"subject_token":"` + base64.StdEncoding.EncodeToString([]byte("Administrator@vsphere.local:"+password)) + `",` +
			`"requested_token_type":"urn:ietf:params:oauth:token-type:id_token","audience":"` + audience + `"}}`
		return send(t, addr, "POST /rest/vcenter/tokenservice/token-exchange HTTP/1.1\nHost: vc.example.com\nContent-Type: application/json\nContent-Length: "+
			number(len(body))+"\n\n"+body)
	}
	reply, token := post("Admin!23", "vmware-tes:vc:vns:k8s")
	const want = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n" +
		`{"value":{"access_token":"TOKEN","expires_in":36000,"issued_token_type":"urn:ietf:params:oauth:token-type:id_token","scope":"openid","token_type":"N_A"}}` + "\n"
	if reply != want {
		t.Error(reply)
	}
	verify(t, v, token)
	for _, bad := range [][2]string{{"wrong", "vmware-tes:vc:vns:k8s"}, {"Admin!23", "another"}} {
		if reply, _ := post(bad[0], bad[1]); !strings.HasPrefix(reply, "HTTP/1.1 "+number(http.StatusInternalServerError)) || !strings.Contains(reply, "exceptions.InvalidGrant") {
			t.Error(reply)
		}
	}
	reply, _ = send(t, addr, "POST /rest/vcenter/tokenservice/token-exchange HTTP/1.1\nHost: vc.example.com\nContent-Length: 2\n\n{}")
	if !strings.HasPrefix(reply, "HTTP/1.1 400 ") || !strings.Contains(reply, "errors.invalid_request") {
		t.Error(reply)
	}
}
