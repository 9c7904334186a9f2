package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// The lab's TKG clusters trust Dex directly (structured authentication), beside vCenter and the Concierge.

// plainArgs are those of a login to tkc1's API server by Dex.
func plainArgs(t *testing.T, flags ...string) []string {
	t.Helper()
	return append([]string{
		"kubectl-vsphere", "login", "--server", tkc1(t), "--certificate-authority", filepath.Join(labDir(), "tkg1", "ca.crt"),
		"--oidc-issuer-url", site.OIDC.Issuer, "--oidc-client-id", site.OIDC.ClientID, "--oidc-ca", site.OIDC.CA, "--oidc-scopes", "email,groups",
	}, flags...)
}

func labDir() string { return filepath.Dir(site.Supervisors[0].CA) }

// tkc1 is the address of an API server.
func tkc1(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`server: https://(\S+)`).FindStringSubmatch(string(readFile(t, site.Supervisors[0].Clusters[0].AdminKubeconfig)))[1]
}

// works runs kubectl in the current context as the user that Dex proved.
func (h *home) works(t *testing.T, u user) {
	t.Helper()
	out, code := h.run(t, "kubectl", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
	if code != 0 || !strings.HasSuffix(out, "oidc:"+u.Username) {
		t.Errorf("%d %s", code, out)
	}
}

func TestPlainBrowser(t *testing.T) {
	t.Parallel()
	u, h := newUser(t, "ns1"), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(plainArgs(t, "--oidc-extra-param", "ui_locales=ko")...))
	start := page(t, opened, 1)
	if !strings.Contains(start, "ui_locales=ko") || !strings.Contains(start, "scope=offline_access+openid+email+groups") {
		t.Error(start)
	}
	if text := logInAt(t, start, u.Username, u.Password); !strings.Contains(text, "You are logged in") {
		t.Error(text)
	}
	if code := wait(); code != 0 {
		t.Fatalf("%d %s", code, output)
	}
	h.works(t, u)
	// A password means vCenter, here as everywhere: it is not for that issuer.
	h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD=of-vcenter")
	if out, code := h.run(t, "kubectl-vsphere", "login", "--server", tkc1(t)); code == 0 || !strings.Contains(out, "is not a vSphere Supervisor") {
		t.Errorf("%d %s", code, out)
	}
	h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD=")
	// What a session that has ended says is enough to type: the issuer is remembered.
	output, wait = background(t, h.command("kubectl-vsphere", "login", "--server", tkc1(t), "--auth-method", "oidc"))
	logInAt(t, page(t, opened, 2), u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Fatalf("as we say: %d %s", code, output)
	}
	// Again without flags: what is remembered is enough.
	output, wait = background(t, h.command("kubectl-vsphere", "login"))
	logInAt(t, page(t, opened, 3), u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Fatalf("again: %d %s", code, output)
	}
	h.works(t, u)
}

// The device flow: the code is typed into a browser on another machine.
func TestPlainDevice(t *testing.T) {
	t.Parallel()
	u, h := newUser(t, "ns1"), newHome(t)
	term := h.onTerminal(t, plainArgs(t, "--oidc-flow", "device")...)
	term.expect("Waiting …")
	complete := regexp.MustCompile(`open this address, which has the code in it: (https://\S+)`).FindStringSubmatch(term.output())
	if complete == nil || !regexp.MustCompile(`type the code [A-Z]{4}-[A-Z]{4} there`).MatchString(term.output()) {
		t.Fatal(term.output())
	}
	logInAt(t, complete[1], u.Username, u.Password)
	if code := term.wait(); code != 0 {
		t.Fatalf("%d %s", code, term.output())
	}
	h.works(t, u)
}

func TestPlainDeviceIsInterrupted(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	term := h.onTerminal(t, plainArgs(t, "--oidc-flow", "device")...)
	term.expect("Waiting …")
	if code, _ := term.interrupt(); code != 130 {
		t.Errorf("%d %s", code, term.output())
	}
}

// passwordLogin uses the password grant.
func passwordLogin(t *testing.T, h *home, u user) (string, int) {
	t.Helper()
	cmd := h.command(plainArgs(t, "--oidc-flow", "password", "-u", u.Username)...)
	cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	out, err := cmd.CombinedOutput()
	return string(out), exitCode(err)
}

// A wrong password is sent once; the right one works; then many kubectl find the token ended, and Dex, which knows no reuse of a
// refresh token, is asked for a new one once. A second login of the same person ends the first session at Dex.
func TestPlainPasswordAndRotation(t *testing.T) {
	t.Parallel()
	u, h := newUser(t, "ns1"), newHome(t)
	wrong := u
	wrong.Password = "wrong"
	if out, code := passwordLogin(t, h, wrong); code != 3 {
		t.Errorf("%d %s", code, out)
	}
	if out, code := passwordLogin(t, h, u); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	h.works(t, u)
	for range 3 {
		h.endCredentials(t)
		h.endTokens(t)
		before := refreshToken(t, h)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() { h.works(t, u) })
		}
		all.Wait()
		if refreshToken(t, h) == before {
			t.Error("nothing was refreshed")
		}
	}
	other := newHome(t)
	if out, code := passwordLogin(t, other, u); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	h.endCredentials(t)
	h.endTokens(t)
	out, code := h.run(t, "kubectl", "get", "pods")
	if code == 0 || !strings.Contains(out, "does not renew it") || !strings.Contains(out, "kubectl vsphere login") {
		t.Errorf("after a login elsewhere: %d %s", code, out)
	}
	other.works(t, u)
}

// endTokens makes the session's tokens end now; only the refresh token is left.
func (h *home) endTokens(t *testing.T) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json"))
	for _, path := range paths {
		h.edit(t, path, func(f map[string]any) {
			renewal := f["renewal"].(map[string]any)
			renewal["accessUntil"], renewal["idUntil"] = "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
		})
	}
}

func refreshToken(t *testing.T, h *home) string {
	t.Helper()
	return h.session(t)["renewal"].(map[string]any)["refresh"].(string)
}

// A runner provides the token in a file or a variable: it is read whenever one is needed, and never kept in a session.
func TestPlainTokenOfARunner(t *testing.T) {
	t.Parallel()
	u, h := newUser(t, "ns1"), newHome(t)
	if out, code := passwordLogin(t, h, u); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	token := h.session(t)["renewal"].(map[string]any)["id"].(string)
	server := []string{"kubectl-vsphere", "login", "--server", tkc1(t), "--certificate-authority", filepath.Join(labDir(), "tkg1", "ca.crt")}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("file", func(t *testing.T) {
		h := newHome(t)
		out, code := h.run(t, append(server, "--oidc-token-file", file, "-u", "somebody@else")...)
		if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/[cs][er]*/*")); code != 1 || !strings.Contains(out, "-u says somebody@else: nothing was saved") || len(left) > 0 {
			t.Errorf("of somebody else: %d %s %v", code, out, left)
		}
		if out, code := h.run(t, append(server, "--oidc-token-file", file, "-u", u.Username)...); code != 0 || strings.Contains(out, "note:") {
			t.Fatalf("%d %s", code, out)
		}
		h.works(t, u)
		if out, code := h.run(t, "kubectl-vsphere", "whoami", "--show-claims"); code != 0 || !strings.Contains(out, site.OIDC.Issuer) {
			t.Errorf("%d %s", code, out)
		}
		if text, _ := json.Marshal(h.session(t)); strings.Contains(string(text), token) {
			t.Error("the session holds the token")
		}
		h.endCredentials(t)
		h.works(t, u)
		if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
		h.endCredentials(t)
		if out, code := h.run(t, "kubectl", "get", "pods"); code == 0 || !strings.Contains(out, "provides no token") || strings.Contains(out, "rubbish") {
			t.Errorf("%d %s", code, out)
		}
	})
	t.Run("variable", func(t *testing.T) {
		h := newHome(t, "RUNNER_TOKEN="+token)
		if out, code := h.run(t, append(server, "--oidc-token-variable", "RUNNER_TOKEN")...); code != 0 {
			t.Fatalf("%d %s", code, out)
		}
		h.works(t, u)
	})
}

// Wrong settings are told by the flag that matters, and nothing is kept.
func TestPlainMistakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		flags []string
		code  int
		want  string
	}{
		"http":            {[]string{"--oidc-issuer-url", strings.Replace(site.OIDC.Issuer, "https", "http", 1)}, 2, "is not https"},
		"another issuer":  {[]string{"--oidc-issuer-url", site.OIDC.Issuer + "/other"}, 4, "404"},
		"another CA":      {[]string{"--oidc-ca", filepath.Join(labDir(), "tkg1", "ca.crt")}, 4, "--oidc-ca"},
		"another client":  {[]string{"--oidc-client-id", "nobody", "--oidc-flow", "password", "-u", "x"}, 4, "invalid_client"},
		"no client":       {[]string{"--oidc-client-id", ""}, 2, "go together"},
		"a token as well": {[]string{"--oidc-token-file", "x"}, 2, "do not go together"},
	} {
		h := newHome(t, "BROWSER=true", "KUBECTL_VSPHERE_PASSWORD=x")
		out, code := h.run(t, plainArgs(t, tc.flags...)...)
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: %d %s", name, code, out)
		}
		if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*")); len(left) > 0 {
			t.Errorf("%s: %v", name, left)
		}
	}
}
