package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Error is an error reply of an issuer (RFC 6749, sections 4.1.2.1 and 5.2). Its text is the issuer's, made harmless.
type Error struct {
	Endpoint    string
	Status      int // of HTTP; 0: it came by a redirect
	Code        string
	Description string
	After       time.Duration // that it asks to wait (wire.RetryAfter)
}

// Wait implements the interface of wire.Wait.
func (e *Error) Wait() time.Duration { return e.After }

// boilerplate are the beginnings of sentences with which Pinniped's library starts a description.
var boilerplate = []string{"The resource owner or authorization server denied", "The provided authorization grant", "The request is missing a required parameter"}

// Error returns description and code.
func (e *Error) Error() string {
	said := strings.TrimSpace(e.Description)
	for _, b := range boilerplate {
		if _, rest, more := strings.Cut(said, ". "); more && strings.HasPrefix(said, b) {
			said = rest
		}
	}
	text := safetext.Line(e.Code, 80)
	if said = safetext.Line(said, 300); said != "" {
		text = said + " (" + text + ")"
	}
	if e.Endpoint != "" {
		text = e.Endpoint + ": " + text
	}
	return text
}

// Unwrap returns the kind: wire.ErrRefused for a refusal of the person, or of the code or token that stands for them;
// else wire.ErrServer, which may pass.
func (e *Error) Unwrap() error {
	saysNothing := []string{"server_error", "temporarily_unavailable", "invalid_client", "unauthorized_client", pinnipedError} // About the person.
	switch {
	case e.unwell() || slices.Contains(saysNothing, e.Code):
	case e.Code == "access_denied", e.Code == "invalid_grant", e.Status == http.StatusUnauthorized:
		return wire.ErrRefused
	}
	return wire.ErrServer
}

// pinnipedError is the code of a Pinniped whose upstream did not confirm the person, with status 401 at a refresh and by a redirect at a login.
// It says so if the upstream does not answer, if that does not welcome the person any more, if a policy of the administrators speaks against
// it, and if another refresh was faster. All of this may pass.
const pinnipedError = "error"

// unwell reports whether the server could not answer: then its code counts for nothing.
func (e *Error) unwell() bool {
	return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests
}

// ByPolicy reports whether the issuer's words are those of a Pinniped whose administrators have a policy against the person, whose password
// was right. Its code is that of a wrong one, so this is for messages alone.
func (e *Error) ByPolicy() bool {
	return e.Code == "access_denied" && strings.Contains(e.Description, "configured identity policy rejected this authentication")
}

// final reports whether a token endpoint that refuses a refresh token in this way refuses it for ever (RFC 6749, section 5.2). plain means an
// issuer that is no Supervisor's: Dex says invalid_request of a token that was used before. Of others, that is a request which may be right
// after an update.
func (e *Error) final(plain bool) bool {
	claimed := plain && e.Code == "invalid_request" && e.Status == http.StatusBadRequest && strings.Contains(e.Description, "claimed by another client")
	return !e.unwell() && (e.Code == "invalid_grant" || claimed)
}

// ErrVoid means that the issuer does not take the refresh token any more, and never will.
var ErrVoid = errors.New("the refresh token is void")

// voidError is ErrVoid in the words of the issuer.
type voidError struct{ said *Error }

func (e *voidError) Error() string { return e.said.Error() }
func (e *voidError) Unwrap() error { return ErrVoid }

// RefreshError means that the issuer did not give new tokens, and may do so later with the same refresh token: it is not well, or the
// provider behind it does not answer or does not welcome the person now.
type RefreshError struct{ Err error }

// Error returns the words of the issuer.
func (e *RefreshError) Error() string { return e.Err.Error() }

// Wait implements the interface of wire.Wait.
func (e *RefreshError) Wait() time.Duration { return wire.Wait(e.Err) }

// Unwrap returns wire.ErrServer, whatever the issuer says of the person.
func (e *RefreshError) Unwrap() error { return wire.ErrServer }

// Refuses reports whether the issuer is well, and does not confirm the person.
func (e *RefreshError) Refuses() bool {
	var said *Error
	return errors.As(e.Err, &said) && !said.unwell()
}

// refreshError says what an answer to a refresh token means for the session. Errors without an answer stay as they are.
func refreshError(err error, plain bool) error {
	var said *Error
	var answered *wire.Error
	switch {
	case errors.As(err, &said) && said.final(plain):
		return &voidError{said}
	case errors.As(err, &said), errors.As(err, &answered) && answered.Status != 0:
		return &RefreshError{err}
	}
	return err
}

// without removes secrets from the issuer's words.
func (e *Error) without(secrets ...redact.Secret) *Error {
	e.Code, e.Description = wire.Conceal(e.Code, secrets...), wire.Conceal(e.Description, secrets...)
	return e
}

// MayPass reports whether an error of Renew, Exchange or FetchKeys is an answer that the issuer may not give later. An error of the network is
// none: it says more of this machine than of the issuer.
func MayPass(err error) bool {
	var later *RefreshError
	var said *Error
	var answered *wire.Error
	return errors.As(err, &later) || errors.As(err, &said) && said.unwell() ||
		errors.As(err, &answered) && answered.Status != 0 && errors.Is(err, wire.ErrServer)
}

// IsStale reports whether an error of Exchange means that the access token has ended, or another process has ended it.
func IsStale(err error) bool {
	var said *Error
	return errors.As(err, &said) && !said.unwell() && (said.Status == http.StatusUnauthorized && errors.Is(err, wire.ErrRefused) || said.Code == "invalid_grant")
}

// failed turns an error of x/oauth2 into an *Error or one of package wire: its own would print the whole reply.
// secrets are those of the request, which an issuer may repeat.
func (c *Client) failed(ctx context.Context, address string, err error, secrets ...redact.Secret) error {
	var reply *oauth2.RetrieveError
	var network *url.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &reply) && !errors.As(err, &network): // A reply that x/oauth2 cannot use.
		return &wire.Error{Method: http.MethodPost, URL: address, Status: http.StatusOK, Kind: wire.ErrServer, Message: "the reply is not one of a token endpoint"}
	case !errors.As(err, &reply):
		return wire.Request{Method: http.MethodPost, URL: address}.NetworkError(ctx, err, c.timeout())
	case reply.ErrorCode == "":
		return &wire.Error{Method: http.MethodPost, URL: address, Status: reply.Response.StatusCode, Kind: wire.ErrServer, After: wire.RetryAfter(reply.Response),
			Message: fmt.Sprintf("it answers with the status %d and no reason", reply.Response.StatusCode)}
	}
	said := &Error{Endpoint: "POST " + address, Status: reply.Response.StatusCode, Code: reply.ErrorCode, Description: reply.ErrorDescription, After: wire.RetryAfter(reply.Response)}
	return said.without(secrets...)
}

// retrieved makes the error that x/oauth2 would make of a reply, so that failed can word both.
func retrieved(resp *http.Response, body []byte) error {
	var reply struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = bounded.JSON(body, &reply) // A body that cannot be read gives no reason.
	return &oauth2.RetrieveError{Response: resp, ErrorCode: reply.Code, ErrorDescription: reply.Description}
}
