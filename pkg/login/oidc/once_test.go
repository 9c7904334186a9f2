package oidc

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// breaking is a server that answers requests without a password, and breaks every connection that brings one, at a stage. It counts
// the requests that bring one, on whatever connection.
type breaking struct {
	URL                    string
	passwords, connections atomic.Int32
	stage                  string
	good                   atomic.Bool // requests with a password are answered well, and not counted
}

func newBreaking(t *testing.T, stage string) *breaking {
	b := &breaking{stage: stage}
	config := &tls.Config{Certificates: testCertificate(t)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			b.connections.Add(1)
			go b.serve(c.(*net.TCPConn), config)
		}
	}()
	b.URL = "https://" + listener.Addr().String()
	return b
}

// testCertificate is the one of httptest.
func testCertificate(t *testing.T) []tls.Certificate {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.TLS.Certificates
}

// testTrust verifies it.
func testTrust(t *testing.T) trust.Trust {
	return trust.Trust{Mode: trust.Bundle, CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: testCertificate(t)[0].Certificate[0]}))}
}

func (b *breaking) serve(c *net.TCPConn, config *tls.Config) {
	defer c.Close()
	_ = c.SetLinger(0) // Closing resets the connection.
	s := tls.Server(c, config)
	in := bufio.NewReader(s)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if !holdsPassword(r) {
			_, _ = fmt.Fprint(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			continue
		}
		if b.good.Load() {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprint(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			continue
		}
		b.passwords.Add(1)
		switch b.stage {
		case "closed after the request":
			_ = s.Close()
		case "reset in the status line":
			_, _ = fmt.Fprint(s, "HTTP/1.1 2")
		case "reset in the header":
			_, _ = fmt.Fprint(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")
		case "reset in the body":
			_, _ = fmt.Fprint(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
		case "408":
			_, _ = fmt.Fprint(s, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		case "307 to itself":
			_, _ = fmt.Fprintf(s, "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", b.URL)
		case "421":
			_, _ = fmt.Fprint(s, "HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n")
		}
		time.Sleep(5 * time.Millisecond) // What was written arrives before the reset.
		return
	}
}

// holdsPassword looks everywhere in a request.
func holdsPassword(r *http.Request) bool {
	_ = r.ParseForm()
	_, basic, _ := r.BasicAuth()
	secrets := []string{basic, r.Header.Get("Pinniped-Password"), r.PostForm.Get("password"), r.PostForm.Get("client_secret")}
	return strings.Contains(strings.Join(secrets, " "), password.Reveal())
}

// passwordRequests are all ways in which a password goes out.
func passwordRequests(c *Client) map[string]func(context.Context) error {
	basic := func(method string, body []byte) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Wire.Do(ctx, wire.Request{
				Method: method, URL: c.Provider.Issuer, Basic: &wire.Basic{User: "ada", Password: disclose.SupervisorAt(c.Provider.Issuer).Hold(disclose.Password, password)}, Body: body,
			})
			return err
		}
	}
	login := func(plain bool) func(context.Context) error {
		return func(ctx context.Context) error {
			c.Plain = plain
			_, err := c.Password(ctx, "ada", password)
			return err
		}
	}
	client := func(method string) func(context.Context) error {
		return func(ctx context.Context) error {
			c.Plain, c.Provider.AuthMethods = true, []string{method}
			_, err := c.asClient(ctx, password)
			return err
		}
	}
	return map[string]func(context.Context) error{
		"GET /wcp/workloads": basic(http.MethodGet, nil), "POST /wcp/login": basic(http.MethodPost, []byte("{}")),
		"DELETE of a robot": basic(http.MethodDelete, nil), "Pinniped": login(false), "password grant": login(true),
		"client secret in a header": client("client_secret_basic"), "client secret in a body": client("client_secret_post"),
	}
}

// A request with a password goes out once, however the server breaks off. net/http would send a GET again if a connection breaks that
// was used before.
func TestAPasswordIsNeverReplayed(t *testing.T) {
	for _, stage := range []string{
		"reset after the request", "closed after the request", "reset in the status line", "reset in the header", "reset in the body",
		"408", "421", "307 to itself",
	} {
		server := newBreaking(t, stage)
		h, err := testTrust(t).Client(trust.Options{Timeout: 5 * time.Second, MaxConns: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(h.CloseIdleConnections)
		c := &Client{Wire: &wire.Client{HTTP: h, Timeout: 5 * time.Second}, Now: time.Now}
		c.Client, c.IdentityProvider = "client", "ldap"
		c.Provider = Provider{Issuer: server.URL, Authorize: server.URL + "/authorize", Token: server.URL + "/token"}
		c.Provider.Pinniped.IdentityProviders = server.URL + "/idps"
		reused := int32(0)
		for name, send := range passwordRequests(c) {
			// Connections are kept, those for passwords too.
			if _, err := c.Wire.Do(t.Context(), wire.Request{Method: http.MethodGet, URL: server.URL}); err != nil {
				t.Fatal(err)
			}
			server.good.Store(true)
			_ = send(t.Context()) // The reply is no token, but the connection is good.
			server.good.Store(false)
			before, connections := server.passwords.Load(), server.connections.Load()
			if err := send(t.Context()); err == nil {
				t.Errorf("%s: %s: no error", stage, name)
			}
			if got := server.passwords.Load() - before; got != 1 {
				t.Errorf("%s: %s: the password went out %d times", stage, name, got)
			}
			fresh := name == "GET /wcp/workloads" || name == "DELETE of a robot" || name == "Pinniped"
			got := server.connections.Load() - connections
			if fresh && got != 1 || got > 1 {
				t.Errorf("%s: %s: %d new connections", stage, name, got)
			}
			reused += 1 - got
		}
		if reused == 0 {
			t.Errorf("%s: no connection was used again", stage)
		}
	}
}

// HTTP/2 repeats requests by rules of its own, so passwords go over HTTP/1.1, in whatever way they go out.
func TestAPasswordGoesOverHTTP1(t *testing.T) {
	var got []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, fmt.Sprint(r.Proto, " ", holdsPassword(r)))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	h, err := testTrust(t).Client(trust.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.CloseIdleConnections()
	c := &Client{Wire: &wire.Client{HTTP: h}, Now: time.Now}
	c.Client, c.IdentityProvider = "client", "ldap"
	c.Provider = Provider{Issuer: server.URL, Authorize: server.URL + "/authorize", Token: server.URL + "/token"}
	c.Provider.Pinniped.IdentityProviders = server.URL + "/idps"
	for name, send := range passwordRequests(c) {
		got = nil
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if _, err := c.Wire.Do(t.Context(), wire.Request{Method: method, URL: server.URL}); err != nil {
				t.Fatal(err)
			}
		}
		_ = send(t.Context()) // The empty reply may be an error.
		if want := "[HTTP/2.0 false HTTP/2.0 false HTTP/1.1 true]"; fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
}
