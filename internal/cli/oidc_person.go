package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// loginTime bounds how long a person may take at the browser. It is longer than any issuer's own form waits.
const loginTime = 10 * time.Minute

// printURLVariable keeps the address of a login off the terminal, where a program draws on it.
const printURLVariable = "KUBECTL_VSPHERE_PRINT_URL"

// browse logs a person in with a browser here or elsewhere.
func (a *App) browse(ctx context.Context, c *oidc.Client, o oidcOptions) (oidc.Claims, error) {
	l, err := listenForBrowser(ctx, o.browser.Listen)
	if err != nil {
		return oidc.Claims{}, err
	}
	person, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	shown := true // Something stands on the terminal, so that there may be an answer.
	b := oidc.Browser{
		Title:    "kubectl vsphere",
		Listener: l, FormPost: o.browser.None && a.Terminal != nil, // The code that such a page shows can be pasted there only.
		Proven: func(ctx context.Context) error { return usable(ctx, c) },
		Show: func(ctx context.Context, page string) (err error) {
			shown, err = a.showPage(ctx, page, l.Addr(), o)
			return err
		},
	}
	if a.Terminal != nil {
		b.Paste = func(ctx context.Context) (string, error) {
			if !shown { // A program draws on the terminal, and the keys are for that.
				<-ctx.Done()
				return "", ctx.Err()
			}
			text, err := a.prompter().Line(ctx, "Waiting for the browser. You may paste the code, or the address that it stops at, here: ")
			if errors.Is(err, secret.ErrEmpty) {
				err = nil // Somebody pressed Enter.
			}
			return text, err
		}
		b.Refused = func(err error) { fmt.Fprintln(a.ErrOut, err) }
	}
	claims, err := c.Browse(person, b)
	if a.Terminal != nil && shown && err == nil {
		fmt.Fprintln(a.ErrOut)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return claims, fmt.Errorf("nobody finished the login in the browser within %s", loginTime)
	}
	return claims, err
}

// usable tells whether the Supervisor's tokens can be had by who just logged in, before anybody is told that all is well. What the network
// does is no word on that.
func usable(ctx context.Context, c *oidc.Client) error {
	if c.Plain {
		return nil
	}
	_, err := c.Exchange(ctx, c.Provider.Issuer)
	var distrusted *oidc.TokenError
	if errors.Is(err, wire.ErrRefused) || errors.As(err, &distrusted) {
		return fmt.Errorf("the issuer gives no token for the Supervisor: %w", err)
	}
	return nil
}

// silent tells whether a program draws on the terminal.
func (a *App) silent() bool { return a.Getenv(printURLVariable) == "never" }

// showPage opens the browser, and says where to go without one, unless nothing is to be said.
func (a *App) showPage(ctx context.Context, page string, l net.Addr, o oidcOptions) (shown bool, err error) {
	line := safetext.Line(page, 8<<10)
	failed := func(err error) {
		fmt.Fprintf(a.ErrOut, "note: the browser could not be opened (%v): open the address yourself\n", err)
		if a.silent() {
			fmt.Fprintf(a.ErrOut, "\n    %s\n\n", line)
		}
	}
	opened := false
	if !o.browser.None {
		err := a.openBrowser(ctx, o.browser.Command, page, failed)
		opened = err == nil
		switch {
		case opened:
		case a.Terminal == nil:
			return false, hint(usagef("%w, and no terminal to do it otherwise", err),
				"See --no-browser, --browser-command and $BROWSER; for jobs, --oidc-flow password with "+passwordVariable+".")
		case !errors.Is(err, errNoBrowser):
			failed(err)
		}
	}
	if opened && a.silent() {
		return false, nil
	}
	word := "Log in with a browser at"
	if opened {
		word = "Your browser opens this page to log in"
	}
	fmt.Fprintf(a.ErrOut, "%s:\n\n    %s\n\n", word, line)
	if !opened || a.Getenv("SSH_CONNECTION") != "" {
		fmt.Fprintf(a.ErrOut, "For a browser on another machine, type there first:\n\n    ssh -L %[1]s:127.0.0.1:%[1]s %[2]s\n\n", portOf(l), a.thisHost())
	}
	return true, nil
}

func portOf(l net.Addr) string {
	if tcp, ok := l.(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return "PORT"
}

// thisHost is how somebody reaches this machine: as he did, else by its name.
func (a *App) thisHost() string {
	if words := strings.Fields(a.Getenv("SSH_CONNECTION")); len(words) == 4 {
		return safetext.Line(words[2], 80)
	}
	if name, err := os.Hostname(); err == nil {
		return safetext.Line(name, 80)
	}
	return "THIS-HOST"
}

// device logs a person in with a browser on any machine.
func (a *App) device(ctx context.Context, c *oidc.Client) (oidc.Claims, error) {
	person, cancel := context.WithTimeout(ctx, loginTime) // The issuer need not say until when the code is good.
	defer cancel()
	claims, err := c.Device(person, func(d oidc.DeviceCode) {
		if end := a.Now().Add(loginTime); d.Until.IsZero() || d.Until.After(end) {
			d.Until = end
		}
		fmt.Fprintf(a.ErrOut, "On any machine with a browser, open\n\n    %s\n\nand type the code %s there, before %s.\n", d.URL, d.Code, d.Until.Local().Format(time.TimeOnly))
		if d.Complete != "" {
			fmt.Fprintf(a.ErrOut, "With the code in it the address is %s\n", d.Complete)
		}
		fmt.Fprintln(a.ErrOut, "Waiting …")
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return claims, fmt.Errorf("nobody typed the code within %s", loginTime)
	}
	return claims, err
}
