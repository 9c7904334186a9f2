// Package browser opens a page in the user's browser, and listens for the redirect that ends a login.
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

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// ErrNone is the error on a machine without a browser, if the user named none.
var ErrNone = errors.New("there is no browser here to log in with")

// browserVariable is the environment variable with a list of commands that open a page.
const browserVariable = "BROWSER"

// commands returns the commands to try, in order: the user's, else those of $BROWSER, else the system's. The error is about a part of
// $BROWSER that is not a command; the other parts are returned with it.
func commands(e *console.Env, command []string) (all [][]string, err error) {
	if len(command) > 0 {
		return [][]string{command}, nil
	}
	if variable := e.Getenv(browserVariable); variable != "" {
		for part := range strings.SplitSeq(variable, string(os.PathListSeparator)) {
			words, broken := process.Words(part)
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
		err = ErrNone // The user named none of the commands.
	}
	return named(err)
}

// opener opens one page.
type opener struct {
	env    *console.Env
	page   string
	failed func(error)
}

// startTime bounds how soon a command fails that could not open the page. If it fails later, the page was open.
const startTime = 5 * time.Second

// start starts the first command that can run. If that fails within startTime, it starts the next one.
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
			if err == nil || ctx.Err() != nil || time.Since(began) < startTime && o.start(ctx, all[i+1:]) == nil {
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
	// The browser goes on after a cancelled login. Its output is dropped: standard output belongs to kubectl.
	cmd := process.Command(context.WithoutCancel(ctx), path, withPage(words[1:], o.page), nil)
	detach(cmd)
	return cmd, cmd.Start()
}

// withoutPath returns why a program does not run, without the program's name, which the message has already.
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

// withPage puts the page in place of %s, else after the arguments. The page never becomes more than one argument.
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

// harmlessURL percent-encodes the characters that have a meaning for a shell: the user's command may pass the page to one. The address
// keeps its meaning (RFC 3986, section 6.2.2.2), except for characters that no issuer uses.
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
