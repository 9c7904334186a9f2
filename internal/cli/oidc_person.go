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
	b := oidc.Browser{
		Listener: l, FormPost: o.browser.None,
		Show: func(ctx context.Context, page string) error { return a.showPage(ctx, page, l.Addr(), o) },
	}
	if a.Terminal != nil {
		b.Paste = func(ctx context.Context) (string, error) {
			text, err := a.prompter().Line(ctx, "Waiting for the browser. You may paste the code, or the address that it stops at, here: ")
			if errors.Is(err, secret.ErrEmpty) {
				err = nil // Somebody pressed Enter.
			}
			return text, err
		}
		b.Refused = func(err error) { fmt.Fprintln(a.ErrOut, err) }
	}
	claims, err := c.Browse(person, b)
	if a.Terminal != nil && err == nil {
		fmt.Fprintln(a.ErrOut)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return claims, fmt.Errorf("nobody finished the login in the browser within %s", loginTime)
	}
	return claims, err
}

// showPage opens the browser, and says where to go without one.
func (a *App) showPage(ctx context.Context, page string, l net.Addr, o oidcOptions) error {
	failed := func(err error) {
		fmt.Fprintf(a.ErrOut, "note: the browser could not be opened (%v): open the address yourself\n", err)
	}
	opened := false
	if !o.browser.None {
		err := a.openBrowser(ctx, o.browser.Command, page, failed)
		opened = err == nil
		switch {
		case opened:
		case errors.Is(err, errNoBrowser) && a.Terminal != nil:
		case errors.Is(err, errNoBrowser):
			return hint(usagef("there is no browser here to log in with, and no terminal to do it otherwise"),
				"See --no-browser, --browser-command and $BROWSER; for jobs, --oidc-flow password with "+passwordVariable+".")
		default:
			failed(err)
		}
	}
	if a.Getenv(printURLVariable) == "never" && opened {
		return nil
	}
	word := "Log in with a browser at"
	if opened {
		word = "Your browser opens this page to log in"
	}
	fmt.Fprintf(a.ErrOut, "%s:\n\n    %s\n\n", word, safetext.Line(page, 8<<10))
	if !opened || a.Getenv("SSH_CONNECTION") != "" {
		fmt.Fprintf(a.ErrOut, "For a browser on another machine, type there first:\n\n    ssh -L %[1]s:127.0.0.1:%[1]s %[2]s\n\n", portOf(l), a.thisHost())
	}
	return nil
}

func portOf(l net.Addr) string {
	if tcp, ok := l.(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return "PORT"
}

// before says until when, if that is known.
func before(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", before " + t.Local().Format(time.TimeOnly)
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
		fmt.Fprintf(a.ErrOut, "On any machine with a browser, open\n\n    %s\n\nand type the code %s there%s.\n", d.URL, d.Code, before(d.Until))
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
