package contract

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/front"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

const issuer = "https://vc.example.com/openidconnect/vsphere.local"

// site is a front with its vCenter. Its API server says what it was asked.
type site struct {
	t       *testing.T
	vcenter *vcenter.Service
	faults  *fault.Set
	addr    string // of the front
	api     chan *http.Request
}

const caPEM = "-----BEGIN CERTIFICATE-----\nTEFC\n-----END CERTIFICATE-----\n"

// guests are the clusters of the site: one that is ready, one that has no address yet.
var guests = map[string]front.Guest{
	"ns1/tkc1":  {UID: "11111111-2222-3333-4444-555555555555", Server: "10.0.0.9", CAPEM: []byte(caPEM)},
	"ns1/young": {UID: "66666666-2222-3333-4444-555555555555"},
}

func newSite(t *testing.T) *site {
	t.Helper()
	v, err := vcenter.New(issuer, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []vcenter.User{
		{Username: "Administrator@vsphere.local", Password: "Admin!23", Namespaces: []string{"ns1", "ns2"}, Groups: []string{"Administrators@vsphere.local"}},
		{Username: "nobody@vsphere.local", Password: "Admin!23"},
	} {
		if err := v.AddUser(u); err != nil {
			t.Fatal(err)
		}
	}
	s := &site{t: t, vcenter: v, faults: &fault.Set{}, api: make(chan *http.Request, 1)}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.api <- r
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(api.Close)
	s.addr = serve(t, s.faults.Middleware(func(*http.Request) string { return "sup" }, front.New(s.config(api.URL))))
	return s
}

func (s *site) config(api string) front.Config {
	target, err := url.Parse(api)
	if err != nil {
		s.t.Fatal(err)
	}
	return front.Config{
		VCenter: s.vcenter, API: target, Banner: func() string { return "Authorized use only.\n" },
		Workloads: func(u vcenter.User) []front.Workload {
			var all []front.Workload
			for i, ns := range u.Namespaces { // The second one is of another Supervisor of the vCenter.
				all = append(all, front.Workload{Namespace: ns, MasterHost: []string{"10.0.0.1", "10.0.1.1"}[i]})
			}
			return all
		},
		Guest: func(_ context.Context, namespace, name string) (front.Guest, bool, error) {
			if namespace == "" {
				namespace = "ns1"
			}
			g, found := guests[namespace+"/"+name]
			return g, found, nil
		},
	}
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// bytes are a request and its reply as they are on the wire. Lines end in LF here and in CRLF there, in headers.
type bytes struct{ request, reply string }

// exchange sends the request's bytes and compares the reply's.
func (s *site) exchange(b bytes) (token string) {
	s.t.Helper()
	return exchange(s.t, s.addr, b)
}

func exchange(t *testing.T, addr string, b bytes) (token string) {
	t.Helper()
	got, token := send(t, addr, b.request)
	if want := strings.TrimLeft(b.reply, "\n"); got != want {
		t.Errorf("reply:\n%s\nwant:\n%s", got, want)
	}
	return token
}

// send returns the reply without its date, and with each token as TOKEN.
func send(t *testing.T, addr, request string) (reply, token string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	head, body, _ := strings.Cut(strings.TrimLeft(request, "\n"), "\n\n")
	if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\nConnection: close\r\n\r\n"+body); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	reply = strings.ReplaceAll(string(text), "\r\n", "\n")
	reply = regexp.MustCompile(`(?m)^(Date|Content-Length|Connection): .*\n`).ReplaceAllString(reply, "")
	jwt := regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)
	token = jwt.FindString(reply)
	return jwt.ReplaceAllString(reply, "TOKEN"), token
}
