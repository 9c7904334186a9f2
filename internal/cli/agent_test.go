package cli_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// Every request names this program and its version: those of login, renewal, revocation and whoami, those that x/oauth2 and client-go
// make, and the one to a proxy. (The world of tests fails a test with a request that names another program.)
func TestEveryRequestNamesTheProgram(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.LDAP())
	i.Revokes = true
	s.Replies["POST /apis/authentication.k8s.io/v1/selfsubjectreviews"] = consoletest.Reply(`{"status":{"userInfo":{"username":"dev"}}}`)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(clitest.SignIn(w, "--auth-method", "sso")...).Exits(0)
	w.Run("whoami").Exits(0)
	w.Run(clitest.SignIn(w, "--auth-method", "oidc")...).Exits(0)
	w.Advance(10 * time.Minute)
	w.Run("get-token", "--server", clitest.Server, "--user", consoletest.User, "--cluster", "ns1/tkc1", "--verbose=6").Exits(0)
	w.Run("whoami").Exits(0)
	w.Run("logout").Exits(0)
	want := "kubectl-vsphere/v0.0.0-test (" + runtime.GOOS + "/" + runtime.GOARCH + ")"
	all := w.Agents()
	if len(all) != 1 || all[want] < 20 {
		t.Errorf("%v, not %s alone", all, want)
	}
	for name, want := range map[string]int{"authorize": 1, "token authorization_code": 1, "token refresh_token": 1, "token token-exchange": 2, "revoke": 1, "GET /jwks": 1} {
		if n := i.Count(name); n < want {
			t.Errorf("%s: %d, so this says nothing about it", name, n)
		}
	}
}

// A proxy is asked in that name too.
func TestAProxyIsToldTheProgram(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			said <- r.Method + " " + r.UserAgent()
		}
		_, _ = c.Write([]byte("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
	}()
	defer l.Close()
	w := clitest.New(t)
	w.Reach("proxy.example:8080", l.Addr().String())
	program := w.Program
	w.Program = func(ctx context.Context, e *console.Env, args []string) int {
		e.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:8080"})
		return program(ctx, e, args)
	}
	w.Run("login", "--server", clitest.Server, "--certificate-authority", w.CAFile).Exits(failure.Server).Says("the proxy proxy.example:8080")
	select {
	case got := <-said:
		if !strings.HasPrefix(got, "CONNECT kubectl-vsphere/v0.0.0-test (") {
			t.Error(got)
		}
	default:
		t.Error("no proxy was asked")
	}
}
