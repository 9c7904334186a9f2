package manual

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long the browser may take for all pages. It is no limit of what is tested.
const patience = 10 * time.Minute

// browser starts Chromium, with a profile of its own, and serves the site on loopback. It returns the address of the site.
func browser(t *testing.T) (context.Context, string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; .ci/run installs it (Debian's package chromium)")
	}
	server := httptest.NewServer(http.StripPrefix(strings.TrimSuffix(base(), "/"), http.FileServer(http.Dir(site))))
	t.Cleanup(server.Close)
	dir, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // The browser writes the last of it while it ends.
		for range 100 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%s cannot be removed", dir)
	})
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.Env("TMPDIR="+dir), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true), chromedp.WSURLReadTimeout(patience))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return ctx, server.URL + base()
}

// On a telephone no page is wider than the screen: what is wide, such as code, scrolls in a box of its own.
func TestNoPageIsWiderThanATelephone(t *testing.T) {
	ctx, address := browser(t)
	const wide = 390
	if err := chromedp.Run(ctx, chromedp.EmulateViewport(wide, 844, chromedp.EmulateMobile)); err != nil {
		t.Fatal(err)
	}
	for name := range pages(t) {
		if name == "404.html" {
			continue
		}
		var got int
		// Wait for the page's script: it draws the page once more.
		if err := chromedp.Run(ctx, chromedp.Navigate(address+name), chromedp.WaitVisible("#VPContent"),
			chromedp.Evaluate("document.documentElement.scrollWidth", &got)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got > wide {
			var widest string
			_ = chromedp.Run(ctx, chromedp.Evaluate(`[...document.querySelectorAll('.vp-doc *')].filter(e => e.getBoundingClientRect().right > 391 &&
				!e.closest('pre, table')).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join('\n')`, &widest))
			t.Errorf("%s is %d wide: %s", name, got, widest)
		}
	}
}

// With SCREENSHOTS=DIRECTORY, the pages that most people see first are drawn there, for a person to look at.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("use SCREENSHOTS=DIRECTORY to draw pages for a person to look at")
	}
	ctx, address := browser(t)
	for device, size := range map[string][2]int64{"desk": {1440, 900}, "telephone": {390, 844}} {
		for _, name := range []string{"index", "first-login", "commands", "troubleshooting", "overview", "ko/index", "ko/first-login"} {
			var image []byte
			var options []chromedp.EmulateViewportOption
			if device == "telephone" {
				options = append(options, chromedp.EmulateMobile)
			}
			if err := chromedp.Run(ctx, chromedp.EmulateViewport(size[0], size[1], options...), chromedp.Navigate(address+name+".html"),
				chromedp.WaitVisible("#VPContent"), chromedp.CaptureScreenshot(&image)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, device+"-"+strings.ReplaceAll(name, "/", "-")+".png"), image, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
