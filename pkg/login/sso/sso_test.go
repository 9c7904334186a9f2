package sso_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const password = redact.Secret("pass:word-7")

// jwt is a token with these claims and a signature that nobody checks.
func jwt(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}

// exchange is one login at a server that answers with this status and body.
type exchange struct {
	status int
	body   string
	header http.Header // what arrived
	line   string
	sent   string
	count  int
	server *httptest.Server
}

func (e *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	e.count++
	e.header, e.line, e.sent = r.Header, r.Method+" "+r.RequestURI, string(text)
	w.WriteHeader(e.status)
	io.WriteString(w, e.body)
}

func (e *exchange) login(t *testing.T, ctx context.Context, user string, cluster *sso.Cluster) (sso.Reply, error) {
	t.Helper()
	e.server = httptest.NewTLSServer(e)
	t.Cleanup(e.server.Close)
	h, err := trust.Trust{Mode: trust.Bundle, CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.server.Certificate().Raw}))}.Client(trust.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.CloseIdleConnections)
	address, err := supervisor.ParseAddress(e.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return sso.Login(ctx, &wire.Client{HTTP: h}, sso.Request{Server: address, User: user, Password: disclose.SupervisorAt(e.server.URL).Hold(disclose.Password, password), Cluster: cluster})
}

var (
	good      = jwt(`{"iss":"https://vc/","sub":"ada@vsphere.local","iat":1748779200,"exp":1748815200}`)
	goodReply = fmt.Sprintf(`{"session_id":%q,"unknown":1}`, good)
	claims    = sso.Claims{
		Issuer: "https://vc/", Subject: "ada@vsphere.local",
		IssuedAt: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC), Expiry: time.Date(2025, 6, 1, 22, 0, 0, 0, time.UTC),
	}
	one = &sso.Cluster{Namespace: "team-a", Name: "one"}
)

func TestLoginSendsThePasswordOnceAndNothingElse(t *testing.T) {
	for name, tc := range map[string]struct {
		cluster *sso.Cluster
		body    string
	}{
		"Supervisor":                  {nil, ""},
		"cluster":                     {one, `{"guest_cluster_name":"one","guest_cluster_namespace":"team-a"}`},
		"cluster without a namespace": {&sso.Cluster{Name: "one"}, `{"guest_cluster_name":"one"}`},
		"a name that could break out": {&sso.Cluster{Namespace: "a", Name: `x","y":"`}, `{"guest_cluster_name":"x\",\"y\":\"","guest_cluster_namespace":"a"}`},
	} {
		e := &exchange{status: 200, body: goodReply}
		_, err := e.login(t, t.Context(), "Jürgen@vsphere.local", tc.cluster)
		if tc.cluster == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e.count != 1 || e.line != "POST /wcp/login" || e.sent != tc.body {
			t.Errorf("%s: %d requests, %s %q; want the body %q", name, e.count, e.line, e.sent, tc.body)
		}
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("Jürgen@vsphere.local:pass:word-7"))
		if got := e.header.Get("Authorization"); got != basic {
			t.Errorf("%s: Authorization %q, want %q", name, got, basic)
		}
		if e.header.Get("Content-Type") != "application/json" || e.header.Get("Cookie") != "" {
			t.Errorf("%s: %v", name, e.header)
		}
	}
}

func TestLoginToTheSupervisor(t *testing.T) {
	e := &exchange{status: 200, body: goodReply}
	got, err := e.login(t, t.Context(), "ada@vsphere.local", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Token.Reveal() != good || got.ClusterServer != "" || got.ClusterCA != nil {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(claims, got.Claims); diff != "" {
		t.Error(diff)
	}
}

// A reply of 9.x may carry a kubeconfig beside the token, in any form. It is not read.
func TestLoginWithAKubeconfigInTheReply(t *testing.T) {
	for _, text := range []string{"null", `"apiVersion: v1\nkind: Config"`, `{"apiVersion":"v1","clusters":[{"name":"x"}]}`, "[]", "7", "false"} {
		e := &exchange{status: 200, body: fmt.Sprintf(`{"kube_config":%s,"session_id":%q,"kube_config":%s}`, text, good, text)}
		if got, err := e.login(t, t.Context(), "ada@vsphere.local", nil); err != nil || got.Token.Reveal() != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// clusterReply is the reply of a login to a cluster, with this server and CA as JSON.
func clusterReply(server, ca string) string {
	return fmt.Sprintf(`{"session_id":%q,"guest_cluster_server":%s,"guest_cluster_ca":%s}`, good, server, ca)
}

// certificate is the PEM of a certificate: that of httptest.
func certificate(t *testing.T) []byte {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestLoginToACluster(t *testing.T) {
	ca := certificate(t)
	ca64 := `"` + base64.StdEncoding.EncodeToString(ca) + `"`
	for name, tc := range map[string]struct{ server, ca, wantServer, wantCA string }{
		"an address":   {`"10.0.1.7"`, ca64, "10.0.1.7", string(ca)},
		"with a port":  {`"C1.Example.com:6443"`, ca64, "c1.example.com:6443", string(ca)},
		"a URL":        {`"https://10.0.1.7:6443/"`, ca64, "10.0.1.7:6443", string(ca)},
		"no CA":        {`"10.0.1.7"`, `""`, "10.0.1.7", ""},
		"a CA of null": {`"10.0.1.7"`, `null`, "10.0.1.7", ""},
		"text beside the CA": {
			`"10.0.1.7"`, `"` + base64.StdEncoding.EncodeToString([]byte("# a comment\n"+string(ca))) + `"`, "10.0.1.7", string(ca),
		},
	} {
		e := &exchange{status: 200, body: clusterReply(tc.server, tc.ca)}
		got, err := e.login(t, t.Context(), "ada", one)
		if err != nil || got.ClusterServer != tc.wantServer || string(got.ClusterCA) != tc.wantCA || got.Token.Reveal() != good {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestLoginToAClusterThatTheSupervisorDoesNotKnow(t *testing.T) {
	for name, body := range map[string]string{"absent": goodReply, "null": clusterReply("null", "null"), "empty": clusterReply(`""`, `"x"`)} {
		e := &exchange{status: 200, body: body}
		if got, err := e.login(t, t.Context(), "ada", one); !errors.Is(err, sso.ErrUnknownCluster) || got.Token != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestLoginFails(t *testing.T) {
	encode := func(s string) string { return `"` + base64.StdEncoding.EncodeToString([]byte(s)) + `"` }
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   error
		says   string
	}{
		"refused":               {401, "", wire.ErrRefused, "unauthorized (401)"},
		"forbidden":             {403, "", wire.ErrForbidden, "forbidden (403)"},
		"no such endpoint":      {404, "", wire.ErrNotFound, "not found (404)"},
		"a server that fails":   {500, "<html>", wire.ErrServer, "internal server error (500)"},
		"a redirect":            {302, "", wire.ErrServer, "not followed"},
		"HTML":                  {200, "<html>", wire.ErrServer, "a page of HTML"},
		"truncated":             {200, goodReply[:40], wire.ErrServer, "ends too early"},
		"no token":              {200, `{}`, wire.ErrServer, "session_id is no token: it is missing"},
		"a token with line end": {200, `{"session_id":"a.b.c\r\nX-Evil: 1"}`, wire.ErrServer, "session_id is no token"},
		"a token with a blank":  {200, `{"session_id":"a b"}`, wire.ErrServer, "session_id is no token"},
		"a token too long":      {200, `{"session_id":"` + strings.Repeat("a", 65<<10) + `"}`, wire.ErrServer, "too long"},
		"a CA without base64":   {200, clusterReply(`"10.0.1.7"`, `"-----BEGIN"`), wire.ErrServer, "guest_cluster_ca is no CA: it is not base64"},
		"a CA without PEM":      {200, clusterReply(`"10.0.1.7"`, encode("hello")), wire.ErrServer, "guest_cluster_ca is no CA"},
		"a CA of garbage":       {200, clusterReply(`"10.0.1.7"`, encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")), wire.ErrServer, "guest_cluster_ca is no CA"},
		"a server with a path":  {200, clusterReply(`"10.0.1.7/x"`, `""`), wire.ErrServer, "guest_cluster_server is no host"},
		"a hostile server":      {200, clusterReply(`"a\u001b[2J"`, `""`), wire.ErrServer, "guest_cluster_server is no host"},
	} {
		e := &exchange{status: tc.status, body: tc.body}
		got, err := e.login(t, t.Context(), "ada", one)
		if !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.says) || got.Token != "" {
			t.Errorf("%s: %+v, %v; want %v that says %q", name, got, err, tc.kind, tc.says)
			continue
		}
		for _, secret := range []string{password.Reveal(), good, "cGFzczp3b3Jk"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %q shows a secret", name, err.Error())
			}
		}
		if strings.ContainsAny(err.Error(), "\r\n\x1b") || len(err.Error()) > 500 {
			t.Errorf("%s: %q is not one harmless line", name, err.Error())
		}
		if e.count != 1 {
			t.Errorf("%s: the password went out %d times", name, e.count)
		}
	}
}

func TestLoginEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := &exchange{status: 200, body: goodReply}
	if _, err := e.login(t, ctx, "ada", nil); !errors.Is(err, context.Canceled) || e.count != 0 {
		t.Errorf("%v after %d requests", err, e.count)
	}
}

func TestLoginSendsNothingForAUserThatCannotBe(t *testing.T) {
	for name, user := range map[string]string{
		"empty": "", "blank": " \t", "a colon": "ada:bob", "a line end": "ada\nbob", "a control character": "ada\x1b",
		"not UTF-8": "ada\xff", "too long": strings.Repeat("a", 1025), "a blank before": " ada", "a blank after": "ada ", "a no-break space after": "ada\u00a0", "a braille blank": "ada\u2800b",
	} {
		e := &exchange{status: 200, body: goodReply}
		if _, err := e.login(t, t.Context(), user, nil); err == nil || e.count != 0 {
			t.Errorf("%s: %v after %d requests", name, err, e.count)
		}
	}
	for char, user := range map[string]string{
		"U+FEFF": "\ufeffada", "U+200B": "ada\u200b", "U+202E": "a\u202eda", "U+00A0": "a\u00a0da", "U+3164": "ada\u3164", "U+2028": "a\u2028da", "U+0009": "a\tda",
		"U+0020": "ada ", "U+0085": "ada\u0085", "U+2800": "ada\u2800",
	} {
		if err := sso.CheckUser(user); err == nil || !strings.Contains(err.Error(), char) {
			t.Errorf("%q: %v", user, err)
		}
	}
	for _, user := range []string{"ada", `CORP\ada`, "ada@vsphere.local", "Jürgen Müller", strings.Repeat("a", 1024)} {
		if err := sso.CheckUser(user); err != nil {
			t.Errorf("%.40q: %v", user, err)
		}
	}
}

func TestParseClaims(t *testing.T) {
	for name, tc := range map[string]struct {
		payload string
		want    sso.Claims
	}{
		"all":                  {`{"iss":"https://vc/","sub":"ada@vsphere.local","iat":1748779200,"exp":1748815200}`, claims},
		"none":                 {`{}`, sso.Claims{}},
		"unknown ones":         {`{"aud":["x"],"groups":[1]}`, sso.Claims{}},
		"fractions of seconds": {`{"iat":1748779200.9,"exp":1.7488152e9}`, sso.Claims{IssuedAt: claims.IssuedAt, Expiry: claims.Expiry}},
		"dates before 1970":    {`{"iat":-5,"exp":0}`, sso.Claims{}},
		"dates after 9999":     {`{"exp":253402300800}`, sso.Claims{}},
		"dates of infinity":    {`{"exp":1e300}`, sso.Claims{}},
	} {
		got, err := sso.ParseClaims(redact.Secret(jwt(tc.payload)))
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestParseClaimsRefusesWhatIsNoToken(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	for name, token := range map[string]string{
		"empty":                     "",
		"too long":                  strings.Repeat("a", 64<<10+1),
		"a blank":                   "a b.c.d",
		"a line end":                good + "\n",
		"a quotation mark":          `a".b.c`,
		"a control character":       "a\x00.b.c",
		"beyond ASCII":              "ä.b.c",
		"a payload without base64":  "a.b.c",
		"a payload that is no JSON": "a." + encode([]byte("hello")) + ".c",
		"a payload that is a list":  "a." + encode([]byte("[]")) + ".c",
		"a date as text":            jwt(`{"exp":"tomorrow"}`),
		"a date beyond a number":    jwt(`{"exp":1e999}`),
	} {
		got, err := sso.ParseClaims(redact.Secret(token))
		if err == nil || got != (sso.Claims{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if len(token) > 6 && strings.Contains(err.Error(), token) {
			t.Errorf("%s: %q shows the token", name, err.Error())
		}
	}
}

// TestParseClaimsTakesATokenOfAnotherKind: what fits in a header and is no JWT has no claims.
func TestParseClaimsTakesATokenOfAnotherKind(t *testing.T) {
	for _, token := range []string{"opaque", "a.b", "a.b.c.d", "YWJj/+~Zg=="} {
		if got, err := sso.ParseClaims(redact.Secret(token)); err != nil || got != (sso.Claims{}) {
			t.Errorf("%q: %+v, %v", token, got, err)
		}
	}
}

func FuzzParseClaims(f *testing.F) {
	for _, token := range []string{good, jwt("{}"), jwt(`{"exp":1e300}`), jwt(`{"iat":-1}`), "a.b.c", "opaque", "", "a=b", "=="} {
		f.Add(token)
	}
	for _, s := range costtest.Documents() {
		f.Add(jwt(s))
	}
	f.Fuzz(func(t *testing.T, token string) {
		var got sso.Claims
		var err error
		costtest.Limit(t, "claims", func() { got, err = sso.ParseClaims(redact.Secret(token)) })
		if err != nil {
			if got != (sso.Claims{}) {
				t.Fatalf("a refused token gives %+v", got)
			}
			return
		}
		// A token that was taken cannot break out of a header line.
		if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == ',' }) {
			t.Fatalf("%q was taken", token)
		}
		for _, date := range []time.Time{got.IssuedAt, got.Expiry} {
			if _, err := json.Marshal(date); err != nil || !date.IsZero() && date.Year() < 1970 {
				t.Fatalf("%v cannot be stored: %v", date, err)
			}
		}
	})
}
