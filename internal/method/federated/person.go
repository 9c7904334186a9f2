package federated

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/browser"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// personTime bounds how long a person may take at the browser. Login pages expire sooner.
const personTime = 10 * time.Minute

// browse logs a person in with a browser, on this machine or another one.
func browse(ctx context.Context, e *console.Env, issuer *oidc.Client, way oidc.BrowserWay) (oidc.Claims, error) {
	l, err := browser.Listen(ctx, way.Listen)
	if err != nil {
		return oidc.Claims{}, err
	}
	person, cancel := context.WithTimeout(ctx, personTime)
	defer cancel()
	page := &page{env: e, way: way, listener: l.Addr(), shown: true}
	b := oidc.Browser{
		Title:    "kubectl vsphere",
		Listener: l, FormPost: way.None && e.Terminal != nil, // Its page shows a code, which needs a terminal to paste it.
		Proven: func(ctx context.Context) error { return checkExchange(ctx, issuer) },
		Show:   page.show,
	}
	if e.Terminal != nil {
		b.Paste = page.paste
		b.Refused = func(err error) { e.Tellf("%v", err) }
	}
	claims, err := issuer.Browse(person, b)
	if e.Terminal != nil && page.shown && err == nil {
		e.Tellf("")
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return claims, fmt.Errorf("nobody finished the login in the browser within %s", duration.Text(personTime))
	}
	return claims, err
}

// checkExchange returns an error if the issuer gives the user no token for the Supervisor. It runs before the browser shows that the
// login has succeeded. It ignores errors of the network.
func checkExchange(ctx context.Context, issuer *oidc.Client) error {
	if issuer.Plain {
		return nil
	}
	_, err := issuer.Exchange(ctx, issuer.Provider.Issuer)
	var distrusted *oidc.TokenError
	if errors.Is(err, wire.ErrRefused) || errors.As(err, &distrusted) {
		return fmt.Errorf("the issuer gives no token for the Supervisor: %w", err)
	}
	return nil
}

// page is the issuer's login page.
type page struct {
	env      *console.Env
	way      oidc.BrowserWay
	listener net.Addr // address that the browser returns to
	shown    bool     // the address is on the terminal, so the person may paste an answer
}

// show opens the page in a browser and prints its address, unless another program draws on the terminal.
func (p *page) show(ctx context.Context, url string) (err error) {
	p.shown, err = p.open(ctx, url)
	return err
}

// paste waits for a code that a person pastes.
func (p *page) paste(ctx context.Context) (string, error) {
	if !p.shown { // The terminal's input belongs to the program that draws on it.
		<-ctx.Done()
		return "", ctx.Err()
	}
	text, err := p.env.Prompter().Line(ctx, "Waiting for the browser. You may paste the code, or the address that it stops at, here: ")
	if errors.Is(err, secret.ErrEmpty) {
		err = nil // Somebody pressed Enter.
	}
	return text, err
}

func (p *page) open(ctx context.Context, url string) (shown bool, err error) {
	e, line := p.env, safetext.Line(url, 8<<10)
	failed := func(err error) {
		e.Notef("the browser could not be opened (%v): open the address yourself", err)
		if e.Drawn() {
			e.Tellf("\n    %s\n", line)
		}
	}
	opened := false
	if !p.way.None {
		err := browser.Open(ctx, e, browser.Page{URL: url, Command: p.way.Command, Failed: failed})
		opened = err == nil
		switch {
		case opened:
		case e.Terminal == nil:
			return false, failure.Hint(failure.Usagef("%w, and there is no terminal", err),
				"See --no-browser, --browser-command and $BROWSER; for jobs, --oidc-flow password with "+failure.PasswordVariable+".")
		case !errors.Is(err, browser.ErrNone):
			failed(err)
		}
	}
	if opened && e.Drawn() {
		return false, nil
	}
	word := "Log in with a browser at"
	if opened {
		word = "Your browser opens this page to log in"
	}
	e.Tellf("%s:\n\n    %s\n", word, line)
	if !opened || e.Getenv("SSH_CONNECTION") != "" {
		e.Tellf("For a browser on another machine, type there first:\n\n    ssh -L %[1]s:127.0.0.1:%[1]s %[2]s\n", portOf(p.listener), thisHost(e))
	}
	return true, nil
}

func portOf(l net.Addr) string {
	if tcp, ok := l.(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return "PORT"
}

// thisHost returns an address of this machine for ssh: the one of the present ssh connection, else the host name.
func thisHost(e *console.Env) string {
	if words := strings.Fields(e.Getenv("SSH_CONNECTION")); len(words) == 4 {
		return safetext.Line(words[2], 80)
	}
	if name, err := os.Hostname(); err == nil {
		return safetext.Line(name, 80)
	}
	return "THIS-HOST"
}

// device logs a person in with a browser on any machine (RFC 8628). hosts are servers that may have the issuer's page.
func device(ctx context.Context, e *console.Env, issuer *oidc.Client, hosts []string) (oidc.Claims, error) {
	person, cancel := context.WithTimeout(ctx, personTime) // The issuer may not say when the code expires.
	defer cancel()
	claims, err := issuer.Device(person, func(d oidc.DeviceCode) error {
		if err := checkPage(person, e, issuer, codePage{d.URL, hosts}); err != nil {
			return err
		}
		if end := e.Now().Add(personTime); d.Until.IsZero() || d.Until.After(end) {
			d.Until = end
		}
		e.Tellf("On any machine with a browser, open\n\n    %s\n\nand type the code %s there, before %s.", d.URL, d.Code, d.Until.Local().Format(time.TimeOnly))
		if d.Complete != "" {
			e.Tellf("Or open this address, which has the code in it: %s", d.Complete)
		}
		e.Tellf("Waiting …")
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return claims, fmt.Errorf("nobody typed the code within %s", duration.Text(personTime))
	}
	return claims, err
}
