package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// background runs a program without a terminal and returns what ends it.
func background(t *testing.T, cmd *exec.Cmd) (output *printed, wait func() int) {
	t.Helper()
	output = &printed{}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return output, func() int {
		select {
		case err := <-done:
			return exitCode(err)
		case <-time.After(patience):
			t.Fatalf("it does not end:\n%s", output)
			return 0
		}
	}
}

// printed is what a program has printed so far.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// until waits with patience for something to be so.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about")
		}
	}
}

// The browser of $BROWSER opens the page; the person logs in there; the page says so, and the terminal lists the contexts.
func TestOIDCBrowser(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	term := h.onTerminal(t, i.loginArgs("--oidc-flow", "browser")...)
	start := page(t, opened, 1)
	if !strings.HasPrefix(start, "https://"+i.server+"/wcp/pinniped/oauth2/authorize?") || !strings.Contains(start, "response_mode=query") {
		t.Errorf("opened %s", start)
	}
	if text := logInAt(t, start, u.Username, u.Password); !strings.Contains(text, "You are logged in") {
		t.Errorf("page: %s", text)
	}
	if code := term.wait(); code != 0 || !strings.Contains(term.output(), "   tkc1") || strings.Contains(term.output(), "noise") {
		t.Errorf("%d %s", code, term.output())
	}
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"); code != 0 || out != u.Username {
		t.Errorf("%d %s", code, out)
	}
}

var codeOnPage = regexp.MustCompile(`<pre id="code"[^>]*>([^<]*)</pre>`)

// On a machine without a browser the page is opened elsewhere, shows the code, and that is pasted; or the address that the browser
// stopped at is.
func TestOIDCPaste(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{false, true} {
		t.Run(fmt.Sprintf("address=%t", whole), func(t *testing.T) {
			i, u, h := newIssuer(t, nil), lister(t), newHome(t)
			term := h.onTerminal(t, i.loginArgs("--no-browser")...)
			term.expect("here: ")
			if !strings.Contains(term.output(), "ssh -L ") {
				t.Errorf("no word of ssh:\n%s", term.output())
			}
			start := regexp.MustCompile(`https://\S+`).FindString(term.output())
			text := logInAt(t, start, u.Username, u.Password)
			m := codeOnPage.FindStringSubmatch(text)
			if m == nil {
				t.Fatalf("no code on the page: %s", text)
			}
			pasted := m[1]
			if whole {
				q, _ := url.Parse(start)
				pasted = q.Query().Get("redirect_uri") + "?code=" + m[1] + "&state=" + q.Query().Get("state")
			}
			term.enter("what is this?\r")
			term.expect("neither a code")
			term.enter(pasted + "\r")
			if code := term.wait(); code != 0 || !strings.Contains(term.output(), "Logged in successfully.") {
				t.Errorf("%d %s", code, term.output())
			}
			if got := i.requests(t)["token"]; got != 2 { // The code and the exchange.
				t.Errorf("%d requests of tokens", got)
			}
		})
	}
}

// Wrong passwords are the browser's to tell; what the person denies ends the login with the issuer's words.
func TestOIDCDenied(t *testing.T) {
	t.Parallel()
	i, h := newIssuer(t, nil), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	start, _ := url.Parse(page(t, opened, 1))
	back := start.Query().Get("redirect_uri")
	denied := url.Values{"error": {"access_denied"}, "error_description": {"The resource owner or authorization server denied the request. Not you."}, "state": {start.Query().Get("state")}}
	if text := visit(t, back+"?"+denied.Encode()); !strings.Contains(text, "You are not logged in: Not you. (access_denied)") {
		t.Error(text)
	}
	if code := wait(); code != 3 || !strings.Contains(output.String(), "Not you.") {
		t.Errorf("%d %s", code, output)
	}
}

// A port that is taken is named, with what to do.
func TestOIDCPortIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	i, h := newIssuer(t, nil), newHome(t)
	h.fakeBrowser(t)
	out, code := h.run(t, i.loginArgs("--oidc-flow", "browser", "--listen-address", l.Addr().String())...)
	if code != 1 || !strings.Contains(out, l.Addr().String()) || !strings.Contains(out, "address already in use") || !strings.Contains(out, "--listen-address") {
		t.Errorf("%d %s", code, out)
	}
}

func TestOIDCListenRemote(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	if out, code := h.run(t, i.loginArgs("--listen-address", "0.0.0.0:0")...); code != 2 || !strings.Contains(out, "--listen-remote") {
		t.Errorf("%d %s", code, out)
	}
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--listen-address", "0.0.0.0:0", "--listen-remote")...))
	logInAt(t, page(t, opened, 1), u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Errorf("%d %s", code, output)
	}
}

// Ctrl-C ends a login at once, wherever it waits.
func TestOIDCInterrupt(t *testing.T) {
	t.Parallel()
	steps := map[string]struct {
		flags []string
		fault map[string]any
		until string
	}{
		"browser":   {flags: []string{"--no-browser"}, until: "here: "},
		"password":  {flags: []string{"--oidc-flow", "password", "-u", "x@vsphere.local"}, until: "Password: "},
		"discovery": {flags: []string{"--no-browser"}, fault: map[string]any{"endpoint": "/wcp/pinniped/.well-known/openid-configuration", "delay": "20s"}},
		"redeem":    {flags: []string{"--oidc-flow", "password", "-u", "dev@vsphere.local"}, fault: map[string]any{"endpoint": "/wcp/pinniped/oauth2/token", "delay": "20s"}},
		"info":      {flags: []string{"--no-browser"}, fault: map[string]any{"endpoint": "/api/v1/namespaces/kube-public/configmaps/pinniped-info", "delay": "20s"}},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, h := newIssuer(t, nil), newHome(t)
			if name == "redeem" {
				h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD=VMware1!")
			}
			if step.fault != nil {
				i.fault(t, step.fault)
			}
			term := h.onTerminal(t, i.loginArgs(step.flags...)...)
			if step.until != "" {
				term.expect(step.until)
			} else {
				i.waitFor(t, step.fault["endpoint"].(string))
			}
			code, took := term.interrupt()
			if code != 130 || took > 2*time.Second || !term.echo() {
				t.Errorf("exit code %d after %s:\n%s", code, took, term.output())
			}
		})
	}
}

// waitFor waits until a request for the endpoint is under way.
func (i issuer) waitFor(t *testing.T, endpoint string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var under []request
		if err := adminCall("GET", "inflight/requests", nil, &under); err != nil {
			t.Fatal(err)
		}
		for _, r := range under {
			if r.Server == i.server && r.Endpoint == endpoint {
				return
			}
		}
	}
	t.Fatalf("nobody asks for %s", endpoint)
}

// A session that has ended is renewed by one login, in one browser, however many kubectl are at a terminal; each of them succeeds.
func TestOIDCKubectlLogsIn(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	logInAt(t, page(t, opened, 1), u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Fatalf("%d %s", code, output)
	}
	h.endCredentials(t)
	mend := i.fault(t, refusals["pinniped"])
	var terms []*terminal
	for range 6 {
		terms = append(terms, h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"))
	}
	again := page(t, opened, 2)
	mend()
	if text := logInAt(t, again, u.Username, u.Password); !strings.Contains(text, "You are logged in") {
		t.Error(text)
	}
	for _, term := range terms {
		if code := term.wait(); code != 0 || !strings.Contains(term.output(), "gitVersion") {
			t.Errorf("%d %s", code, term.output())
		}
	}
	if pages := opened(); len(pages) != 2 {
		t.Errorf("the browser was opened %d times", len(pages))
	}
}

// Browser flags are remembered for the later logins of the same session: kubectl's, and a repeated login.
func TestOIDCTheSameBrowserAgain(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	var mine string
	for _, e := range h.env {
		if browser, ok := strings.CutPrefix(e, "BROWSER="); ok {
			mine = browser
		}
	}
	h.env = append(h.env, "BROWSER=false")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	term := h.onTerminal(t, i.loginArgs("--browser-command", mine+" %s", "--listen-address", address)...)
	logInAt(t, page(t, opened, 1), u.Username, u.Password)
	if code := term.wait(); code != 0 {
		t.Fatalf("%d %s", code, term.output())
	}
	h.endCredentials(t)
	mend := i.fault(t, refusals["pinniped"])
	term = h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version")
	again := page(t, opened, 2)
	mend()
	if !strings.Contains(again, url.QueryEscape("http://"+address+"/callback")) {
		t.Errorf("the browser does not come back to %s: %s", address, again)
	}
	logInAt(t, again, u.Username, u.Password)
	if code := term.wait(); code != 0 {
		t.Fatalf("%d %s", code, term.output())
	}
	term = h.onTerminal(t, "kubectl-vsphere", "login")
	logInAt(t, page(t, opened, 3), u.Username, u.Password)
	if code := term.wait(); code != 0 {
		t.Fatalf("%d %s", code, term.output())
	}
}

// A login by hand comes before the one that kubectl waits for.
func TestOIDCLoginWhileKubectlWaits(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	i.browserLogin(t, h, u, opened, 1)
	h.endCredentials(t)
	mend := i.fault(t, refusals["pinniped"])
	term := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version")
	page(t, opened, 2) // Nobody looks at it.
	mend()
	i.browserLogin(t, h, u, opened, 3)
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	if code, _ := term.interrupt(); code == 0 {
		t.Error("the kubectl that waited did not end with Ctrl-C")
	}
}

func (i issuer) browserLogin(t *testing.T, h *home, u user, opened func() []string, n int) {
	t.Helper()
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	logInAt(t, page(t, opened, n), u.Username, u.Password)
	if code := wait(); code != 0 {
		t.Fatalf("%d %s", code, output)
	}
}

// A login that came to nothing is not begun again by the runs of the same kubectl, and not for others for a minute.
func TestOIDCNoStormOfTabs(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	i.browserLogin(t, h, u, opened, 1)
	h.endCredentials(t)
	i.fault(t, refusals["pinniped"])
	term := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "pods")
	start, _ := url.Parse(page(t, opened, 2))
	visit(t, start.Query().Get("redirect_uri")+"?error=access_denied&state="+start.Query().Get("state"))
	if code := term.wait(); code == 0 {
		t.Errorf("%d %s", code, term.output())
	}
	another := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "pods")
	if code := another.wait(); code == 0 || !strings.Contains(another.output(), "kubectl vsphere login") {
		t.Errorf("%d %s", code, another.output())
	}
	if pages := opened(); len(pages) != 2 {
		t.Errorf("the browser was opened %d times", len(pages))
	}
}

// The parent that started the login may be gone before the person is done: the session is there for the next call.
func TestOIDCLoginSurvivesItsParent(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	args := i.loginArgs("--oidc-flow", "browser")
	shell := h.command("sh", "-c", `"$@" & wait`, "sh")
	shell.Args = append(shell.Args, args...)
	shell.Args[4] = bin + "/" + args[0]
	r, w, err := os.Pipe() // What the parent reads goes with it.
	if err != nil {
		t.Fatal(err)
	}
	shell.Stdout, shell.Stderr = w, w
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	start := page(t, opened, 1)
	_ = shell.Process.Kill()
	_, _ = r.Close(), w.Close()
	logInAt(t, start, u.Username, u.Password)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code == 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d %s", code, out)
		}
	}
	_ = shell.Wait()
	if out, code := h.run(t, "kubectl", "config", "get-contexts", "-o", "name"); code != 0 || !strings.Contains(out, "tkc1") {
		t.Errorf("the contexts were not written: %d %s", code, out)
	}
}

// The variable that forbids questions forbids browsers, too.
func TestOIDCInteractiveNever(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	i.browserLogin(t, h, u, opened, 1)
	h.endCredentials(t)
	i.fault(t, refusals["pinniped"])
	h.env = append(h.env, "KUBECTL_VSPHERE_INTERACTIVE=never")
	term := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "pods")
	if code := term.wait(); code == 0 || !strings.Contains(term.output(), "kubectl vsphere login --server "+i.server) {
		t.Errorf("%d %s", code, term.output())
	}
	if pages := opened(); len(pages) != 1 {
		t.Errorf("the browser was opened %d times", len(pages))
	}
}

// A session that has ended comes back for its own person only.
func TestOIDCSomebodyElseLogsIn(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	other, err := addUser("oidc-somebody-else", "lister", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	opened := h.fakeBrowser(t)
	i.browserLogin(t, h, u, opened, 1)
	h.endCredentials(t)
	mend := i.fault(t, refusals["pinniped"])
	term := h.onTerminal(t, "kubectl", "--context", "tkc1", "get", "pods")
	start := page(t, opened, 2)
	mend()
	if text := visitLogin(t, start, other); !strings.Contains(text, "of somebody else than before") {
		t.Error(text)
	}
	if code := term.wait(); code == 0 || !strings.Contains(term.output(), "of somebody else than before") {
		t.Errorf("%d %s", code, term.output())
	}
}

// visitLogin logs in where the last page may be one of a failure.
func visitLogin(t *testing.T, start string, u user) string {
	t.Helper()
	text, _ := browse(t, start, u.Username, u.Password)
	return text
}
