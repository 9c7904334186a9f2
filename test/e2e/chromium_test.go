package e2e

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chromium starts a real browser with a profile of its own. space is the address space that it takes the issuer to be in: public,
// local, or empty for what it is, loopback.
func chromium(t *testing.T, i issuer, space string) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; .ci/run installs it (Debian's package chromium)")
	}
	dir := profile(t)
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.Env("TMPDIR="+dir), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("ignore-certificate-errors", true), // What browsers believe is not ours to test.
		chromedp.WSURLReadTimeout(2*patience),
	)
	if space != "" {
		server := i.server
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, "443")
		}
		flags = append(flags, chromedp.Flag("ip-address-space-overrides", server+"="+space))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*patience)
	t.Cleanup(cancel)
	return ctx
}

// profile is a directory that goes once the browser has written the last of it.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%s cannot be removed", dir)
	})
	return dir
}

// chromiumLogin opens the page and fills in the login form.
func chromiumLogin(t *testing.T, ctx context.Context, page string, u user) {
	t.Helper()
	if err := chromedp.Run(ctx,
		chromedp.Navigate(page),
		chromedp.WaitVisible("#username"),
		chromedp.SendKeys("#username", u.Username),
		chromedp.SendKeys("#password", u.Password),
		chromedp.Click("#submit"),
	); err != nil {
		t.Fatalf("chromium: %v", err)
	}
}

// shows waits for a text on the page.
func shows(t *testing.T, ctx context.Context, text string) {
	t.Helper()
	var body string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err := chromedp.Run(ctx, chromedp.Text("body", &body, chromedp.ByQuery)); err == nil && strings.Contains(body, text) {
			return
		}
	}
	t.Fatalf("the page does not show %q but %q", text, body)
}

// A redirect to this machine works from everywhere.
func TestChromiumQuery(t *testing.T) {
	for _, space := range []string{"", "local", "public"} {
		t.Run("issuer="+space, func(t *testing.T) {
			i, u, h := newIssuer(t, nil), lister(t), newHome(t)
			ctx := chromium(t, i, space)
			opened := h.fakeBrowser(t)
			output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
			chromiumLogin(t, ctx, page(t, opened, 1), u)
			shows(t, ctx, "You are logged in.")
			if code := wait(); code != 0 {
				t.Fatalf("%d %s", code, output)
			}
			if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
				t.Errorf("%d %s", code, out)
			}
		})
	}
}

// A page that posts to this machine works from where the browser allows it; from a public issuer it shows the code, and that is pasted.
func TestChromiumFormPost(t *testing.T) {
	for space, works := range map[string]bool{"": true, "public": false} {
		t.Run("issuer="+space, func(t *testing.T) {
			i, u, h := newIssuer(t, nil), lister(t), newHome(t)
			ctx := chromium(t, i, space)
			term := h.onTerminal(t, i.loginArgs("--no-browser")...)
			term.expect("here: ")
			chromiumLogin(t, ctx, regexp.MustCompile(`https://\S+`).FindString(term.output()), u)
			if works {
				shows(t, ctx, "You are logged in.")
			} else {
				shows(t, ctx, "copying this code")
				var code string
				if err := chromedp.Run(ctx, chromedp.Text("#code", &code)); err != nil {
					t.Fatal(err)
				}
				term.enter(code + "\r")
			}
			if code := term.wait(); code != 0 {
				t.Errorf("%d %s", code, term.output())
			}
		})
	}
}

// A tab that is closed before the login is done is no end: the address can be opened again. Of two tabs the second is told.
func TestChromiumTabs(t *testing.T) {
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	ctx := chromium(t, i, "")
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	start := page(t, opened, 1)
	if err := chromedp.Run(ctx); err != nil { // The first tab belongs to the browser.
		t.Fatal(err)
	}
	closed, cancel := chromedp.NewContext(ctx)
	if err := chromedp.Run(closed, chromedp.Navigate(start), chromedp.WaitVisible("#username")); err != nil {
		t.Fatal(err)
	}
	cancel()
	second, cancel := chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Run(second, chromedp.Navigate(start), chromedp.WaitVisible("#username")); err != nil {
		t.Fatal(err)
	}
	chromiumLogin(t, ctx, start, u)
	shows(t, ctx, "You are logged in.")
	if code := wait(); code != 0 {
		t.Errorf("%d %s", code, output)
	}
	// The second tab comes too late: nobody listens any more, and its code is never redeemed.
	_ = chromedp.Run(second, chromedp.SendKeys("#username", u.Username), chromedp.SendKeys("#password", u.Password), chromedp.Click("#submit"))
	if got := i.requests(t)["token"]; got != 2 {
		t.Errorf("%d requests of tokens", got)
	}
}

// What a person denies, or the issuer does, is told on the page and in the terminal.
func TestChromiumDenied(t *testing.T) {
	i, h := newIssuer(t, nil), newHome(t)
	ctx := chromium(t, i, "public")
	opened := h.fakeBrowser(t)
	output, wait := background(t, h.command(i.loginArgs("--oidc-flow", "browser")...))
	start, err := url.Parse(page(t, opened, 1))
	if err != nil {
		t.Fatal(err)
	}
	q := start.Query()
	q.Set("scope", "openid admin") // The issuer answers by a redirect with an error.
	start.RawQuery = q.Encode()
	if err := chromedp.Run(ctx, chromedp.Navigate(start.String())); err != nil {
		t.Fatal(err)
	}
	shows(t, ctx, "You are not logged in: The requested scope is invalid, unknown, or malformed. (invalid_scope)")
	if code := wait(); code == 0 || !strings.Contains(output.String(), "invalid_scope") {
		t.Errorf("%d %s", code, output)
	}
}
