package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// closedRedirect is a redirect URI that Pinniped knows and where nothing listens: the answer is read from the
// redirect itself.
const closedRedirect = "http://127.0.0.1:0/callback"

// ErrNoPassword means that the issuer takes no password from a command line.
var ErrNoPassword = errors.New("the identity provider takes no password from a command line: it wants a browser")

// Password logs in with user name and password in headers of the authorization request. Only a Pinniped Supervisor
// understands that, so no other issuer gets them; an issuer that API servers trust directly gets a password grant.
// The error is a wire.ErrRefused when they are wrong, and ErrNoPassword when the issuer takes none.
func (c *Client) Password(ctx context.Context, user string, password redact.Secret) (Claims, error) {
	if c.Plain {
		return c.passwordGrant(ctx, user, password)
	}
	if !c.Provider.IsPinniped() || c.IdentityProvider == "" {
		return Claims{}, ErrNoPassword
	}
	if err := cmp.Or(checkHeader("user name", user), checkHeader("password", password.Reveal())); err != nil {
		return Claims{}, err
	}
	a := c.newAttempt(closedRedirect)
	answer, err := c.sendPassword(ctx, c.url(a, ""), user, password)
	if err != nil {
		return Claims{}, err
	}
	code, err := a.code(answer)
	var said *Error
	if errors.As(err, &said) {
		err = said.without(password)
	}
	if err != nil {
		return Claims{}, err
	}
	return c.redeem(ctx, code, a)
}

// checkHeader refuses a text that a header cannot carry (RFC 9110, section 5.5): control characters, and spaces at
// the ends, which the server would drop. The error does not repeat the text.
func checkHeader(what, text string) error {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	switch {
	case strings.ContainsFunc(text, control):
		return fmt.Errorf("the %s holds a line end or another control character: it cannot be sent, and was not", what)
	case strings.Trim(text, " \t") != text:
		return fmt.Errorf("the %s begins or ends with a space: it cannot be sent, and was not", what)
	}
	return nil
}

// passwordGrant sends the password to the token endpoint (RFC 6749, section 4.3), for issuers that API servers trust
// directly.
func (c *Client) passwordGrant(ctx context.Context, user string, password redact.Secret) (Claims, error) {
	to, text, err := c.open(ctx, c.hold(disclose.ProviderPassword, password), c.Provider.Token)
	if err != nil {
		return Claims{}, err
	}
	token, err := c.config("").PasswordCredentialsToken(trust.Once(to), user, text)
	if err != nil {
		return Claims{}, c.failed(ctx, c.Provider.Token, err, password)
	}
	return c.acceptLogin(ctx, token, "")
}

// sendPassword returns the parameters of the redirect, which it does not follow.
func (c *Client) sendPassword(ctx context.Context, address, user string, password redact.Secret) (url.Values, error) {
	text, err := c.Wire.Open(ctx, c.hold(disclose.ProviderPassword, password), address)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	req, err := http.NewRequestWithContext(bounded, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", wire.UserAgent)
	req.Header.Set("Pinniped-Username", user)
	req.Header.Set("Pinniped-Password", text)
	resp, err := c.Wire.HTTP.Do(req)
	if err != nil {
		return nil, wire.Request{Method: http.MethodGet, URL: address}.NetworkError(ctx, err, c.timeout())
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is left to do about it.
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode != http.StatusFound && resp.StatusCode != http.StatusSeeOther {
		return nil, notRedirected(c.Provider.Authorize, resp)
	}
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Scheme != "http" || to.Host != "127.0.0.1:0" || to.Path != "/callback" {
		return nil, &wire.Error{Method: http.MethodGet, URL: address, Status: resp.StatusCode, Kind: wire.ErrServer,
			Message: "it redirects to another place than a login ends at; nothing was sent there"}
	}
	return to.Query(), nil
}

// notRedirected is the error for a reply that is not a redirect.
func notRedirected(address string, r *http.Response) error {
	message := fmt.Sprintf("it answers with the status %d", r.StatusCode)
	switch r.StatusCode {
	case http.StatusOK:
		message = "it shows a page instead of taking the password: the identity provider wants a browser, or this is no Supervisor's issuer"
	case http.StatusBadRequest:
		message = "it does not take the request (400): the identity provider's name may be wrong"
	}
	return &wire.Error{Method: http.MethodGet, URL: address, Status: r.StatusCode, Kind: wire.ErrServer, Message: message, After: wire.RetryAfter(r)}
}
