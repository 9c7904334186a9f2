// Package browser opens a page in the user's browser, and listens where the browser comes back to.
package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kballard/go-shellquote"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// ErrNone is a machine on which no browser can be opened, and none was asked for.
var ErrNone = errors.New("there is no browser here to log in with")

// browserVariable names what opens a page: a list of commands.
const browserVariable = "BROWSER"

// commands are what may open a page; the first that works does: what the user named, or what the system has. The error is of a part of
// the variable that is not a command.
func commands(e *console.Env, given []string) (all [][]string, err error) {
	if len(given) > 0 {
		return [][]string{given}, nil
	}
	if variable := e.Getenv(browserVariable); variable != "" {
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
	case e.GOOS == "darwin":
		return [][]string{{"open"}}, nil
	case e.GOOS == "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}, nil
	case e.Getenv("WSL_DISTRO_NAME") != "":
		return [][]string{{"wslview"}, {"rundll32.exe", "url.dll,FileProtocolHandler"}, {"xdg-open"}}, nil
	case e.Getenv("DISPLAY") == "" && e.Getenv("WAYLAND_DISPLAY") == "":
		return nil, nil
	}
	return [][]string{{"xdg-open"}, {"x-www-browser"}, {"www-browser"}}, nil
}

// Page is a page that a browser opens.
type Page struct {
	URL     string
	Command []string    // opens it; empty: $BROWSER, else what the system has
	Failed  func(error) // is told when no browser opens it after all
}

// Open starts a browser with a page and does not wait for it. It is ErrNone where there is no browser and nobody named one.
func Open(ctx context.Context, e *console.Env, p Page) error {
	command := p.Command
	all, broken := commands(e, command)
	variable := e.Getenv(browserVariable)
	named := func(err error) error {
		if len(command) > 0 || variable == "" {
			return err
		}
		return fmt.Errorf("$%s is %q: %w", browserVariable, safetext.Line(variable, 80), err)
	}
	o := opener{env: e, page: p.URL, failed: func(err error) { p.Failed(named(err)) }}
	err := o.start(ctx, all)
	switch {
	case err == nil:
		return nil
	case broken != nil:
		err = broken
	case len(command) == 0 && variable == "" && errors.Is(err, exec.ErrNotFound):
		err = ErrNone // Nobody asked for one of these.
	}
	return named(err)
}

// opener opens one page.
type opener struct {
	env    *console.Env
	page   string
	failed func(error)
}

// atOnce is how soon a browser ends that opens nothing: one that ends later has opened the page.
const atOnce = 5 * time.Second

// start starts the first command that can be, and the next one when that ends badly at once.
func (o opener) start(ctx context.Context, all [][]string) error {
	last := ErrNone
	for i, words := range all {
		ended := func(err error) error { return fmt.Errorf("%s: %w", safetext.Line(words[0], 80), withoutPath(err)) }
		cmd, err := o.run(ctx, words)
		if err != nil {
			last = ended(err)
			continue
		}
		began := time.Now()
		go func() {
			err := cmd.Wait()
			if err == nil || ctx.Err() != nil || time.Since(began) < atOnce && o.start(ctx, all[i+1:]) == nil {
				return
			}
			o.failed(ended(err))
		}()
		return nil
	}
	return last
}

func (o opener) run(ctx context.Context, words []string) (*exec.Cmd, error) {
	path, err := o.env.LookPath(words[0])
	if err != nil {
		return nil, err
	}
	// It outlives a cancelled login. What it prints must not come between: standard output belongs to kubectl.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, withPage(words[1:], o.page)...) //nolint:gosec // The user's own command.
	detach(cmd)
	return cmd, cmd.Start()
}

// withoutPath is why a program does not run, without the name that stands beside it.
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
