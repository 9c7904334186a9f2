package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/kballard/go-shellquote"
)

// errNoBrowser is a machine on which no browser can be opened.
var errNoBrowser = errors.New("there is no browser here")

// browserCommands are what may open a page, the first that is installed does: what the user named, or what the system has.
func (a *App) browserCommands(given []string) [][]string {
	if len(given) > 0 {
		return [][]string{given}
	}
	if variable := a.Getenv("BROWSER"); variable != "" {
		var all [][]string
		for part := range strings.SplitSeq(variable, string(os.PathListSeparator)) {
			if words, err := shellquote.Split(part); err == nil && len(words) > 0 {
				all = append(all, words)
			}
		}
		return all
	}
	switch {
	case runtime.GOOS == "darwin":
		return [][]string{{"open"}}
	case runtime.GOOS == "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	case a.Getenv("WSL_DISTRO_NAME") != "":
		return [][]string{{"wslview"}, {"rundll32.exe", "url.dll,FileProtocolHandler"}, {"xdg-open"}}
	case a.Getenv("DISPLAY") == "" && a.Getenv("WAYLAND_DISPLAY") == "":
		return nil
	}
	return [][]string{{"xdg-open"}, {"x-www-browser"}, {"www-browser"}}
}

// openBrowser starts a browser with a page and does not wait for it. failed is told when it ends badly.
func (a *App) openBrowser(ctx context.Context, given []string, page string, failed func(error)) error {
	for _, words := range a.browserCommands(given) {
		path, err := exec.LookPath(words[0])
		if err != nil {
			if len(given) > 0 {
				return err
			}
			continue
		}
		// It outlives a cancelled login. What it prints must not come between: standard output belongs to kubectl.
		cmd := exec.CommandContext(context.WithoutCancel(ctx), path, withPage(words[1:], page)...) //nolint:gosec // The user's own command.
		detach(cmd)
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() {
			if err := cmd.Wait(); err != nil && ctx.Err() == nil {
				failed(fmt.Errorf("%s: %w", words[0], err))
			}
		}()
		return nil
	}
	return errNoBrowser
}

// withPage puts the page where a command says %s, else after its arguments. It is one argument, whatever is in it.
func withPage(args []string, page string) []string {
	page = harmlessURL(page)
	var out []string
	placed := false
	for _, arg := range args {
		placed = placed || strings.Contains(arg, "%s")
		out = append(out, strings.ReplaceAll(arg, "%s", page))
	}
	if !placed {
		out = append(out, page)
	}
	return out
}

// harmlessURL percent-encodes what a shell could make something of: a user's command may hand the page to one. An address means the same
// with it (RFC 3986, section 6.2.2.2, but for characters that no issuer gives a meaning to).
func harmlessURL(page string) string {
	var b strings.Builder
	for i := range len(page) {
		c := page[i]
		if c <= ' ' || c > '~' || strings.IndexByte("\"'`$();<>\\^{}|*!", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// listenForBrowser is where the browser comes back to: a free port of 127.0.0.1, unless an address was named.
func listenForBrowser(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	if port, ok := strings.CutPrefix(address, "localhost:"); ok {
		address = "127.0.0.1:" + port // The name may be ::1 first.
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, hint(fmt.Errorf("listen for the browser on %s: %w", address, err),
			"Another program may use that port. Name another one with --listen-address, or none: a free one is taken then.")
	}
	return l, nil
}

// checkListen refuses addresses that other machines reach, unless that is wanted: a login's answer is not for them.
func checkListen(address string, remote bool) error {
	if address == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT", address)
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost", host == "127.0.0.1":
		return nil
	case ip != nil && ip.IsLoopback():
		return fmt.Errorf("a browser comes back to 127.0.0.1, never to %s", host)
	case !remote:
		return fmt.Errorf("other machines reach %s; in a container whose port is published, add --listen-remote", address)
	}
	return nil
}
