package contract

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

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

func testWrongCAFault(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/login", Cluster: "ns1/tkc1", WrongCA: true})
	got := l.guestReply(t)
	if got.Server != "10.0.0.9" || got.CA != base64.StdEncoding.EncodeToString(l.wrongCA) {
		t.Errorf("the reply is %+v", got)
	}
}

func testExpiredFault(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/login", User: dev, Expired: true})
	got := l.want(t, l.supers, loginGuest, guestSession)
	l.checkSignature(t, got.token)
	l.want(t, l.webhook, reviewOf(got.token), refused("token has expired"))
}

func testKubeConfig(t *testing.T, l *lab) {
	for _, text := range kubeConfigs {
		l.fault(t, fault.Fault{Endpoint: "/wcp/login", Count: 1, KubeConfig: &text})
		l.want(t, l.supers, loginDev, "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"session_id\":\"TOKEN\",\"kube_config\":"+text+"}\n")
	}
}

// kubeConfigs are what 9.x may put beside the token.
var kubeConfigs = []string{"null", `"apiVersion: v1"`, `{"apiVersion":"v1","clusters":[]}`}
