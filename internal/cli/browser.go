package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kballard/go-shellquote"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// errNoBrowser is a machine on which no browser can be opened.
var errNoBrowser = errors.New("there is no browser here to log in with")

// browserVariable names what opens a page: a list of commands.
const browserVariable = "BROWSER"

// browserCommands are what may open a page, the first that works does: what the user named, or what the system has. The error is of what
// in the variable is no command.
func (a *App) browserCommands(given []string) (all [][]string, err error) {
	if len(given) > 0 {
		return [][]string{given}, nil
	}
	if variable := a.Getenv(browserVariable); variable != "" {
		for part := range strings.SplitSeq(variable, string(os.PathListSeparator)) {
			words, broken := shellquote.Split(part)
			if len(words) > 0 && broken == nil {
				all = append(all, words)
			}
			err = cmp.Or(err, broken)
		}
		if len(all) == 0 && err == nil {
			err = errors.New("it names no command")
		}
		return all, err
	}
	switch {
	case runtime.GOOS == "darwin":
		return [][]string{{"open"}}, nil
	case runtime.GOOS == "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}, nil
	case a.Getenv("WSL_DISTRO_NAME") != "":
		return [][]string{{"wslview"}, {"rundll32.exe", "url.dll,FileProtocolHandler"}, {"xdg-open"}}, nil
	case a.Getenv("DISPLAY") == "" && a.Getenv("WAYLAND_DISPLAY") == "":
		return nil, nil
	}
	return [][]string{{"xdg-open"}, {"x-www-browser"}, {"www-browser"}}, nil
}

// openBrowser starts a browser with a page and does not wait for it. failed is told when none opens it after all.
func (a *App) openBrowser(ctx context.Context, given []string, page string, failed func(error)) error {
	commands, broken := a.browserCommands(given)
	variable := a.Getenv(browserVariable)
	named := func(err error) error {
		if len(given) > 0 || variable == "" {
			return err
		}
		return fmt.Errorf("$%s is %q: %w", browserVariable, safetext.Line(variable, 80), err)
	}
	err := startBrowser(ctx, commands, page, func(err error) { failed(named(err)) })
	switch {
	case err == nil:
		return nil
	case broken != nil:
		err = broken
	case len(given) == 0 && variable == "" && errors.Is(err, exec.ErrNotFound):
		err = errNoBrowser // Nobody asked for one of these.
	}
	return named(err)
}

// atOnce is how soon a browser ends that opens nothing: what ends later did.
const atOnce = 5 * time.Second

// startBrowser starts the first command that can be, and the next one when that ends badly at once.
func startBrowser(ctx context.Context, commands [][]string, page string, failed func(error)) error {
	last := errNoBrowser
	for i, words := range commands {
		ended := func(err error) error { return fmt.Errorf("%s: %w", safetext.Line(words[0], 80), withoutPath(err)) }
		cmd, err := runBrowser(ctx, words, page)
		if err != nil {
			last = ended(err)
			continue
		}
		began := time.Now()
		go func() {
			err := cmd.Wait()
			if err == nil || ctx.Err() != nil || time.Since(began) < atOnce && startBrowser(ctx, commands[i+1:], page, failed) == nil {
				return
			}
			failed(ended(err))
		}()
		return nil
	}
	return last
}

func runBrowser(ctx context.Context, words []string, page string) (*exec.Cmd, error) {
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, err
	}
	// It outlives a cancelled login. What it prints must not come between: standard output belongs to kubectl.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, withPage(words[1:], page)...) //nolint:gosec // The user's own command.
	detach(cmd)
	return cmd, cmd.Start()
}

// withoutPath is why a program does not run, without the name that is told beside it.
func withoutPath(err error) error {
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		err = lookup.Err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
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
	if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
		address = "127.0.0.1:" + port // The name may be ::1 first.
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, notListening(address, err)
	}
	return l, nil
}

// notListening words why nothing listens.
func notListening(address string, err error) error {
	var op *net.OpError
	var name *net.DNSError
	if errors.As(err, &op) {
		err = op.Err
	}
	step := "Another program may use that port. Name another one with --listen-address, or none: a free one is taken then."
	if errors.As(err, &name) || errors.Is(err, syscall.EADDRNOTAVAIL) {
		step = "Name an address of this machine with --listen-address, or none. In a container 0.0.0.0 stands for all that it has."
	}
	return hint(fmt.Errorf("listen for the browser on %s: %w", address, err), "%s", step)
}

func isLocalhost(host string) bool { return strings.EqualFold(host, "localhost") }

// checkListen refuses addresses that other machines reach, unless that is wanted: a login's answer is not for them.
func checkListen(address string, remote bool) error {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is not a port: want 0 to 65535", port)
	}
	ip := net.ParseIP(host)
	switch {
	case isLocalhost(host), host == "127.0.0.1":
		return nil
	case ip != nil && ip.IsLoopback():
		return fmt.Errorf("a browser comes back to 127.0.0.1, never to %s", host)
	case !remote:
		return fmt.Errorf("other machines reach %s; in a container whose port is published, add --listen-remote", address)
	}
	return nil
}
