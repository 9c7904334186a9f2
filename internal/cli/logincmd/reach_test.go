package logincmd_test

import (
	"net/http"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// People copy the server of an old context. The answer names the line without the port, before a CA is accepted for nothing.
func TestServerAtTheAPIPort(t *testing.T) {
	const right = "Port 6443 is the API server's. A login goes to the Supervisor's front. Leave the port out: --server 10.0.0.1\n"
	w, _ := site(t)
	given(w)
	for _, api := range []http.HandlerFunc{
		consoletest.Status(http.StatusForbidden, `{"kind":"Status","message":"forbidden: User \"system:anonymous\" cannot get path \"/wcp/loginbanner\""}`),
		consoletest.Status(http.StatusUnauthorized, `{"kind":"Status","code":401}`),
		consoletest.Status(http.StatusNotFound, "404 page not found"),
	} {
		w.Serve("10.0.0.1:6443", w.CA, api)
		for _, server := range []string{"https://10.0.0.1:6443", "10.0.0.1:6443", "https://10.0.0.1:6443/api?x"} {
			w.Nobody()
			w.Run("login", "--server", server, "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(4).Says("is not a vSphere Supervisor", right).Omits("vCenter or")
			w.Person(consoletest.Answer{To: firstUse, Keys: "n"})
			w.Run("login", "--server", server, "-u", consoletest.User).Exits(4).Says("note: "+right, "Not trusted")
		}
	}
	w.Nobody()
	w.Serve("[fd00::1]:6443", w.CA, consoletest.Status(http.StatusForbidden, "{}"))
	w.Run("login", "--server", "https://[fd00::1]:6443", "--certificate-authority", w.CAFile, "-u", consoletest.User).Exits(4).Says("--server fd00::1\n")
	s := w.Supervisor("10.0.0.2")
	w.Serve("10.0.0.2:6443", w.CA, s) // A NAT may have the front there.
	w.Run("login", "--server", "10.0.0.2:6443", "--certificate-authority", w.CAFile, "-u", consoletest.User).Exits(0)
}

// 443 filtered and 6443 open: it is said which port is needed.
func TestOnlyTheAPIPortIsOpen(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Down("10.0.0.1:443")
	for _, more := range [][]string{nil, {"--certificate-authority", w.CAFile}} {
		w.Run(untold(more...)...).Exits(4).Says("connect to 10.0.0.1: ", "connection refused", "The API server answers there at port 6443, but a login needs port 443.")
	}
	if n := s.Count("GET /version"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.Down("10.0.0.1:6443")
	w.Run(untold()...).Exits(4).Says("connection refused").Omits("6443")
}

// A Supervisor that cannot ask vCenter answers so to a right password.
func TestASupervisorThatCannotAskVCenter(t *testing.T) {
	for _, status := range []int{500, 502, 503, 504} {
		for _, at := range []string{"GET /wcp/workloads", "POST /wcp/login"} {
			w, s := site(t)
			given(w)
			s.Replies[at] = consoletest.Status(status, "no")
			w.Run(signIn(w)...).Exits(4).Says("Please contact your vSphere server administrator", "DNS", "NTP", "STS").Omits("refused")
		}
	}
	w, s := site(t)
	given(w)
	s.Replies["POST /wcp/login"] = consoletest.Reply("<html>")
	w.Run(signIn(w)...).Exits(4).Says("Please contact your vSphere server administrator").Omits("DNS")
}

// Who has no namespace yet is told what to do once there is a role. The second login adds the contexts, and nothing else changes.
func TestANamespaceThatComesLater(t *testing.T) {
	w := clitest.New(t)
	s := w.Supervisor("10.0.0.1")
	given(w)
	w.Run(signIn(w)...).Exits(0).Says("you have no vSphere Namespace here", "log in again, which adds its contexts: kubectl vsphere login --server 10.0.0.1 -u "+consoletest.User)
	wantContexts(t, w, "10.0.0.1")
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "later", Clusters: []*consoletest.Cluster{w.Cluster("tkc1", "10.0.0.11")}})
	w.Run("login").Exits(0).Says("   later\n", "   tkc1\n").Omits("no vSphere Namespace", "no longer exists")
	wantContexts(t, w, "10.0.0.1", "later", "tkc1")
	if cfg := kubeconfig(t, w); cfg.CurrentContext != "10.0.0.1" {
		t.Errorf("the current context became %s", cfg.CurrentContext)
	}
	s.Namespaces = nil
	w.Run("login").Exits(0).Says("the namespace or cluster of the context later no longer exists")
}

// A site with IPv6 alone: URLs have brackets, certificates and names have none. A closed port changes nothing about that.
func TestIPv6Alone(t *testing.T) {
	for _, down := range []bool{false, true} {
		w := clitest.New(t)
		w.Supervisor("fd00::1", &consoletest.Namespace{Name: "ns1", Clusters: []*consoletest.Cluster{w.Cluster("tkc1", "fd00::11")}})
		given(w)
		port := "6443"
		if down {
			w.Down("[fd00::1]:6443")
			port = "443"
		}
		w.Run("login", "--server", "https://[fd00::1]/", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(0)
		wantServer(t, w, "fd00::1", "https://[fd00::1]:"+port, w.CA.PEM)
		wantServer(t, w, "ns1", "https://[fd00::1]:"+port, w.CA.PEM)
		if url, _ := server(t, w, "tkc1"); url != "https://[fd00::11]:6443" {
			t.Errorf("the cluster is at %s", url)
		}
		w.Run("get-token", "--server", "fd00::1", "--user", consoletest.User).Exits(0)
		w.Run("status").Exits(0).Says("fd00::1 ")
	}
}
