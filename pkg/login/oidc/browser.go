package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc/callback"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// Browser is the part that a browser and a person take in a login.
type Browser struct {
	// Listener takes the answer from the browser; nil: the answer can only be pasted. Browse closes it.
	Listener net.Listener
	// Show gets the address that the browser must open. Its error ends the login.
	Show func(ctx context.Context, url string) error
	// Paste, if set, waits for a code or an address that the person copied. It returns when ctx ends.
	Paste func(ctx context.Context) (string, error)
	// Proven, if set, tries the new tokens before the browser gets its answer. Its error ends the login, and is shown
	// on the page.
	Proven func(ctx context.Context) error
	// Refused, if set, gets the reason why a pasted text is not an answer; the person may paste again.
	Refused func(error)
	// Title heads the page that the browser ends at: the name of the program; empty: "Login".
	Title string
	// FormPost asks the issuer for a page that posts the answer. Such a page shows the code where it cannot post.
	// Browsers keep a public page from posting to this machine, so a redirect is better wherever there is a listener.
	FormPost bool
}

// RedirectURI returns the address that the browser is sent back to. Pinniped knows its host and path, with any port
// (RFC 8252, section 7.3).
func RedirectURI(l net.Listener) string {
	if l == nil {
		return closedRedirect
	}
	_, port, _ := net.SplitHostPort(l.Addr().String()) // A TCP listener has one.
	return "http://" + net.JoinHostPort("127.0.0.1", port) + "/callback"
}

// Browse logs in with a browser: the authorization code flow with PKCE (RFC 7636). The answer comes from the browser
// or is pasted; the first one is redeemed, once. The error is an *Error of the issuer, a *TokenError, one of package
// wire, or that of Show or Proven.
func (c *Client) Browse(ctx context.Context, b Browser) (Claims, error) {
	a := c.newAttempt(RedirectURI(b.Listener))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var claims Claims
	back := callback.New(callback.Login{
		Redirect: a.redirect, Issuer: c.Provider.Issuer, Title: b.Title, Code: a.code,
		Redeem: func(code redact.Secret) (err error) {
			claims, err = c.redeem(ctx, code, a)
			if err == nil && b.Proven != nil {
				err = b.Proven(ctx)
			}
			return err
		},
	})
	if err := b.Show(ctx, c.url(a, c.responseMode(b.FormPost))); err != nil {
		closeListener(b.Listener)
		return Claims{}, err
	}
	err := b.wait(ctx, cancel, a, back)
	return claims, err
}

// responseMode returns the response mode to ask for; empty for an issuer that only knows the default.
func (c *Client) responseMode(formPost bool) string {
	query := len(c.Provider.ResponseModes) == 0 || slices.Contains(c.Provider.ResponseModes, "query")
	if slices.Contains(c.Provider.ResponseModes, "form_post") && (formPost || !query) {
		return "form_post"
	}
	if slices.Contains(c.Provider.ResponseModes, "query") {
		return "query"
	}
	return ""
}

// wait returns when an answer came, from the browser or pasted, and both ways have ended.
func (b Browser) wait(ctx context.Context, cancel func(), a attempt, back *callback.Page) error {
	ways := 0
	ended := make(chan error, 2)
	if b.Listener != nil {
		ways++
		go func() { ended <- back.Serve(ctx, b.Listener) }()
	}
	if b.Paste != nil {
		ways++
		go func() { ended <- b.paste(ctx, a, back) }()
	}
	if ways == 0 {
		return errors.New("there is no way for the answer of the login to come back")
	}
	err := <-ended
	// Without standard input a person can still use the browser.
	for ways--; ways > 0 && errors.Is(err, errNoPaste); ways-- {
		err = <-ended
	}
	cancel()
	for ; ways > 0; ways-- {
		<-ended //nolint:errcheck // Only the first answer counts.
	}
	return err
}

// errNoPaste means that pasting ended without a code.
var errNoPaste = errors.New("nothing was pasted")

// paste reads pasted texts until one is an answer.
func (b Browser) paste(ctx context.Context, a attempt, back *callback.Page) error {
	for {
		text, err := b.Paste(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errNoPaste, err)
		}
		code, err := a.pasted(text)
		var denied *Error
		if err != nil && !errors.As(err, &denied) {
			if b.Refused != nil {
				b.Refused(err)
			}
			continue
		}
		err = back.Settle(code, err)
		if errors.Is(err, callback.ErrOver) {
			<-ctx.Done() // The browser's answer is being redeemed; that one counts.
			return ctx.Err()
		}
		return err
	}
}

func closeListener(l net.Listener) {
	if l != nil {
		_ = l.Close()
	}
}
