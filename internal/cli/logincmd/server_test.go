package logincmd_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// What answers badly is the server's fault (4), and a password is not sent to what is no Supervisor.
func TestBadServers(t *testing.T) {
	for name, tc := range map[string]struct {
		request string
		reply   http.HandlerFunc
		says    string
	}{
		"not a Supervisor":   {"GET /wcp/loginbanner", consoletest.Status(404, ""), "not of vCenter or of a TKG cluster"},
		"401 for the banner": {"GET /wcp/loginbanner", consoletest.Status(401, ""), "not a vSphere Supervisor"},
		"a web page":         {"GET /wcp/loginbanner", consoletest.Reply("<html>"), "not a vSphere Supervisor"},
		"another API":        {"GET /wcp/loginbanner", consoletest.Reply(`{"a":1}`), "not a vSphere Supervisor"},
		"its front is down":  {"GET /wcp/loginbanner", consoletest.Status(502, ""), "bad gateway"},
		"vCenter is down":    {proof, consoletest.Status(502, "no upstream"), "Please contact your vSphere server administrator"},
		"garbled workloads":  {proof, consoletest.Reply(`[{"name`), "/wcp/workloads"},
		"a redirect": {proof, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://10.9.9.9/", http.StatusFound)
		}, "redirect"},
		"logins fail":            {"POST /wcp/login", consoletest.Status(500, ""), "/wcp/login"},
		"no token in the reply":  {"POST /wcp/login", consoletest.Reply(`{}`), "/wcp/login"},
		"a token that has ended": {"POST /wcp/login", consoletest.Reply(`{"session_id":"e30.eyJleHAiOjF9.c2ln"}`), "clock"},
	} {
		w, s := site(t)
		given(w)
		s.Replies[tc.request] = tc.reply
		t.Run(name, func(t *testing.T) {
			w.Run(signIn(w)...).Exits(4).Says(tc.says)
			if n := s.Count(proof); tc.request == "GET /wcp/loginbanner" && n > 0 {
				t.Error("a password was sent")
			}
			if w.ReadKubeconfig() != "" {
				t.Error("a kubeconfig was written")
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run("login", "--server", "10.0.0.99", "-u", consoletest.User).Exits(4).Says("connection refused")
}

func TestSlowServer(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[proof] = consoletest.Slow(10 * time.Second)
	w.Run(signIn(w, "--request-timeout", "200ms")...).Exits(4).Says("no answer within 200ms")
}

// A banner is the server's text: it is shown without what moves the cursor.
func TestBanner(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Banner = "For authorised\x1b[2J people\u202e only"
	w.Run(signIn(w)...).Exits(0).Says("For authorised").Omits("\x1b", "\u202e")
}

// Where a server is reached is remembered.
func TestControlPlaneAddress(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Down("10.0.0.1:443")
	w.Down("10.0.0.1:6443")
	w.ServeAt("192.168.0.1:443", "10.0.0.1", w.CA, s)
	w.Run(signIn(w)...).Exits(4)
	w.Run(signIn(w, "--control-plane-address", "10.0.0.1=192.168.0.1")...).Exits(0)
	w.Run(signIn(w)...).Exits(0)
}

// One line for each request, without what is secret.
func TestVerbose(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "-v", "1")...).Exits(0).Says("GET https://10.0.0.1/wcp/workloads 200", "POST https://10.0.0.1/wcp/login 200").Omits(consoletest.Password, "limit=")
}
