package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

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
}

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
// else wire.ErrServer.
func (e *Error) Unwrap() error {
	switch {
	case e.Status >= 500 || e.Code == "server_error" || e.Code == "temporarily_unavailable" || e.Status == http.StatusTooManyRequests:
		return wire.ErrServer
	case e.Code == "invalid_client", e.Code == "unauthorized_client": // It says nothing about a password.
		return wire.ErrServer
	case e.Status == http.StatusUnauthorized, e.Code == "access_denied", e.Code == "invalid_grant":
		return wire.ErrRefused
	case e.Status == http.StatusBadRequest && e.Code == "invalid_request": // Dex, about a refresh token that was used before
		return wire.ErrRefused
	}
	return wire.ErrServer
}

// without removes secrets from the issuer's words.
func (e *Error) without(secrets ...redact.Secret) *Error {
	e.Code, e.Description = wire.Conceal(e.Code, secrets...), wire.Conceal(e.Description, secrets...)
	return e
}

// failed turns an error of x/oauth2 into an *Error or one of package wire: its own would print the whole reply.
// secrets are those of the request, which an issuer may repeat.
func (c *Client) failed(ctx context.Context, url string, err error, secrets ...redact.Secret) error {
	var reply *oauth2.RetrieveError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &reply):
		return wire.Request{Method: http.MethodPost, URL: url}.NetworkError(ctx, err, c.timeout())
	case reply.ErrorCode == "":
		return &wire.Error{Method: http.MethodPost, URL: url, Status: reply.Response.StatusCode, Kind: wire.ErrServer,
			Message: fmt.Sprintf("it answers with the status %d and no reason", reply.Response.StatusCode)}
	}
	return (&Error{Endpoint: "POST " + url, Status: reply.Response.StatusCode, Code: reply.ErrorCode, Description: reply.ErrorDescription}).without(secrets...)
}

// retrieved makes the error that x/oauth2 would make of a reply, so that failed can word both.
func retrieved(status int, body []byte) error {
	var reply struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = bounded.JSON(body, &reply) // A body that cannot be read gives no reason.
	return &oauth2.RetrieveError{Response: &http.Response{StatusCode: status}, ErrorCode: reply.Code, ErrorDescription: reply.Description}
}
