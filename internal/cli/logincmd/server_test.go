package logincmd_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
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

// A reply that is made to cost much is the server's fault as well, and the sentence says what is wrong with it. What a login can do
// without is left out: the Supervisor's CA in a text of aliases.
func TestRepliesThatCostMuch(t *testing.T) {
	documents := costtest.Documents()
	const lists = "GET /apis/cluster.x-k8s.io/v1beta1/namespaces/ns1/clusters"
	for name, tc := range map[string]struct {
		request, body string
		code          int
		says          string
	}{
		"deep workloads":       {proof, documents["100,000 nested arrays"], 4, "the reply is nested deeper than 64 levels"},
		"a million workloads":  {proof, documents["1,000,000 empty objects"], 4, "the reply has a list of more than 20000 items"},
		"large workloads":      {proof, documents["5 MiB"], 4, "the reply is larger than 4 MiB"},
		"a deep login":         {"POST /wcp/login", documents["nested objects"], 4, "the reply is nested deeper than 64 levels"},
		"100,000 members":      {"POST /wcp/login", documents["100,000 duplicate keys"], 4, "the reply has a list of more than 20000 items"},
		"deep clusters":        {lists, documents["nested objects"], 5, "the reply is nested deeper than 64 levels"},
		"a million clusters":   {lists, documents["items within an object"], 5, "the reply has a list of more than 20000 items"},
		"a CA of aliases":      {vipInfo, costtest.Within("kubeconfig", documents["a YAML scalar aliased 900 times"]), 0, "Logged in"},
		"a CA of a million":    {vipInfo, costtest.Within("kubeconfig", documents["1,000,000 empty objects"]), 0, "Logged in"},
		"a million CAs in PEM": {vipInfo, costtest.Within("kubeconfig", documents["100,000 blocks of PEM"]), 0, "Logged in"},
	} {
		w, s := site(t)
		given(w)
		s.Replies[tc.request] = consoletest.Reply(tc.body)
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			r := w.Run(signIn(w)...).Exits(tc.code).Says(tc.says)
			if took := time.Since(start); took > 5*time.Second || len(r.Err) > 10_000 {
				t.Errorf("%s, %d bytes", took, len(r.Err))
			}
			if s.Count(tc.request) == 0 {
				t.Errorf("nobody asked for %s: %q", tc.request, s.Requests())
			}
		})
	}
}

const vipInfo = "GET /api/v1/namespaces/kube-public/configmaps/vip-cluster-info"
