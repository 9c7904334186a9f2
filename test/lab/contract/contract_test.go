package contract

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/front"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/reviewer"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// row is a fact of the protocol reference: the section and a name, what it says in our own words, and either the test
// that the lab keeps to it or the reason why it has none. Rows of section "lab" are the lab's own rules, stricter or more
// certain than what is known of real Supervisors.
type row struct {
	id, says string
	test     func(*testing.T, *lab)
	without  string
}

const (
	clientSide   = "client side"
	notSimulated = "not simulated"
	siteSide     = "made by package site, which needs a Kubernetes API server; the journeys see it"
)

var rows = []row{
	{id: "1/ports", says: "443 is the front, 6443 the API server", without: siteSide},
	{id: "1/api-on-443", says: "443 also proxies the Kubernetes API, with the credentials of the caller", test: testAPIProxy},
	{id: "1/api-on-443-overload", says: "the proxy answers 500 when it has no connections left", without: notSimulated + "; a fault with status 500 stands in for it"},

	{id: "1.1/banner", says: "200 and a text without credentials show a Supervisor", test: testBanner},
	{id: "1.1/no-banner", says: "any other status shows that it is none", test: testNoBanner},
	{id: "1.1/banner-first", says: "the plugin asks for the banner before anything else", without: clientSide},
	{id: "1.1/banner-configured", says: "the text is a setting of the Supervisor", test: testBannerConfigured},

	{id: "1.2/empty-body", says: "POST with Basic and no body gives a session_id", test: testLoginEmptyBody},
	{id: "1.2/braces", says: "so does an empty JSON object", test: testLoginBraces},
	{id: "1.2/bad-password", says: "a wrong password is 401 and a text", test: testLoginBadPassword},
	{id: "1.2/other-error", says: "another status has the text of the error", test: testLoginOtherError},
	{id: "1.2/guest", says: "names of the guest keys in body and reply", test: testLoginGuest},
	{id: "1.2/guest-name-only", says: "the namespace of a guest may be left out", test: testLoginGuestNameOnly},
	{id: "1.2/guest-server", says: "the server of a guest is a bare host", test: testGuestServer},
	{id: "1.2/guest-ca", says: "the CA of a guest is base64 of PEM", test: testGuestCA},
	{id: "1.2/unknown-cluster", says: "an unknown guest is a success without a server", test: testLoginUnknownCluster},
	{id: "1.2/guest-token", says: "the token for a guest is another one than the Supervisor's", test: testGuestToken},
	{id: "1.2/gateway-errors", says: "502 and 500 while a part behind the front is away", test: testLoginGatewayErrors},
	{id: "1.2/kube-config", says: "one source tells of a kubeconfig in the reply", without: "contradicted by every other client"},
	{id: "1.2/forbidden", says: "403 for a user without namespaces", without: notSimulated + "; weak, not measured"},
	{id: "1.2/lockout", says: "the account is locked after 5 wrong passwords", test: testLockout},
	{id: "1.2/unlock", says: "180 s count, 300 s are locked", without: "needs a clock of its own; vcenter_test.go has it"},

	{id: "1.3/array", says: "a JSON array with namespace and master_host", test: testWorkloads},
	{id: "1.3/basic", says: "the clients send Basic, not a token", test: testWorkloadsBasic},
	{id: "1.3/bad-gateway", says: "502 is what the plugin calls bad gateway", test: testWorkloadsBadGateway},
	{id: "1.3/first", says: "the plugin asks right after the password and gives up on a failure", without: clientSide},
	{id: "1.3/fields", says: "master_host is an address or a name", test: testWorkloadsBareHost},
	{id: "1.3/port-number", says: "the port may be a number", test: portTest("8443", "8443")},
	{id: "1.3/port-string", says: "the port may be a string", test: portTest(`"8443"`, `"8443"`)},
	{id: "1.3/spellings", says: "a client declares the port with a typo and the names in lower case", without: clientSide + "; the lab has vCenter's spelling"},
	{id: "1.3/all-supervisors", says: "the list is of all Supervisors of the vCenter", test: testWorkloadsTwoSupervisors},

	{id: "1.4/page", says: "the root is an HTML page with 200", test: testPage},
	{id: "1.4/plugin-zip", says: "the plugin as a zip per platform, 404 for arm64", without: notSimulated},
	{id: "1.4/sha256sum", says: "a checksum file beside it", without: notSimulated},
	{id: "1.4/docker-helper", says: "the docker credential helper as a zip", without: notSimulated},
	{id: "1.4/vcf-cli", says: "the VCF CLI from 9.1 on", without: notSimulated},
	{id: "1.4/pinniped", says: "the issuer of Pinniped", without: notSimulated},
	{id: "1.4/discovery", says: "config maps of kube-public on 443 without credentials", test: testAPIAnonymous},

	{id: "1.5/logrus", says: "log lines of the plugin", without: clientSide},
	{id: "1.5/proxy-variables", says: "the plugin heeds the proxy variables", without: clientSide},
	{id: "1.5/server-forms", says: "forms of --server that the plugin takes", without: clientSide},
	{id: "1.5/redirect", says: "http is redirected to https", without: notSimulated + "; weak"},

	{id: "1.6/vmca", says: "vCenter's CA issued the certificate, often with an address only", test: testCertificate},
	{id: "1.6/names", says: "names are in the certificate only if configured", without: siteSide},
	{id: "1.6/no-chains", says: "vSphere 7 has no certificate chains here", without: notSimulated},
	{id: "1.6/vip-cluster-info", says: "a config map holds the CA that users see", without: siteSide},
	{id: "1.6/insecure", says: "the plugin only has a flag to skip verification", without: clientSide},

	{id: "3.4/texts", says: "what the plugin prints on errors", without: clientSide},
	{id: "3.4/login-eof", says: "a login may end without a reply", test: testLoginDropped},
	{id: "3.4/young-cluster", says: "a new guest refuses every token for a while", test: testReviewRefuses},

	{id: "3.5/claims", says: "the claims of a Supervisor token", test: testTokenClaims},
	{id: "3.5/header", says: "kid and RS256, kid is a SHA-1 in upper-case hex", test: testTokenHeader},
	{id: "3.5/lifetime", says: "a token is good for 36000 s", test: testTokenLifetime},
	{id: "3.5/supervisor-audience", says: "audience of the Supervisor", test: testSupervisorAudience},
	{id: "3.5/apiserver-flags", says: "the API server's OIDC flags, prefix sso:", without: siteSide},
	{id: "3.5/jwks", says: "path of the keys, which verify the tokens", test: testJWKS},
	{id: "3.5/discovery", says: "path and content of the discovery document", test: testDiscovery},
	{id: "3.5/proxy-exchanges", says: "the front gets the token from STS and the exchange service", without: notSimulated + "; the front mints it in the process"},
	{id: "3.5/guest-audience", says: "audience of a guest ends in the UID of its Cluster", test: testGuestAudience},
	{id: "3.5/webhook", says: "a guest reviews tokens at /tokenreview", test: testReview},
	{id: "3.5/webhook-own-audience", says: "it takes tokens for itself only", test: testReviewOtherAudience},
	{id: "3.5/webhook-prefix", says: "users of a guest begin with sso:", test: testReview},
	{id: "3.5/webhook-daemonset", says: "where a guest runs the webhook and keeps the keys", without: notSimulated},
	{id: "3.5/no-refresh-token", says: "there is no refresh token", test: testNoRefreshToken},

	{id: "5.1/saml", says: "STS issues SAML assertions", without: notSimulated + "; base64 of user:password stands in for the assertion"},
	{id: "5.1/session", says: "a vAPI session before the exchange", without: notSimulated},
	{id: "5.1/exchange", says: "the exchange gives the same kind of token", test: testExchange},
	{id: "5.1/exchange-invalid-request", says: "400 for a malformed exchange", test: testExchangeInvalidRequest},
	{id: "5.1/exchange-invalid-grant", says: "500 for a refused one", test: testExchangeInvalidGrant},

	{id: "lab/no-authorization", says: "401 without credentials", test: testNoAuthorization},
	{id: "lab/unknown-field", says: "a field that no client sends is refused", test: testUnknownField},
	{id: "lab/namespace-only", says: "a guest namespace without a name is refused", test: testNamespaceOnly},
	{id: "lab/no-address", says: "a guest without an address is as one that is not there, but for the audience", test: testNoAddress},
	{id: "lab/no-server-fault", says: "a fault takes the address away", test: testNoServerFault},
	{id: "lab/no-workloads", says: "an empty array for a user without namespaces", test: testNoWorkloads},
	{id: "lab/port-absent", says: "a fault leaves the port out", test: testPortAbsent},
	{id: "lab/review-malformed", says: "400 for what is no TokenReview", test: testReviewMalformed},
}

func TestContract(t *testing.T) {
	l := newLab(t)
	for _, r := range rows {
		if r.test != nil {
			t.Run(r.id, func(t *testing.T) { r.test(t, l) })
		}
	}
}

// TestRowsWithoutTest lists the rows that nothing tests; go test -v shows them.
func TestRowsWithoutTest(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		switch {
		case seen[r.id]:
			t.Errorf("%s: twice in the table", r.id)
		case r.test == nil && r.without == "":
			t.Errorf("%s: neither a test nor a reason", r.id)
		case r.test != nil && r.without != "":
			t.Errorf("%s: a test and a reason", r.id)
		case r.test == nil:
			t.Logf("%-28s %s (%s)", r.id, r.says, r.without)
		}
		seen[r.id] = true
	}
}

// The Authorization headers of the golden requests. The password of all users is VMware1!.
const (
	basicDev      = "Basic ZGV2QHZzcGhlcmUubG9jYWw6Vk13YXJlMSE="     // dev@vsphere.local
	basicWrong    = "Basic ZGV2QHZzcGhlcmUubG9jYWw6d3Jvbmc="         // dev@vsphere.local:wrong
	basicNobody   = "Basic bm9ib2R5QHZzcGhlcmUubG9jYWw6Vk13YXJlMSE=" // nobody@vsphere.local
	basicUnlucky  = "Basic dW5sdWNreUB2c3BoZXJlLmxvY2FsOlZNd2FyZTEh" // unlucky@vsphere.local
	unluckyWrong  = "Basic dW5sdWNreUB2c3BoZXJlLmxvY2FsOndyb25n"     // unlucky@vsphere.local:wrong
	dev           = "dev@vsphere.local"
	issuer        = "https://vcenter.lab/openidconnect/vsphere.local"
	supAudience   = "vmware-tes:vc:vns:k8s"
	guestUID      = "6b5b8c2e-0d53-4a3e-9a55-4c1f7a7c9a01"
	youngUID      = "0f8e2a11-7d1c-4c57-8f0e-1b2a3c4d5e6f"
	guestAudience = supAudience + ":" + guestUID
)

// lab is the handlers of one site on loopback ports, without API servers.
type lab struct {
	vcenter  *vcenter.Service
	faults   *fault.Set
	roots    *x509.CertPool
	guestCA  []byte
	text     string // of the banner
	supers   string // address of the Supervisor's front
	identity string // address of the vCenter
	webhook  string // address of the guest's webhook
}

func newLab(t *testing.T) *lab {
	t.Helper()
	service, err := vcenter.New(issuer, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []vcenter.User{
		{Username: dev, Password: "VMware1!", Namespaces: []string{"ns1", "ns2"}, Groups: []string{"developers@vsphere.local"}},
		{Username: "nobody@vsphere.local", Password: "VMware1!"},
		{Username: "unlucky@vsphere.local", Password: "VMware1!"},
	} {
		if err := service.AddUser(u); err != nil {
			t.Fatal(err)
		}
	}
	vmca, guestCA := newCA(t, pki.VMCA()), newCA(t, pkix.Name{CommonName: "kubernetes"})
	l := &lab{vcenter: service, faults: &fault.Set{}, roots: x509.NewCertPool(), guestCA: guestCA.PEM, text: "Authorized users only."}
	l.roots.AddCert(vmca.Cert)
	handler := front.New(front.Config{
		VCenter: service, Workloads: workloads, Guest: l.guest, API: apiBackend(t), Banner: func() string { return l.text },
	})
	l.supers = serve(t, vmca, l.faults.Middleware(func(*http.Request) string { return "supervisor" }, handler))
	l.identity = serve(t, vmca, service.Handler())
	l.webhook = serve(t, vmca, reviewer.New(service, func() string { return guestUID }, l.faults))
	return l
}

func newCA(t *testing.T, name pkix.Name) *pki.CA {
	t.Helper()
	ca, err := pki.NewCA(name)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// serve opens a TLS server whose certificate has an address only.
func serve(t *testing.T, ca *pki.CA, handler http.Handler) string {
	t.Helper()
	pair, err := ca.Server("supervisor", []net.IP{net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// apiBackend stands for a Supervisor's API server: it repeats what it was asked.
func apiBackend(t *testing.T) *url.URL {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "%s %s as %q", r.Method, r.URL, r.Header.Values("Authorization"))
	}))
	t.Cleanup(server.Close)
	api, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// workloads are of two Supervisors.
func workloads(u vcenter.User) []front.Workload {
	var all []front.Workload
	for _, wl := range []front.Workload{{Namespace: "ns1", MasterHost: "10.0.0.1"}, {Namespace: "ns2", MasterHost: "10.0.1.1"}} {
		if slices.Contains(u.Namespaces, wl.Namespace) {
			all = append(all, wl)
		}
	}
	return all
}

// guest knows two clusters: tkc1, and young, which has no address yet.
func (l *lab) guest(_ context.Context, namespace, name string) (front.Guest, bool, error) {
	switch {
	case name == "broken":
		return front.Guest{}, false, errors.New("the API server is away")
	case namespace != "" && namespace != "ns1":
		return front.Guest{}, false, nil
	case name == "tkc1":
		return front.Guest{UID: guestUID, Server: "10.0.0.9", CAPEM: l.guestCA}, true, nil
	}
	return front.Guest{UID: youngUID}, name == "young", nil
}

// fault switches a fault on until the subtest ends.
func (l *lab) fault(t *testing.T, f fault.Fault) {
	t.Helper()
	id := l.faults.Add(f)
	t.Cleanup(func() { l.faults.Remove(id) })
}

// reply is what a server sent: the golden form of it, and what the golden form replaces by a word.
type reply struct {
	text  string // status line, content type, body
	body  string
	token string // the first JWT of the body
}

// send writes the bytes of a request, with the line ends of HTTP, to a connection of its own.
func (l *lab) send(t *testing.T, addr, request string) (*http.Response, error) {
	t.Helper()
	head, body, ok := strings.Cut(request, "\n\n")
	if !ok {
		t.Fatalf("a request needs an empty line after its header: %q", request)
	}
	if m := regexp.MustCompile(`\nContent-Length: (\d+)`).FindStringSubmatch(head); m != nil && m[1] != strconv.Itoa(len(body)) {
		t.Fatalf("the golden request has Content-Length %s and a body of %d bytes", m[1], len(body))
	}
	conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: l.roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body); err != nil {
		t.Fatal(err)
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

var jwt = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// ask sends a request and reads the reply.
func (l *lab) ask(t *testing.T, addr, request string) reply {
	t.Helper()
	resp, err := l.send(t, addr, request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	golden := jwt.ReplaceAllString(string(body), "TOKEN")
	golden = strings.ReplaceAll(golden, base64.StdEncoding.EncodeToString(l.guestCA), "CA")
	return reply{
		text:  fmt.Sprintf("%s %s\nContent-Type: %s\n\n%s", resp.Proto, resp.Status, resp.Header.Get("Content-Type"), golden),
		body:  string(body),
		token: jwt.FindString(string(body)),
	}
}

// want sends a request and compares the reply with its golden form.
func (l *lab) want(t *testing.T, addr, request, golden string) reply {
	t.Helper()
	got := l.ask(t, addr, request)
	if got.text != golden {
		t.Errorf("the reply is\n%s\nand should be\n%s", got.text, golden)
	}
	return got
}

// post is a login or an exchange with a JSON body.
func post(path, authorization, body string) string {
	if authorization != "" {
		authorization = "\nAuthorization: " + authorization
	}
	return "POST " + path + " HTTP/1.1\nHost: 10.0.0.1" + authorization +
		"\nContent-Type: application/json\nAccept: application/json\nContent-Length: " + strconv.Itoa(len(body)) + "\n\n" + body
}

func testBanner(t *testing.T, l *lab) {
	l.want(t, l.supers, `GET /wcp/loginbanner HTTP/1.1
Host: 10.0.0.1

`, `HTTP/1.1 200 OK
Content-Type: text/plain; charset=utf-8

Authorized users only.`)
}

func testNoBanner(t *testing.T, l *lab) {
	const notFound = "HTTP/1.1 404 Not Found\nContent-Type: text/plain; charset=utf-8\n\n404 page not found\n"
	for _, path := range []string{"/wcp/loginbanners", "/wcp", "/loginbanner", "/wcp/logout", "/wcp/session"} {
		l.want(t, l.supers, "GET "+path+" HTTP/1.1\nHost: 10.0.0.1\n\n", notFound)
	}
	l.fault(t, fault.Fault{Endpoint: "/wcp/loginbanner", Status: http.StatusNotFound})
	got := l.ask(t, l.supers, "GET /wcp/loginbanner HTTP/1.1\nHost: 10.0.0.1\n\n")
	if !strings.HasPrefix(got.text, "HTTP/1.1 404 Not Found\n") {
		t.Errorf("the reply is\n%s", got.text)
	}
}

func testBannerConfigured(t *testing.T, l *lab) {
	before := l.text
	defer func() { l.text = before }()
	for _, text := range []string{"", "two\nlines"} {
		l.text = text
		l.want(t, l.supers, "GET /wcp/loginbanner HTTP/1.1\nHost: 10.0.0.1\n\n",
			"HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\n\n"+text)
	}
}

// loginDev is a login for the Supervisor's token, as VMware's own tests send it.
const loginDev = `POST /wcp/login HTTP/1.1
Host: 10.0.0.1
Authorization: ` + basicDev + `
Content-Type: application/json
Accept: application/json
Content-Length: 0

`

// loginGuest is a login for the token of a guest.
const loginGuest = `POST /wcp/login HTTP/1.1
Host: 10.0.0.1
Authorization: ` + basicDev + `
Content-Type: application/json
Accept: application/json
Content-Length: 61

{"guest_cluster_name":"tkc1","guest_cluster_namespace":"ns1"}`

// The replies of logins.
const (
	session = `HTTP/1.1 200 OK
Content-Type: application/json

{"session_id":"TOKEN"}
`
	guestSession = `HTTP/1.1 200 OK
Content-Type: application/json

{"session_id":"TOKEN","guest_cluster_server":"10.0.0.9","guest_cluster_ca":"CA"}
`
	unauthorized = `HTTP/1.1 401 Unauthorized
Content-Type: text/plain; charset=utf-8

invalid or missing credentials`
)

func testLoginEmptyBody(t *testing.T, l *lab) {
	got := l.want(t, l.supers, loginDev, session)
	l.checkToken(t, got.token, supAudience, dev)
}

func testLoginBraces(t *testing.T, l *lab) {
	got := l.want(t, l.supers, `POST /wcp/login HTTP/1.1
Host: 10.0.0.1
Authorization: `+basicDev+`
Content-Type: application/json
Accept: application/json
Content-Length: 2

{}`, session)
	l.checkToken(t, got.token, supAudience, dev)
}

func testLoginBadPassword(t *testing.T, l *lab) {
	l.want(t, l.supers, `POST /wcp/login HTTP/1.1
Host: 10.0.0.1
Authorization: `+basicWrong+`
Content-Type: application/json
Accept: application/json
Content-Length: 0

`, unauthorized)
	// An account that nobody has is refused with the same bytes.
	stranger := "Basic " + base64.StdEncoding.EncodeToString([]byte("stranger@vsphere.local:VMware1!"))
	l.want(t, l.supers, post("/wcp/login", stranger, ""), unauthorized)
	l.want(t, l.supers, loginDev, session) // A right password forgets the wrong one.
}

func testLoginOtherError(t *testing.T, l *lab) {
	l.want(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_name":"broken"}`),
		"HTTP/1.1 500 Internal Server Error\nContent-Type: text/plain; charset=utf-8\n\nthe API server is away\n")
}

func testLoginGuest(t *testing.T, l *lab) {
	got := l.want(t, l.supers, loginGuest, guestSession)
	l.checkToken(t, got.token, guestAudience, dev)
}

func testLoginGuestNameOnly(t *testing.T, l *lab) {
	got := l.want(t, l.supers, `POST /wcp/login HTTP/1.1
Host: 10.0.0.1
Authorization: `+basicDev+`
Content-Type: application/json
Accept: application/json
Content-Length: 29

{"guest_cluster_name":"tkc1"}`, guestSession)
	l.checkToken(t, got.token, guestAudience, dev)
}

// guestReply is a reply of /wcp/login as a client reads it.
type guestReply struct {
	Server string `json:"guest_cluster_server"`
	CA     string `json:"guest_cluster_ca"`
}

func (l *lab) guestReply(t *testing.T) guestReply {
	t.Helper()
	var out guestReply
	if err := json.Unmarshal([]byte(l.ask(t, l.supers, loginGuest).body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func testGuestServer(t *testing.T, l *lab) {
	if server := l.guestReply(t).Server; net.ParseIP(server) == nil {
		t.Errorf("guest_cluster_server is %q, not a bare address", server)
	}
}

func testGuestCA(t *testing.T, l *lab) {
	ca := l.guestReply(t).CA
	if !strings.HasPrefix(ca, "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0t") { // -----BEGIN CERTIFICATE--
		t.Errorf("guest_cluster_ca begins with %.40q", ca)
	}
	text, err := base64.StdEncoding.DecodeString(ca)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(text)
	if block == nil || len(rest) != 0 {
		t.Fatalf("guest_cluster_ca holds %q", text)
	}
	if cert, err := x509.ParseCertificate(block.Bytes); err != nil || !cert.IsCA {
		t.Errorf("no CA certificate: %v", err)
	}
}

func testLoginUnknownCluster(t *testing.T, l *lab) {
	for _, body := range []string{
		`{"guest_cluster_name":"nosuch","guest_cluster_namespace":"ns1"}`,
		`{"guest_cluster_name":"nosuch"}`,
		`{"guest_cluster_name":"tkc1","guest_cluster_namespace":"ns2"}`,
	} {
		got := l.want(t, l.supers, post("/wcp/login", basicDev, body), session)
		l.checkToken(t, got.token, supAudience, dev)
	}
}

func testGuestToken(t *testing.T, l *lab) {
	supervisor, guest := l.ask(t, l.supers, loginDev).token, l.ask(t, l.supers, loginGuest).token
	if a, b := parse(t, supervisor).Audience, parse(t, guest).Audience; a == b {
		t.Errorf("both audiences are %q", a)
	}
}

func testLoginGatewayErrors(t *testing.T, l *lab) {
	for status, line := range map[int]string{
		http.StatusBadGateway:          "HTTP/1.1 502 Bad Gateway",
		http.StatusInternalServerError: "HTTP/1.1 500 Internal Server Error",
	} {
		l.fault(t, fault.Fault{Endpoint: "/wcp/login", Status: status, Count: 1})
		if got := l.ask(t, l.supers, loginDev).text; !strings.HasPrefix(got, line+"\n") {
			t.Errorf("the reply is\n%s\nand should begin with %s", got, line)
		}
	}
}

func testLockout(t *testing.T, l *lab) {
	right := post("/wcp/login", basicUnlucky, "")
	l.want(t, l.supers, right, session)
	for range 4 {
		l.want(t, l.supers, post("/wcp/login", unluckyWrong, ""), unauthorized)
	}
	l.want(t, l.supers, right, session) // Four are not enough, and a right one starts anew.
	for range 5 {
		l.want(t, l.supers, post("/wcp/login", unluckyWrong, ""), unauthorized)
	}
	l.want(t, l.supers, right, unauthorized)
	l.want(t, l.supers, "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\nAuthorization: "+basicUnlucky+"\n\n", unauthorized)
	l.want(t, l.supers, loginDev, session) // Only that account is locked.
}

// listDev asks for the workloads.
const listDev = `GET /wcp/workloads HTTP/1.1
Host: 10.0.0.1
Authorization: ` + basicDev + `

`

func testWorkloads(t *testing.T, l *lab) {
	l.want(t, l.supers, listDev, `HTTP/1.1 200 OK
Content-Type: application/json

[{"namespace":"ns1","master_host":"10.0.0.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]},`+
		`{"namespace":"ns2","master_host":"10.0.1.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]}]
`)
}

func testWorkloadsBasic(t *testing.T, l *lab) {
	const request = "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\n"
	token := l.ask(t, l.supers, loginDev).token
	l.want(t, l.supers, request+"\n", unauthorized)
	l.want(t, l.supers, request+"Authorization: Bearer "+token+"\n\n", unauthorized)
	l.want(t, l.supers, request+"Authorization: "+basicWrong+"\n\n", unauthorized)
	l.ask(t, l.supers, listDev) // A right password forgets the wrong one.
}

func testWorkloadsBadGateway(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/workloads", Status: http.StatusBadGateway})
	if got := l.ask(t, l.supers, listDev).text; !strings.HasPrefix(got, "HTTP/1.1 502 Bad Gateway\n") {
		t.Errorf("the reply is\n%s", got)
	}
}

// entry is an entry of /wcp/workloads as a client reads it.
type entry struct {
	Namespace  string           `json:"namespace"`
	MasterHost string           `json:"master_host"`
	Port       *json.RawMessage `json:"control_plane_api_server_port"`
}

func (l *lab) list(t *testing.T) []entry {
	t.Helper()
	var out []entry
	if err := json.Unmarshal([]byte(l.ask(t, l.supers, listDev).body), &out); err != nil || len(out) != 2 {
		t.Fatalf("%d entries, %v", len(out), err)
	}
	return out
}

func testWorkloadsBareHost(t *testing.T, l *lab) {
	for _, e := range l.list(t) {
		if e.Namespace == "" || net.ParseIP(e.MasterHost) == nil {
			t.Errorf("%+v has no bare address", e)
		}
	}
}

// portTest sets the port by fault and expects its very bytes.
func portTest(port, golden string) func(*testing.T, *lab) {
	return func(t *testing.T, l *lab) {
		l.fault(t, fault.Fault{Endpoint: "/wcp/workloads", Port: &port})
		for _, e := range l.list(t) {
			if e.Port == nil || string(*e.Port) != golden {
				t.Errorf("%s has not the port %s", e.Namespace, golden)
			}
		}
	}
}

func testPortAbsent(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/workloads", Port: new(string)})
	l.want(t, l.supers, listDev, `HTTP/1.1 200 OK
Content-Type: application/json

[{"namespace":"ns1","master_host":"10.0.0.1","control_plane_DNS_names":[]},`+
		`{"namespace":"ns2","master_host":"10.0.1.1","control_plane_DNS_names":[]}]
`)
}

func testWorkloadsTwoSupervisors(t *testing.T, l *lab) {
	if list := l.list(t); list[0].MasterHost == list[1].MasterHost {
		t.Errorf("both namespaces are at %s", list[0].MasterHost)
	}
}

func testNoWorkloads(t *testing.T, l *lab) {
	l.want(t, l.supers, "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\nAuthorization: "+basicNobody+"\n\n",
		"HTTP/1.1 200 OK\nContent-Type: application/json\n\n[]\n")
	l.want(t, l.supers, post("/wcp/login", basicNobody, ""), session)
}

func testPage(t *testing.T, l *lab) {
	l.want(t, l.supers, "GET / HTTP/1.1\nHost: 10.0.0.1\n\n", `HTTP/1.1 200 OK
Content-Type: text/html

<!DOCTYPE html>
<html><head><title>Kubernetes CLI Tools</title></head><body></body></html>
`)
}

func testAPIProxy(t *testing.T, l *lab) {
	l.want(t, l.supers, `GET /api/v1/namespaces?limit=500 HTTP/1.1
Host: 10.0.0.1
Authorization: Bearer caller

`, `HTTP/1.1 200 OK
Content-Type: text/plain

GET /api/v1/namespaces?limit=500 as ["Bearer caller"]`)
	for _, path := range []string{"/api", "/apis", "/apis/apps/v1", "/version", "/openapi/v3", "/healthz", "/readyz", "/livez"} {
		l.want(t, l.supers, "GET "+path+" HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Bearer caller\n\n",
			"HTTP/1.1 200 OK\nContent-Type: text/plain\n\nGET "+path+` as ["Bearer caller"]`)
	}
}

func testAPIAnonymous(t *testing.T, l *lab) {
	l.want(t, l.supers, `GET /api/v1/namespaces/kube-public/configmaps/vip-cluster-info HTTP/1.1
Host: 10.0.0.1

`, `HTTP/1.1 200 OK
Content-Type: text/plain

GET /api/v1/namespaces/kube-public/configmaps/vip-cluster-info as []`)
}

func testCertificate(t *testing.T, l *lab) {
	conn, err := tls.Dial("tcp", l.supers, &tls.Config{RootCAs: l.roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cert := conn.ConnectionState().PeerCertificates[0]
	if len(cert.DNSNames) != 0 || len(cert.IPAddresses) != 1 {
		t.Errorf("the certificate is for %q and %v", cert.DNSNames, cert.IPAddresses)
	}
	if got, want := cert.Issuer.String(), "CN=CA,OU=VMware Engineering,O=vcenter.lab,C=US"; got != want {
		t.Errorf("the issuer is %q, not %q", got, want)
	}
}

func testLoginDropped(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/login", Drop: true})
	resp, err := l.send(t, l.supers, loginDev)
	if err == nil {
		_ = resp.Body.Close()
		t.Fatalf("the reply is %s", resp.Status)
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the connection ended with %v", err)
	}
}

func testNoAuthorization(t *testing.T, l *lab) {
	l.want(t, l.supers, `POST /wcp/login HTTP/1.1
Host: 10.0.0.1
Content-Type: application/json
Accept: application/json
Content-Length: 0

`, unauthorized)
	l.want(t, l.supers, post("/wcp/login", "Bearer "+l.ask(t, l.supers, loginDev).token, ""), unauthorized)
}

func testUnknownField(t *testing.T, l *lab) {
	l.want(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_name":"tkc1","cluster":"tkc1"}`), `HTTP/1.1 400 Bad Request
Content-Type: text/plain; charset=utf-8

json: unknown field "cluster"
`)
	got := l.ask(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_name":`))
	if !strings.HasPrefix(got.text, "HTTP/1.1 400 Bad Request\n") {
		t.Errorf("half an object is answered with\n%s", got.text)
	}
}

func testNamespaceOnly(t *testing.T, l *lab) {
	l.want(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_namespace":"ns1"}`), `HTTP/1.1 400 Bad Request
Content-Type: text/plain; charset=utf-8

guest_cluster_namespace without guest_cluster_name
`)
}

func testNoAddress(t *testing.T, l *lab) {
	got := l.want(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_name":"young","guest_cluster_namespace":"ns1"}`), session)
	l.checkToken(t, got.token, supAudience+":"+youngUID, dev)
}

func testNoServerFault(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/login", Cluster: "tkc1", NoServer: true})
	got := l.want(t, l.supers, loginGuest, session)
	l.checkToken(t, got.token, guestAudience, dev)
}

// claims are what the tests read of a token.
type claims struct {
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Domain   string   `json:"domain"`
	Issuer   string   `json:"iss"`
	Groups   []string `json:"group_names"`
	Expiry   int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	Username string   `json:"username"`
}

// split decodes the three parts of a token.
func split(t *testing.T, token string) (header, payload, signature []byte) {
	t.Helper()
	var parts [][]byte
	for part := range strings.SplitSeq(token, ".") {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatalf("token %q: %v", token, err)
		}
		parts = append(parts, text)
	}
	if len(parts) != 3 {
		t.Fatalf("token %q has %d parts", token, len(parts))
	}
	return parts[0], parts[1], parts[2]
}

func parse(t *testing.T, token string) claims {
	t.Helper()
	_, payload, _ := split(t, token)
	var c claims
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// keys are the names of an object, in the order of the text.
func keys(t *testing.T, object []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
	}
	return names
}

// checkToken is what every token has to be.
func (l *lab) checkToken(t *testing.T, token, audience, subject string) {
	t.Helper()
	checkHeader(t, token)
	checkClaims(t, token, audience, subject)
	l.checkSignature(t, token)
}

var goldenHeader = regexp.MustCompile(`^\{"kid":"([0-9A-F]{40})","alg":"RS256"\}$`)

// checkHeader returns the key ID, which is as long as a SHA-1.
func checkHeader(t *testing.T, token string) string {
	t.Helper()
	header, _, _ := split(t, token)
	m := goldenHeader.FindSubmatch(header)
	if m == nil {
		t.Fatalf("the header of the token is %s", header)
	}
	return string(m[1])
}

func checkClaims(t *testing.T, token, audience, subject string) {
	t.Helper()
	_, payload, _ := split(t, token)
	order := []string{"sub", "aud", "domain", "iss", "group_names", "exp", "iat", "jti", "username"}
	if got := keys(t, payload); !slices.Equal(got, order) {
		t.Errorf("the claims are %q, not %q", got, order)
	}
	c := parse(t, token)
	name, domain, _ := strings.Cut(subject, "@")
	for _, pair := range [][2]string{{c.Subject, subject}, {c.Audience, audience}, {c.Domain, domain}, {c.Issuer, issuer}, {c.Username, name}} {
		if pair[0] != pair[1] {
			t.Errorf("a claim is %q, not %q", pair[0], pair[1])
		}
	}
	if c.Expiry-c.IssuedAt != 36000 {
		t.Errorf("exp - iat is %d", c.Expiry-c.IssuedAt)
	}
	if since := time.Since(time.Unix(c.IssuedAt, 0)); since < 0 || since > time.Minute {
		t.Errorf("the token was issued %s ago", since)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(c.ID) {
		t.Errorf("jti is %q", c.ID)
	}
}

// checkSignature verifies a token with the keys that the vCenter publishes.
func (l *lab) checkSignature(t *testing.T, token string) {
	t.Helper()
	var set struct {
		Keys []struct{ Kid, Kty, E, N string }
	}
	body := l.ask(t, l.identity, "GET /openidconnect/jwks/vsphere.local HTTP/1.1\nHost: vcenter.lab\n\n").body
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	kid := checkHeader(t, token)
	_, _, signature := split(t, token)
	sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
	for _, k := range set.Keys {
		if k.Kid != kid || k.Kty != "RSA" {
			continue
		}
		key := &rsa.PublicKey{N: number(t, k.N), E: int(number(t, k.E).Int64())}
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
			t.Error(err)
		}
		return
	}
	t.Errorf("no key %s in %s", kid, body)
}

func number(t *testing.T, text string) *big.Int {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(b)
}

func testTokenClaims(t *testing.T, l *lab) {
	token := l.ask(t, l.supers, loginDev).token
	checkClaims(t, token, supAudience, dev)
	groups := parse(t, token).Groups
	for _, want := range []string{"Everyone@vsphere.local", "Users@vsphere.local", "developers@vsphere.local"} {
		if !slices.Contains(groups, want) {
			t.Errorf("%s is not in %q", want, groups)
		}
	}
}

func testTokenHeader(t *testing.T, l *lab) {
	checkHeader(t, l.ask(t, l.supers, loginDev).token)
	checkHeader(t, l.ask(t, l.supers, loginGuest).token)
}

func testTokenLifetime(t *testing.T, l *lab) {
	for _, request := range []string{loginDev, loginGuest} {
		if c := parse(t, l.ask(t, l.supers, request).token); c.Expiry-c.IssuedAt != 36000 {
			t.Errorf("exp - iat is %d", c.Expiry-c.IssuedAt)
		}
	}
}

func testSupervisorAudience(t *testing.T, l *lab) {
	if got := parse(t, l.ask(t, l.supers, loginDev).token).Audience; got != "vmware-tes:vc:vns:k8s" {
		t.Errorf("the audience is %q", got)
	}
}

func testGuestAudience(t *testing.T, l *lab) {
	if got := parse(t, l.ask(t, l.supers, loginGuest).token).Audience; got != "vmware-tes:vc:vns:k8s:"+guestUID {
		t.Errorf("the audience is %q", got)
	}
}

func testJWKS(t *testing.T, l *lab) {
	got := l.ask(t, l.identity, "GET /openidconnect/jwks/vsphere.local HTTP/1.1\nHost: vcenter.lab\n\n")
	golden := regexp.MustCompile(`^HTTP/1.1 200 OK
Content-Type: application/json

\{"keys":\[\{"kty":"RSA","alg":"RS256","use":"sig","kid":"[0-9A-F]{40}","e":"AQAB","n":"[\w-]{342}"\}\]\}
$`)
	if !golden.MatchString(got.text) {
		t.Errorf("the reply is\n%s", got.text)
	}
	l.checkSignature(t, l.ask(t, l.supers, loginDev).token)
	l.checkSignature(t, l.ask(t, l.supers, loginGuest).token)
}

func testDiscovery(t *testing.T, l *lab) {
	l.want(t, l.identity, `GET /openidconnect/vsphere.local/.well-known/openid-configuration HTTP/1.1
Host: vcenter.lab

`, `HTTP/1.1 200 OK
Content-Type: application/json

{"authorization_endpoint":"https://vcenter.lab/openidconnect/oidc/authorize/vsphere.local",`+
		`"end_session_endpoint":"https://vcenter.lab/openidconnect/logout/vsphere.local",`+
		`"id_token_signing_alg_values_supported":["RS256"],`+
		`"issuer":"https://vcenter.lab/openidconnect/vsphere.local",`+
		`"jwks_uri":"https://vcenter.lab/openidconnect/jwks/vsphere.local",`+
		`"response_types_supported":["code","id_token","token id_token"],`+
		`"subject_types_supported":["public"],`+
		`"token_endpoint":"https://vcenter.lab/openidconnect/token/vsphere.local"}
`)
}

// reviewOf is what a guest's API server asks its webhook.
func reviewOf(token string) string {
	body := `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{"creationTimestamp":null},` +
		`"spec":{"token":"` + token + `","audiences":["https://kubernetes.default.svc.cluster.local"]},"status":{"user":{}}}`
	return "POST /tokenreview?timeout=30s HTTP/1.1\nHost: 127.0.0.1:5443\nContent-Type: application/json\nContent-Length: " +
		strconv.Itoa(len(body)) + "\n\n" + body
}

// refused is the golden reply of a webhook that refuses a token, with the reason.
func refused(reason string) string {
	text, _ := json.Marshal(reason)
	return `HTTP/1.1 200 OK
Content-Type: application/json

{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":false,"error":` + string(text) + `}}
`
}

func testReview(t *testing.T, l *lab) {
	l.want(t, l.webhook, reviewOf(l.ask(t, l.supers, loginGuest).token), `HTTP/1.1 200 OK
Content-Type: application/json

{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":true,"user":`+
		`{"username":"sso:dev@vsphere.local","groups":["sso:Everyone@vsphere.local","sso:Users@vsphere.local","sso:developers@vsphere.local"]}}}
`)
}

func testReviewOtherAudience(t *testing.T, l *lab) {
	l.want(t, l.webhook, reviewOf(l.ask(t, l.supers, loginDev).token), refused(`wrong audience "`+supAudience+`"`))
	young := l.ask(t, l.supers, post("/wcp/login", basicDev, `{"guest_cluster_name":"young"}`)).token
	l.want(t, l.webhook, reviewOf(young), refused(`wrong audience "`+supAudience+":"+youngUID+`"`))
	l.want(t, l.webhook, reviewOf("nonsense"), refused("not a JWT"))
}

func testReviewRefuses(t *testing.T, l *lab) {
	token := l.ask(t, l.supers, loginGuest).token
	l.fault(t, fault.Fault{Endpoint: "/tokenreview", Cluster: guestUID, Refuse: true, Count: 1})
	l.want(t, l.webhook, reviewOf(token), refused("refused on purpose"))
	testReview(t, l) // The cluster has come up.
}

func testReviewMalformed(t *testing.T, l *lab) {
	for _, body := range []string{"", "{}", `{"kind":"TokenReview"}`, `{"kind":"Pod","spec":{"token":"x"}}`} {
		l.want(t, l.webhook, post("/tokenreview", "", body),
			"HTTP/1.1 400 Bad Request\nContent-Type: text/plain; charset=utf-8\n\nnot a TokenReview\n")
	}
}

// exchangeOf is a token exchange. The lab's subject token is base64 of user:password.
func exchangeOf(grant, subject, audience string) string {
	return post("/rest/vcenter/tokenservice/token-exchange", "",
		`{"spec":{"grant_type":"`+grant+`",`+
			`"subject_token_type":"urn:ietf:params:oauth:token-type:saml2","subject_token":"`+strings.TrimPrefix(subject, "Basic ")+`",`+
			`"requested_token_type":"urn:ietf:params:oauth:token-type:id_token","audience":"`+audience+`"}}`)
}

const (
	grant          = "urn:ietf:params:oauth:grant-type:token-exchange"
	invalidRequest = `HTTP/1.1 400 Bad Request
Content-Type: application/json

{"type":"com.vmware.vapi.std.errors.invalid_request"}
`
	invalidGrant = `HTTP/1.1 500 Internal Server Error
Content-Type: application/json

{"type":"com.vmware.vcenter.tokenservice.exceptions.InvalidGrant"}
`
)

func testExchange(t *testing.T, l *lab) {
	for _, audience := range []string{supAudience, guestAudience} {
		got := l.want(t, l.identity, exchangeOf(grant, basicDev, audience), `HTTP/1.1 200 OK
Content-Type: application/json

{"value":{"access_token":"TOKEN","expires_in":36000,"issued_token_type":"urn:ietf:params:oauth:token-type:id_token","scope":"openid","token_type":"N_A"}}
`)
		l.checkToken(t, got.token, audience, dev)
	}
}

func testExchangeInvalidRequest(t *testing.T, l *lab) {
	l.want(t, l.identity, exchangeOf("password", basicDev, supAudience), invalidRequest)
	for _, body := range []string{"", "{}", `{"grant_type":"` + grant + `"}`, `{"spec":{"subject":"x"}}`} {
		l.want(t, l.identity, post("/rest/vcenter/tokenservice/token-exchange", "", body), invalidRequest)
	}
}

func testExchangeInvalidGrant(t *testing.T, l *lab) {
	l.want(t, l.identity, exchangeOf(grant, basicWrong, supAudience), invalidGrant)
	l.want(t, l.identity, exchangeOf(grant, "%%%", supAudience), invalidGrant)
	l.want(t, l.identity, exchangeOf(grant, basicDev, "vmware-tes:vc:nsxd-v2:nsx"), invalidGrant)
	testExchange(t, l) // A right password forgets the wrong one.
}

func testNoRefreshToken(t *testing.T, l *lab) {
	for _, got := range []reply{
		l.ask(t, l.identity, exchangeOf(grant, basicDev, supAudience)),
		l.ask(t, l.supers, loginDev),
	} {
		if got.token == "" || strings.Contains(got.body, "refresh") {
			t.Errorf("the reply is\n%s", got.text)
		}
	}
}
