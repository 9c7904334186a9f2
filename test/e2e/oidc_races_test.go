package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const concierge = "/apis/login.concierge.pinniped.dev"

// A logout while somebody logs in, or while a credential is renewed, leaves nothing but what is known of servers (sites/): neither the
// session comes back nor a credential.
func TestOIDCLogoutMeanwhile(t *testing.T) {
	t.Parallel()
	left := func(t *testing.T, h *home) {
		t.Helper()
		if paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[acrs][cre]*/*.json")); len(paths) > 0 {
			t.Errorf("left: %v", paths)
		}
	}
	t.Run("a login finds clusters", func(t *testing.T) {
		i, u, h := newIssuer(t, nil), lister(t), newHome(t)
		switchFault(t, map[string]any{"user": u.Username, "endpoint": concierge, "delay": "3s"})
		cmd := h.command(i.loginArgs("-u", u.Username)...)
		cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		output, wait := background(t, cmd)
		until(t, func() bool {
			paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json"))
			return len(paths) > 0
		})
		if out, code := h.run(t, "kubectl-vsphere", "logout"); code != 0 || !strings.Contains(out, "Logged out") {
			t.Errorf("%d %s", code, out)
		}
		if code := wait(); code == 0 || !strings.Contains(output.String(), "is no longer logged in to "+i.server) {
			t.Errorf("%d %s", code, output)
		}
		left(t, h)
	})
	t.Run("the Supervisor is asked about a cluster that is down", func(t *testing.T) {
		i, u, h := newIssuer(t, nil), down(t, "oidc-meanwhile", 1), newHome(t)
		i.password(t, h, u)
		h.endCredentials(t)
		switchFault(t, map[string]any{"user": u.Username, "endpoint": concierge, "delay": "3s"})
		before := i.requests(t)["token"]
		_, wait := background(t, h.command("kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", "oidc-meanwhile/down0"))
		until(t, func() bool { return i.requests(t)["token"] == before+2 }) // The cluster's, and the Supervisor's.
		if out, code := h.run(t, "kubectl-vsphere", "logout"); code != 0 || !strings.Contains(out, "Logged out") {
			t.Errorf("%d %s", code, out)
		}
		if wait() == 0 {
			t.Error("it got a credential")
		}
		left(t, h)
	})
}

// down is somebody with clusters down0, down1, … in a namespace of their own, none of which answers.
func down(t *testing.T, ns string, n int) user {
	t.Helper()
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": ns}, nil); err != nil {
		t.Fatal(err)
	}
	for k := range n {
		if err := adminCall(http.MethodPost, "clusters", map[string]any{"supervisor": 0, "namespace": ns, "name": fmt.Sprintf("down%d", k), "endpoint": "fake"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	u, err := addUser(ns, "lister", "ns1", ns)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// However many clusters do not answer, the Supervisor is asked about them with one certificate.
func TestOIDCStormAtClustersThatAreDown(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), down(t, "oidc-down-storm", 8), newHome(t)
	i.password(t, h, u)
	h.endCredentials(t)
	switchFault(t, map[string]any{"user": u.Username, "endpoint": concierge, "delay": "1s"})
	before, certificates := i.requests(t)["token"], conciergeRequests(t, u)
	var all sync.WaitGroup
	for k := range 8 {
		all.Go(func() {
			out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", fmt.Sprintf("oidc-down-storm/down%d", k))
			if code != 4 || !strings.Contains(out, "connection refused") {
				t.Errorf("%d %s", code, out)
			}
		})
	}
	all.Wait()
	if got := conciergeRequests(t, u) - certificates; got != 1 {
		t.Errorf("%d certificates of the Supervisor", got)
	}
	if got := i.requests(t)["token"] - before; got != 9 {
		t.Errorf("%d requests of tokens, not an exchange for each", got)
	}
}

// If another login replaces a session while a renewal waits for it, the renewal does not use the new session with the old trust.
func TestOIDCSessionIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	t.Run("by one that trusts another CA", func(t *testing.T) {
		i, u, h := shortAccess(t), lister(t), newHome(t)
		i.password(t, h, u)
		h.endCredentials(t)
		account := sha256.Sum256([]byte(h.session(t)["account"].(string)))
		lock, err := os.OpenFile(filepath.Join(h.dir, ".local/state/kubectl-vsphere/accounts", hex.EncodeToString(account[:16])+".lock"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		output, wait := background(t, h.command("kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username))
		until(t, func() bool { return strings.Contains(output.String(), "Waiting for another") })
		sessions, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json"))
		h.edit(t, sessions[0], func(f map[string]any) {
			f["trust"] = map[string]any{"mode": "ca", "ca": string(readFile(t, filepath.Join(filepath.Dir(site.Supervisors[0].CA), "tkg1", "ca.crt")))}
		})
		before := i.requests(t)["token"]
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		if code := wait(); code == 0 || !strings.Contains(output.String(), "another login replaced this session") || i.requests(t)["token"] != before {
			t.Errorf("%d %s", code, output)
		}
	})
	t.Run("by one of vCenter", func(t *testing.T) {
		i, u, h := newIssuer(t, nil), lister(t), newHome(t, "KUBECTL_VSPHERE_PASSWORD="+password)
		switchFault(t, map[string]any{"user": u.Username, "cluster": "ns1/tkc1", "refuse": true})
		output, wait := background(t, h.command(i.loginArgs("-u", u.Username, "--wait", "1m")...))
		until(t, func() bool { return strings.Contains(output.String(), "Waiting for ns1/tkc1") })
		out, code := h.run(t, "kubectl-vsphere", "login", "--server", i.server, "--certificate-authority", site.Supervisors[0].CA, "--auth-method", "sso", "-u", u.Username)
		if code != 0 {
			t.Fatalf("%d %s", code, out)
		}
		if code := wait(); code != 5 || !strings.Contains(output.String(), "ns1/tkc1: another login replaced this session") {
			t.Errorf("%d %s", code, output)
		}
	})
}

// What kubectl renews while a login looks around stays renewed: the login does not put back the token that is spent.
func TestOIDCLoginKeepsWhatIsRenewedMeanwhile(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	first := refreshToken(t, h)
	mend := switchFault(t, map[string]any{"user": u.Username, "server": site.Supervisors[0].Server, "endpoint": concierge, "delay": "4s", "count": 1})
	defer mend()
	cmd := h.command(i.loginArgs("-u", u.Username)...)
	cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	output, wait := background(t, cmd)
	until(t, func() bool { return refreshToken(t, h) != first })
	second := refreshToken(t, h)
	force := []string{"kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", "ns1/tkc1", "--force-refresh"}
	if out, code := h.run(t, force...); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	third := refreshToken(t, h)
	if code := wait(); code != 0 || third == second || refreshToken(t, h) != third {
		t.Errorf("%d %s: the token was put back: %v", code, output, refreshToken(t, h) != third)
	}
	if out, code := h.run(t, force...); code != 0 {
		t.Errorf("%d %s", code, out)
	}
}

// If a cluster comes up during --wait, it gets a context as at a login, even for a user who may not read its Secret.
func TestOIDCWaitWithoutSecrets(t *testing.T) {
	t.Parallel()
	ns := "oidc-wait-nosecrets"
	fresh := map[string]any{"supervisor": 0, "namespace": ns, "name": "new", "endpoint": ""}
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": ns}, nil); err != nil {
		t.Fatal(err)
	}
	if err := adminCall(http.MethodPost, "clusters", fresh, nil); err != nil {
		t.Fatal(err)
	}
	u, err := addUser(ns, "nosecrets", ns)
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	output, wait := background(t, h.command("kubectl-vsphere", "login", "--server", i.server, "--auth-method", "oidc", "-u", u.Username, "--namespaces", ns,
		"--ca-fingerprint", sha256Of(t, site.Supervisors[0].CA), "--wait", "1m"))
	until(t, func() bool { return strings.Contains(output.String(), "Waiting for "+ns+"/new") })
	if err := adminCall(http.MethodDelete, "clusters", fresh, nil); err != nil {
		t.Fatal(err)
	}
	fresh["endpoint"], _, _ = strings.Cut(tkc1(t), ":")
	if err := adminCall(http.MethodPost, "clusters", fresh, nil); err != nil {
		t.Fatal(err)
	}
	if code := wait(); code != 5 || !strings.Contains(output.String(), "   new\n") || !strings.Contains(output.String(), "of no use until a login gets its CA") {
		t.Errorf("%d %s", code, output)
	}
	if out, code := h.run(t, "kubectl", "--context", "new", "get", "pods"); code == 0 || !strings.Contains(out, "its CA is not known") {
		t.Errorf("%d %s", code, out)
	}
}

// A viewer's cluster that shows another certificate than it told may be another one by now: nobody accuses it of being somebody in between.
func TestOIDCAnotherCertificateForAViewer(t *testing.T) {
	t.Parallel()
	u, err := addUser("oidc-viewer", "nosecrets", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	shown := filepath.Join(filepath.Dir(site.Supervisors[0].CA), "tkg1", "tls.crt")
	out, code := h.run(t, "kubectl-vsphere", "login", "--server", i.server, "--auth-method", "oidc", "-u", u.Username, "--namespaces", "ns1",
		"--ca-fingerprint", sha256Of(t, site.Supervisors[0].CA), "--ca-fingerprint", sha256Of(t, shown))
	if code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	other := string(readFile(t, site.Supervisors[1].CA))
	paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[acrs][cre]*/*.json"))
	for _, path := range paths {
		h.edit(t, path, func(f map[string]any) {
			if target, ok := f["target"].(map[string]any); ok && f["cluster"] == "ns1/tkc1" {
				target["ca"] = other
			}
			if trusted, ok := f["trust"].(map[string]any); ok {
				trusted["pins"].(map[string]any)[tkc1(t)] = other
			}
		})
	}
	out, code = h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", "ns1/tkc1")
	if code != 4 || strings.Contains(out, "in between") || !strings.Contains(out, "log in again: kubectl vsphere login --server "+i.server) {
		t.Errorf("%d %s", code, out)
	}
}
