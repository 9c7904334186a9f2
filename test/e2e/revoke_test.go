package e2e

import (
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"golang.org/x/sys/unix"
)

// Neither Pinniped nor Dex revokes anything. The OpenID provider of zitadel/oidc does: RFC 7009, and RP-initiated logout.

// revoker is such a provider, in this process.
type revoker struct {
	*httptest.Server
	ca string // a file

	norefresh bool // it knows no offline_access
	dead      bool // it revokes nothing, and does not say so

	mu    sync.Mutex
	posts []string // of which endpoints
}

func newRevoker(t *testing.T) *revoker {
	t.Helper()
	r := &revoker{}
	var provider http.Handler
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			r.mu.Lock()
			r.posts = append(r.posts, req.URL.Path)
			r.mu.Unlock()
		}
		if r.dead && req.URL.Path == "/revoke" {
			_, _ = io.Copy(io.Discard, req.Body) // Only then net/http sees that the client is gone.
			<-req.Context().Done()
			return
		}
		if r.norefresh && strings.HasSuffix(req.URL.Path, "/openid-configuration") {
			told := httptest.NewRecorder()
			provider.ServeHTTP(told, req)
			_, _ = io.WriteString(w, strings.Replace(told.Body.String(), `"offline_access"`, `"other"`, 1))
			return
		}
		provider.ServeHTTP(w, req)
	}))
	t.Cleanup(r.Close)
	storage.RegisterClients(storage.NativeClient("revoked-cli", "http://127.0.0.1/callback"))
	provider = exampleop.SetupServer(r.URL, machineStorage{storage.NewStorage(storage.NewUserStore(r.URL))}, slog.New(slog.DiscardHandler), false)
	r.ca = filepath.Join(t.TempDir(), "ca.crt")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
	if err := os.WriteFile(r.ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// posted tells whether an endpoint was sent a form.
func (r *revoker) posted(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.posts, path)
}

// logIn is the person in the browser, from a page until what our listener says.
func (r *revoker) logIn(t *testing.T, page string) string {
	t.Helper()
	browser := *r.Client()
	browser.Jar, _ = cookiejar.New(nil)
	body := func(resp *http.Response, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(body(browser.Get(page)))
	if id == nil {
		t.Fatal("no form to log in with")
	}
	return body(browser.PostForm(r.URL+"/login/username", url.Values{"id": id[1:], "username": {"test-user@127.0.0.1"}, "password": {"verysecure"}}))
}

func (r *revoker) loginArgs(t *testing.T, flags ...string) []string {
	return append([]string{
		"kubectl-vsphere", "login", "--server", tkc1(t), "--certificate-authority", filepath.Join(labDir(), "tkg1", "ca.crt"),
		"--oidc-issuer-url", r.URL, "--oidc-client-id", "revoked-cli", "--oidc-ca", r.ca}, flags...)
}

// ownServer is an API server at its own address: it answers, which is all that a login asks of one.
func (r *revoker) ownServer() []string {
	return []string{"--server", r.Listener.Addr().String(), "--certificate-authority", r.ca}
}

// login has the person log in.
func (r *revoker) login(t *testing.T, h *home, flags ...string) (out string, code int) {
	t.Helper()
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(r.loginArgs(t, flags...)...))
	r.logIn(t, page(t, opened, 1))
	code = wait()
	return output.String(), code
}

// session makes one.
func (r *revoker) session(t *testing.T, h *home, flags ...string) (out string) {
	t.Helper()
	out, code := r.login(t, h, flags...)
	if code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	return out
}

// refresh redeems a refresh token as anybody who copied it could.
func (r *revoker) refresh(t *testing.T, token string) (status int) {
	t.Helper()
	resp, err := r.Client().PostForm(r.URL+"/oauth/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"revoked-cli"}, "refresh_token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// A copy of the session is worth nothing after a logout.
func TestLogoutRevokes(t *testing.T) {
	t.Parallel()
	r, h := newRevoker(t), newHome(t)
	r.session(t, h)
	token := refreshToken(t, h)
	if out, code := h.run(t, "kubectl-vsphere", "logout"); code != 0 || strings.Contains(out, "revoke") {
		t.Errorf("%d %s", code, out)
	}
	r.revoked(t, token)
}

// revoked tells whether the provider was asked for all, and took the refresh token away.
func (r *revoker) revoked(t *testing.T, token string) {
	t.Helper()
	if !r.posted("/revoke") || !r.posted("/end_session") {
		t.Errorf("asked of the provider: %q", r.posts)
	}
	if status := r.refresh(t, token); status != http.StatusBadRequest {
		t.Errorf("the refresh token still works: %d", status)
	}
}

// So it is when the kubeconfig cannot be written, and when somebody does not wait for that.
func TestLogoutRevokesAlways(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int{"locked": 1, "interrupted": 130} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h := newRevoker(t), newHome(t)
			r.session(t, h)
			token := refreshToken(t, h)
			if err := os.WriteFile(filepath.Join(h.dir, ".kube", "config.lock"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			term := h.onTerminal(t, "kubectl-vsphere", "logout")
			term.expect("Waiting for the program that holds")
			if name == "interrupted" {
				for deadline := time.Now().Add(4 * time.Second); !r.posted("/end_session") && time.Now().Before(deadline); {
					time.Sleep(5 * time.Millisecond)
				}
				term.enter("\x03")
			}
			if got := term.wait(); got != code || !strings.Contains(term.output(), "the contexts could not be removed") && code == 1 {
				t.Errorf("%d %s", got, term.output())
			}
			r.revoked(t, token)
		})
	}
}

// What a login was given and did not keep is revoked, and the person stays logged in there. A session that is in use is not put at risk for
// that, of whatever server it is.
func TestDryRunRevokes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags []string
		code  int
	}{"dry run": {[]string{"--dry-run"}, 0}, "somebody else": {[]string{"-u", "other@example.com"}, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h := newRevoker(t), newHome(t)
			if out, code := r.login(t, h, c.flags...); code != c.code || !r.posted("/revoke") || r.posted("/end_session") {
				t.Errorf("asked of the provider: %q, %d %s", r.posts, code, out)
			}
			r.session(t, h)
			token := refreshToken(t, h)
			r.posts = nil
			for _, server := range [][]string{nil, r.ownServer()} {
				if out, code := r.login(t, h, append(server, c.flags...)...); code != c.code || r.posted("/revoke") || r.posted("/end_session") {
					t.Errorf("with a session here, %q: %q, %d %s", server, r.posts, code, out)
				}
			}
			if status := r.refresh(t, token); status != http.StatusOK {
				t.Errorf("the session here was ended: %d", status)
			}
		})
	}
}

// So it is for a login that is interrupted when the code is redeemed already. A provider that does not answer is not waited for.
func TestInterruptRevokes(t *testing.T) {
	t.Parallel()
	for name, dead := range map[string]bool{"answers": false, "dead": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h := newRevoker(t), newHome(t)
			r.session(t, h, "--dry-run")
			r.posts, r.dead = nil, dead
			locks, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/accounts/*.lock"))
			for _, path := range locks {
				lock, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer lock.Close()
				if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
					t.Fatal(err)
				}
			}
			opened := h.fakeBrowser(t)
			term := h.onTerminal(t, r.loginArgs(t, "--dry-run")...)
			r.logIn(t, page(t, opened, 1))
			term.expect("Waiting for another process")
			if code, took := term.interrupt(); code != 130 || took > 2*time.Second || !r.posted("/revoke") || r.posted("/end_session") {
				t.Errorf("%d after %s, asked of the provider: %q\n%s", code, took, r.posts, term.output())
			}
		})
	}
}

// Without a refresh token the session ends with its token: the login says so, and status does.
func TestPlainWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	r, h := newRevoker(t), newHome(t)
	r.norefresh = true
	out := r.session(t, h)
	if !regexp.MustCompile(`gave no refresh token, so this session ends at .* \(in \S+\); .* offline_access to the client revoked-cli\n`).MatchString(out) {
		t.Error(out)
	}
	if out, _ := h.run(t, "kubectl-vsphere", "status"); !strings.Contains(out, " ends at ") || strings.Contains(out, "renews itself") {
		t.Error(out)
	}
}

// A provider that is away does not keep a session here, nor one that does not answer the sessions of others.
func TestLogoutRevokesAway(t *testing.T) {
	t.Parallel()
	away, dead, well, h := newRevoker(t), newRevoker(t), newRevoker(t), newHome(t)
	well.session(t, h, well.ownServer()...)
	token := refreshToken(t, h)
	away.session(t, h)
	dead.session(t, h, dead.ownServer()...)
	away.Close()
	dead.dead = true
	out, code := h.run(t, "kubectl-vsphere", "logout")
	warnings := regexp.MustCompile(`(?m)^warning: the session of \S+ could not be revoked at its identity provider: .*/revoke: .*; .*/end_session: .*$`).FindAllString(out, -1)
	if code != 0 || len(warnings) != 2 {
		t.Errorf("%d %s", code, out)
	}
	well.revoked(t, token)
	if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions/*.json")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
