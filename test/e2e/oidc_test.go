package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// issuer is a front of a Supervisor with an identity provider of its own, so that a test has its requests and faults to itself.
type issuer struct{ server string }

// newIssuer makes one; spec is more of the admin API's FrontSpec, such as "lifetimes".
func newIssuer(t *testing.T, spec map[string]any) issuer {
	t.Helper()
	all := map[string]any{"supervisor": 0, "identity": true}
	for name, value := range spec {
		all[name] = value
	}
	var out struct{ Server string }
	if err := adminCall(http.MethodPost, "fronts", all, &out); err != nil {
		t.Fatal(err)
	}
	return issuer{out.Server}
}

// shortAccess lets every renewal need a refresh: an access token of less than 10 s is not used again.
func shortAccess(t *testing.T) issuer {
	return newIssuer(t, map[string]any{"lifetimes": map[string]string{"access": "8s"}})
}

// requests counts those to the issuer since the last call, by the last word of their path. Discovery is in it.
func (i issuer) requests(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, r := range i.log(t) {
		if below, ok := strings.CutPrefix(r.Endpoint, "/wcp/pinniped/"); ok {
			counts[below[strings.LastIndexByte(below, '/')+1:]]++
		}
	}
	return counts
}

func (i issuer) log(t *testing.T) []request {
	t.Helper()
	var all []request
	if err := adminCall(http.MethodGet, "log", nil, &all); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r request) bool { return r.Server != i.server })
}

// fault switches one on for this issuer.
func (i issuer) fault(t *testing.T, fault map[string]any) (mend func()) {
	t.Helper()
	fault["server"] = i.server
	return switchFault(t, fault)
}

func switchFault(t *testing.T, fault map[string]any) (mend func()) {
	t.Helper()
	var out struct{ ID string }
	if err := adminCall(http.MethodPost, "faults", fault, &out); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	mend = func() {
		once.Do(func() {
			if err := adminCall(http.MethodDelete, "faults?id="+out.ID, nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(mend)
	return mend
}

// lister is an account that may list namespaces, and use ns1 and tkc1.
func lister(t *testing.T) user {
	t.Helper()
	u, err := addUser("oidc-"+strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())), "lister", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// loginArgs are the arguments of a login by the issuer.
func (i issuer) loginArgs(flags ...string) []string {
	return append([]string{"kubectl-vsphere", "login", "--server", i.server, "--certificate-authority", site.Supervisors[0].CA, "--auth-method", "oidc"}, flags...)
}

// password logs in with a password in the environment.
func (i issuer) password(t *testing.T, h *home, u user, flags ...string) string {
	t.Helper()
	cmd := h.command(i.loginArgs(append([]string{"-u", u.Username}, flags...)...)...)
	cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("login: %v\n%s", err, out)
	}
	return string(out)
}

// endCredentials makes every minted credential of a home end now, and leaves the session.
func (h *home) endCredentials(t *testing.T) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/credentials/*.json"))
	for _, path := range paths {
		h.edit(t, path, func(f map[string]any) {
			past := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
			f["until"], f["expires"] = past, past
		})
	}
}

func (h *home) edit(t *testing.T, path string, change func(map[string]any)) {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal(readFile(t, path), &file); err != nil {
		t.Fatal(err)
	}
	change(file)
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// session is the one session of a home.
func (h *home) session(t *testing.T) map[string]any {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json"))
	if len(paths) != 1 {
		t.Fatalf("%d sessions", len(paths))
	}
	var s map[string]any
	if err := json.Unmarshal(readFile(t, paths[0]), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A password from the environment, then real kubectl at the Supervisor, in a namespace and at a TKG cluster. The first kubectl on a
// cluster makes two requests, since the login's access token is still good.
func TestOIDCPassword(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	out := i.password(t, h, u)
	for _, name := range []string{"ns1", "tkc1"} {
		if !strings.Contains(out, "   "+name+"\n") {
			t.Errorf("no context %s:\n%s", name, out)
		}
	}
	if got := i.requests(t); got["authorize"] != 1 || got["token"] != 2 || got["jwks.json"] != 1 || got["openid-configuration"] != 1 {
		t.Errorf("requests of the login: %v", got)
	}
	if text := string(readFile(t, filepath.Join(h.dir, ".kube/config"))); strings.Contains(text, "pin_") || strings.Contains(text, "client-key") {
		t.Errorf("the kubeconfig holds a secret:\n%s", text)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"); code != 0 || out != u.Username {
		t.Fatalf("%d %s", code, out)
	}
	if got := i.requests(t); got["token"] != 3 || got["jwks.json"] != 1 {
		t.Errorf("requests with the first kubectl: %v", got)
	}
	if got := conciergeRequests(t, u); got != 2 {
		t.Errorf("%d certificates were asked for", got)
	}
	for _, args := range [][]string{
		{"kubectl", "--context", "tkc1", "get", "nodes"}, {"kubectl", "--context", "ns1", "get", "clusters.cluster.x-k8s.io"},
		{"kubectl", "--context", strings.Split(i.server, ":")[0], "get", "namespaces"}, {"kubectl-vsphere", "whoami", "--context", "tkc1"},
	} {
		if out, code := h.run(t, args...); code != 0 {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
	if got := conciergeRequests(t, u); got != 2 {
		t.Errorf("%d certificates after all", got)
	}
}

func conciergeRequests(t *testing.T, u user) int {
	t.Helper()
	text, err := requests(u.Username)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(text, "POST /apis/login.concierge.pinniped.dev/")
}

// However many kubectl find the credential ended, there is one refresh, one exchange, one certificate, and all of them succeed.
func TestOIDCStorm(t *testing.T) {
	t.Parallel()
	for _, n := range []int{6, 50} {
		i, h := shortAccess(t), newHome(t)
		u, err := addUser(fmt.Sprintf("oidc-storm-%d", n), "lister", "ns1")
		if err != nil {
			t.Fatal(err)
		}
		i.password(t, h, u)
		h.endCredentials(t)
		before, certificates := i.requests(t), conciergeRequests(t, u)
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
					t.Errorf("%d %s", code, out)
				}
			})
		}
		all.Wait()
		if got := i.requests(t)["token"] - before["token"]; got != 2 {
			t.Errorf("%d kubectl: %d requests of tokens, not a refresh and an exchange", n, got)
		}
		if got := conciergeRequests(t, u) - certificates; got != 1 {
			t.Errorf("%d kubectl: %d certificates", n, got)
		}
	}
}

// An API server that does not answer keeps nobody waiting but who wants to use it: not the session's other contexts, and not a login.
func TestOIDCASlowClusterHoldsUpNobody(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	i.password(t, h, u)
	h.endCredentials(t)
	switchFault(t, map[string]any{"user": u.Username, "cluster": "ns1/tkc1", "endpoint": "/apis/login.concierge.pinniped.dev", "delay": "25s"})
	before := i.requests(t)["token"]
	slow := h.command("kubectl", "--context", "tkc1", "get", "--raw", "/version")
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- slow.Wait() }()
	t.Cleanup(func() { _ = slow.Process.Kill(); <-done })
	until(t, func() bool { return i.requests(t)["token"] == before+2 }) // the refresh and the exchange
	if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 || strings.Contains(out, "Waiting") {
		t.Errorf("%d %s", code, out)
	}
	if out := i.password(t, h, u); strings.Contains(out, "Waiting") {
		t.Errorf("%s", out)
	}
	select {
	case err := <-done:
		t.Errorf("the slow one was first: %v", err)
		done <- err
	default:
	}
}

// If an API server does not answer, one process asks it, and those that wait learn the result from that one.
func TestOIDCADeadClusterIsAskedOnce(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	switchFault(t, map[string]any{"user": u.Username, "cluster": "ns1/tkc1", "endpoint": "/apis/login.concierge.pinniped.dev", "delay": "5s", "drop": true})
	before := conciergeRequests(t, u)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", "ns1/tkc1")
			if code != 4 || !strings.Contains(out, "service unavailable (503)") {
				t.Errorf("%d %s", code, out)
			}
		})
	}
	all.Wait()
	if got := conciergeRequests(t, u) - before; got != 1 {
		t.Errorf("it was asked %d times", got)
	}
}

// refuse makes the issuer answer every token request as it does when the user is not welcome any more.
var refusals = map[string]map[string]any{
	"pinniped upstream": {"endpoint": "/wcp/pinniped/oauth2/token", "header": map[string]string{"Content-Type": "application/json"}, "status": 401, "body": `{"error":"error","error_description":"Error during upstream refresh. Upstream refresh failed."}`},
	"pinniped":          {"endpoint": "/wcp/pinniped/oauth2/token", "header": map[string]string{"Content-Type": "application/json"}, "status": 400, "body": `{"error":"invalid_grant","error_description":"The token is malformed or not valid."}`},
	"dex":               {"endpoint": "/wcp/pinniped/oauth2/token", "header": map[string]string{"Content-Type": "application/json"}, "status": 400, "body": `{"error":"invalid_request","error_description":"Refresh token is invalid or has already been claimed by another client."}`},
}

// A refused refresh is sent once, however often kubectl tries, and says what to type. What may pass ends nothing: kubectl goes on without a
// login once it has passed.
func TestOIDCRefused(t *testing.T) {
	t.Parallel()
	for name, refusal := range refusals {
		t.Run(name, func(t *testing.T) {
			final := name == "pinniped"
			i, u, h := shortAccess(t), lister(t), newHome(t)
			i.password(t, h, u)
			h.endCredentials(t)
			mend := i.fault(t, refusal)
			before := i.requests(t)["token"]
			for range 2 {
				out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "pods")
				if code == 0 || !strings.Contains(out, "kubectl vsphere login --server "+i.server+" --auth-method oidc") {
					t.Errorf("%d %s", code, out)
				}
			}
			if got := i.requests(t)["token"] - before; got != 1 && (final || got > 4) {
				t.Errorf("%d requests for ten runs", got)
			}
			mend()
			if final {
				i.password(t, h, u)
			} else if out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--force-refresh"); code != 0 {
				t.Fatalf("when it has passed: %d %s", code, out)
			}
			if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
				t.Errorf("after a login: %d %s", code, out)
			}
		})
	}
}

// The directory behind the Supervisor's Pinniped is down, and comes back: nobody logs in again, and twenty kubectl ask once. status says it.
func TestOIDCUpstreamIsDown(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	i.password(t, h, u)
	h.endCredentials(t)
	mend := i.fault(t, map[string]any{"upstreamDown": true})
	before := i.requests(t)["token"]
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username)
			if code != 4 || !strings.Contains(out, "Upstream refresh failed") {
				t.Errorf("%d %s", code, out)
			}
		})
	}
	all.Wait()
	if got := i.requests(t)["token"] - before; got > 4 {
		t.Errorf("%d requests of twenty", got)
	}
	if out, code := h.run(t, "kubectl-vsphere", "status"); code != 0 || !strings.Contains(out, "has not been renewed since") || !strings.Contains(out, "Upstream refresh failed") {
		t.Errorf("%d %s", code, out)
	}
	mend()
	if out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--force-refresh"); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
}

// A directory that knows people by a short name, and a transform: contexts are of the identity, and passwords go with the name that is typed.
func TestOIDCNamesThatDiffer(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, map[string]any{"shortNames": true, "namePrefix": "corp:", "lifetimes": map[string]string{"access": "8s"}}), lister(t), newHome(t)
	short, _, _ := strings.Cut(u.Username, "@")
	h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	if out, code := h.run(t, i.loginArgs("-u", short)...); code != 0 || !strings.Contains(out, "you are corp:"+u.Username) {
		t.Fatalf("%d %s", code, out)
	}
	for _, args := range [][]string{i.loginArgs("-u", "corp:"+u.Username), {"kubectl-vsphere", "login"}} {
		if out, code := h.run(t, args...); code != 0 {
			t.Errorf("%q: %d %s", args, code, out)
		}
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 || !strings.Contains(out, "corp:"+u.Username) {
		t.Errorf("%d %s", code, out)
	}
}

// A provider that offers a browser only gets no password.
func TestOIDCOffersNoPasswords(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, map[string]any{"flows": []string{"browser_authcode"}}), lister(t), newHome(t)
	h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	args := i.loginArgs("-u", u.Username, "--oidc-flow", "password")
	out, code := h.run(t, args...)
	if code != 2 || !strings.Contains(out, "--oidc-flow browser") || i.requests(t)["authorize"] != 0 {
		t.Errorf("%d %s", code, out)
	}
}

// A network error or a broken issuer ends nothing: no browser opens, and the next kubectl goes on.
func TestOIDCUnreachable(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]map[string]any{
		"dropped": {"endpoint": "/wcp/pinniped/oauth2/token", "drop": true},
		"502":     {"endpoint": "/wcp/pinniped/oauth2/token", "status": 502},
		"garbled": {"endpoint": "/wcp/pinniped/oauth2/token", "garble": true},
	} {
		t.Run(name, func(t *testing.T) {
			i, u, h := shortAccess(t), lister(t), newHome(t)
			i.password(t, h, u)
			h.endCredentials(t)
			mend := i.fault(t, fault)
			opened := h.fakeBrowser(t)
			term := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version")
			if code := term.wait(); code == 0 || strings.Contains(term.output(), "vsphere login") {
				t.Errorf("%d %s", code, term.output())
			}
			if pages := opened(); len(pages) > 0 {
				t.Errorf("a browser opened %v", pages)
			}
			mend()
			h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--force-refresh") // Who does not wait for the end of a pause.
			if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
				t.Errorf("then: %d %s", code, out)
			}
		})
	}
}

// The Concierge of a Pinniped older than v0.6.0 is found, and remembered.
func TestOIDCOldConcierge(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	switchFault(t, map[string]any{"user": u.Username, "conciergeNamespaced": true})
	i.password(t, h, u)
	for range 2 {
		if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 {
			t.Fatalf("%d %s", code, out)
		}
		h.endCredentials(t)
	}
	text, _ := requests(u.Username)
	missed := strings.Count(text, " 404 ")
	if missed != 2 { // The Supervisor's and the cluster's, once each.
		t.Errorf("%d requests of the newer form:\n%s", missed, text)
	}
}

// A cluster that was made anew under its old name has another audience: that is found out by itself.
func TestOIDCClusterMadeAnew(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/credentials/*.json"))
	for _, path := range paths {
		h.edit(t, path, func(f map[string]any) {
			if f["cluster"] == "ns1/tkc1" {
				f["target"].(map[string]any)["audience"] = "tkc1-of-before"
			}
		})
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	// One that has another CA, too, is not the one of the kubeconfig: a login mends that.
	for _, path := range paths {
		h.edit(t, path, func(f map[string]any) {
			if f["cluster"] == "ns1/tkc1" {
				f["target"].(map[string]any)["ca"] = string(readFile(t, site.Supervisors[1].CA))
				f["until"], f["expires"] = time.Unix(0, 0), time.Unix(0, 0)
			}
		})
	}
	out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami")
	if code == 0 || !strings.Contains(out, "ns1/tkc1 is not the cluster of the last login") || !strings.Contains(out, "kubectl vsphere login --server "+i.server) {
		t.Errorf("%d %s", code, out)
	}
	i.password(t, h, u)
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 {
		t.Errorf("after a login: %d %s", code, out)
	}
	// Of a certificate that is not believed it names flags, and the command that has them.
	for _, path := range paths {
		h.edit(t, path, func(f map[string]any) {
			if f["cluster"] == nil {
				f["target"].(map[string]any)["ca"] = string(readFile(t, filepath.Join(filepath.Dir(site.Supervisors[0].CA), "tkg1", "ca.crt")))
				f["until"], f["expires"] = time.Unix(0, 0), time.Unix(0, 0)
			}
		})
	}
	out, code = h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username)
	if code != 4 || !strings.Contains(out, "--ca-fingerprint") || !strings.Contains(out, "\nLog in again with one of these flags: kubectl vsphere login --server "+i.server) {
		t.Errorf("%d %s", code, out)
	}
	// Without anything remembered of the cluster it works as well.
	for _, path := range paths {
		_ = os.Remove(path)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 {
		t.Errorf("with an empty cache: %d %s", code, out)
	}
}

// A user who may not list namespaces names them once.
func TestOIDCNamespacesHidden(t *testing.T) {
	t.Parallel()
	u, err := addUser("oidc-hidden", "edit", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t)
	if out := i.password(t, h, u); !strings.Contains(out, "--namespaces") || strings.Contains(out, "   ns1\n") {
		t.Errorf("%s", out)
	}
	again := i.loginArgs("--oidc-flow", "password", "-u", u.Username, "--prune")
	for _, args := range [][]string{{"kubectl-vsphere", "login", "--namespaces", "ns1"}, {"kubectl-vsphere", "login"}, again} {
		cmd := h.command(args...)
		cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "   ns1\n") || !strings.Contains(string(out), "   tkc1\n") || strings.Contains(string(out), "--namespaces") {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	// Where nobody looked, nothing is gone.
	cmd := h.command(append(again, "--namespaces", "")...)
	cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "   tkc1\n") || strings.Contains(string(out), "removed") {
		t.Errorf("%v %s", err, out)
	}
}

// A user who may not read Secrets gets the cluster's CA from the cluster itself, and decides about it.
func TestOIDCWithoutSecrets(t *testing.T) {
	t.Parallel()
	ns := "oidc-nosecrets"
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": ns}, nil); err != nil {
		t.Fatal(err)
	}
	if err := adminCall(http.MethodPost, "clusters", map[string]any{"supervisor": 0, "namespace": ns, "name": "down", "endpoint": "fake"}, nil); err != nil {
		t.Fatal(err)
	}
	u, err := addUser("oidc-nosecrets", "nosecrets", "ns1", ns)
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t)
	ca := sha256Of(t, site.Supervisors[0].CA)
	args := []string{"kubectl-vsphere", "login", "--server", i.server, "--auth-method", "oidc", "-u", u.Username, "--namespaces", "ns1," + ns, "--ca-fingerprint", ca}
	login := func(args ...string) (string, int) {
		cmd := h.command(args...)
		cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		out, err := cmd.CombinedOutput()
		return string(out), exitCode(err)
	}
	if out, code := login(args...); code != 5 || !strings.Contains(out, "   ns1/tkc1: ") || !strings.Contains(out, "   tkc1\n") {
		t.Errorf("without knowing the cluster's CA: %d %s", code, out)
	}
	if out, code := h.run(t, "kubectl-vsphere", "status"); code != 0 || strings.Count(out, "CA unknown: log in") != 2 {
		t.Errorf("%d %s", code, out)
	}
	for _, context := range []string{"tkc1", "down"} {
		out, code := h.run(t, "kubectl", "--context", context, "get", "pods")
		if code == 0 || !strings.Contains(out, "/"+context+": its CA is not known") || !strings.Contains(out, "kubectl vsphere login --server "+i.server) {
			t.Errorf("%s: %d %s", context, code, out)
		}
	}
	shown := filepath.Join(filepath.Dir(site.Supervisors[0].CA), "tkg1", "tls.crt")
	if out, code := login(append(args, "--ca-fingerprint", sha256Of(t, shown))...); code != 5 || strings.Contains(out, "   ns1/tkc1: ") || !strings.Contains(out, "   "+ns+"/down: ") {
		t.Fatalf("%d %s", code, out)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
}

// Logout says that Pinniped cannot revoke, and nothing of the session is left.
func TestOIDCLogout(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	if out, code := h.run(t, "kubectl-vsphere", "status"); code != 0 || !strings.Contains(out, "renews itself when it is used. Unused, it ends at") || !strings.Contains(out, "(in 9h)") || !strings.Contains(out, "on first use") {
		t.Errorf("%d %s", code, out)
	}
	out, code := h.run(t, "kubectl-vsphere", "logout", "--server", i.server)
	if code != 0 || !strings.Contains(out, "offers no way to revoke") || !strings.Contains(out, "Logged out "+u.Username) {
		t.Errorf("%d %s", code, out)
	}
	left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[acrs][cre]*/*.json"))
	if len(left) > 0 || strings.Contains(string(readFile(t, filepath.Join(h.dir, ".kube/config"))), "tkc1") {
		t.Errorf("left: %v", left)
	}
	// A copy of one that has ended is worth nothing.
	i.password(t, h, u)
	paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json"))
	h.edit(t, paths[0], func(f map[string]any) { f["ends"] = "2026-01-01T00:00:00Z" })
	if out, code := h.run(t, "kubectl-vsphere", "logout"); code != 0 || strings.Contains(out, "revoke") {
		t.Errorf("%d %s", code, out)
	}
}

func TestOIDCShowClaims(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	out, code := h.run(t, "kubectl-vsphere", "whoami", "--context", "tkc1", "--show-claims", "-o", "json")
	var id struct {
		Username string
		Claims   struct{ Iss, Username, Aud any }
	}
	if err := json.Unmarshal([]byte(out), &id); err != nil || code != 0 || id.Username != u.Username || id.Claims.Username != u.Username ||
		id.Claims.Iss != "https://"+i.server+"/wcp/pinniped" {
		t.Errorf("%d %v %s", code, err, out)
	}
}

// If a new refresh token could not be kept, login does not ask for one: the session lives on. And a renewal does not bring a session
// back that was logged out meanwhile.
func TestOIDCSessionIsKeptOrNotAskedFor(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	i.password(t, h, u)
	h.endCredentials(t)
	before := i.requests(t)["token"]
	sessions := filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions")
	cmd := h.command("kubectl", "--context", "tkc1", "get", "--raw", "/version")
	cmd.Args = append([]string{"sh", "-c", "ulimit -f 0; exec \"$@\"", "sh"}, append([]string{cmd.Path}, cmd.Args[1:]...)...)
	cmd.Path = "/bin/sh"
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "the store cannot be written: ") || !strings.Contains(string(out), "There is no room in ") {
		t.Errorf("on a full disk: %s", out)
	}
	if got := i.requests(t)["token"] - before; got != 0 {
		t.Errorf("%d requests of tokens on a full disk", got)
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
		t.Errorf("then: %d %s", code, out)
	}
	h.endCredentials(t)
	i.fault(t, map[string]any{"endpoint": "/wcp/pinniped/oauth2/token", "delay": "2s", "count": 1})
	output, wait := background(t, h.command("kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", "ns1/tkc1"))
	i.waitFor(t, "/wcp/pinniped/oauth2/token")
	if out, code := h.run(t, "kubectl-vsphere", "logout"); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	if code := wait(); code == 0 {
		t.Errorf("the renewal won: %s", output)
	}
	if left, _ := filepath.Glob(sessions + "/*.json"); len(left) > 0 {
		t.Errorf("the session came back: %v", left)
	}
}

// Without a Concierge the token for the cluster is handed out itself; what the API server thinks of it is told by whoami.
func TestOIDCWithoutConcierge(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	for _, fault := range []map[string]any{{"conciergeGone": true}, {"endpoint": "/apis/login.concierge.pinniped.dev", "status": 403}} {
		fault["user"], fault["cluster"] = u.Username, "ns1/tkc1"
		mend := switchFault(t, fault)
		out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", i.server, "--user", u.Username, "--cluster", "ns1/tkc1", "--force-refresh")
		var got struct{ Status struct{ Token string } }
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || claim(t, got.Status.Token, "username") != u.Username {
			t.Errorf("%v: %d %s", fault, code, out)
		}
		if out, code := h.run(t, "kubectl-vsphere", "whoami", "--context", "tkc1"); code != 3 || !strings.Contains(out, "the token was refused by the server") {
			t.Errorf("%d %s", code, out)
		}
		mend()
	}
}

// Contexts are written for clusters that are not up; one that has no address yet is told.
func TestOIDCClustersThatAreNotUp(t *testing.T) {
	t.Parallel()
	ns := "oidc-down"
	if err := adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": ns}, nil); err != nil {
		t.Fatal(err)
	}
	for name, endpoint := range map[string]string{"down": "fake", "new": ""} {
		if err := adminCall(http.MethodPost, "clusters", map[string]any{"supervisor": 0, "namespace": ns, "name": name, "endpoint": endpoint}, nil); err != nil {
			t.Fatal(err)
		}
	}
	u, err := addUser("oidc-down", "edit", ns)
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	out, code := h.run(t, i.loginArgs("-u", u.Username, "--namespaces", ns)...)
	if code != 5 || !strings.Contains(out, "   down\n") || !strings.Contains(out, ns+"/new: has no API server address yet") {
		t.Errorf("%d %s", code, out)
	}
	if out, code := h.run(t, "kubectl", "--context", "down", "get", "pods"); code == 0 || !strings.Contains(out, "connection refused") {
		t.Errorf("%d %s", code, out)
	}
	// It is made anew elsewhere, and then it goes.
	down := map[string]any{"supervisor": 0, "namespace": ns, "name": "down", "endpoint": "fake"}
	for _, want := range []string{ns + "/down is not the cluster of the last login", "the cluster is not there any more: " + ns + "/down"} {
		if err := adminCall(http.MethodDelete, "clusters", down, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(want, "last login") {
			if err := adminCall(http.MethodPost, "clusters", down, nil); err != nil {
				t.Fatal(err)
			}
		}
		out, code := h.run(t, "kubectl", "--context", "down", "get", "pods")
		if code == 0 || !strings.Contains(out, want) || !strings.Contains(out, "kubectl vsphere login --server "+i.server) {
			t.Errorf("%d %s", code, out)
		}
	}
}

// A job's session that has ended comes back by itself, where a password command was named; a wrong password is sent once.
func TestOIDCPasswordCommand(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(u.Password)
	if out, code := h.run(t, i.loginArgs("--oidc-flow", "password", "-u", u.Username, "--password-command", "cat "+file)...); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	end := func() {
		h.endCredentials(t)
		paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json"))
		h.edit(t, paths[0], func(f map[string]any) { f["renewal"].(map[string]any)["refresh"] = "pin_rt_void" })
	}
	end()
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	end()
	write("wrong")
	before := i.requests(t)["authorize"]
	for range 2 {
		if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code == 0 || !strings.Contains(out, "refused") {
			t.Errorf("%d %s", code, out)
		}
	}
	if got := i.requests(t)["authorize"] - before; got != 1 {
		t.Errorf("the wrong password was sent %d times", got)
	}
}
