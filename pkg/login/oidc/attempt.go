package oidc

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc/callback"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// attempt is one authorization request with the values that bind the answer to it: the state against answers to
// another request, the nonce against tokens of another login, and the verifier against codes of another login.
type attempt struct {
	state, nonce, verifier, redirect string

	issuer     string // that is asked
	saysIssuer bool   // in each answer
}

func (c *Client) newAttempt(redirect string) attempt {
	return attempt{
		state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), redirect: redirect,
		issuer: c.Provider.Issuer, saysIssuer: c.Provider.SaysIssuer,
	}
}

// IsOwnParam reports whether a parameter of an authorization request is ours to set: it binds the answer to the
// request, or says what kind of answer it is.
func IsOwnParam(name string) bool {
	return slices.Contains([]string{"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri",
		"response_mode", "response_type", "scope", "state"}, name)
}

// url returns the address where the login begins.
func (c *Client) url(a attempt, mode string) string {
	options := []oauth2.AuthCodeOption{
		oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(a.verifier), oauth2.SetAuthURLParam("nonce", a.nonce),
	}
	if mode != "" {
		options = append(options, oauth2.SetAuthURLParam("response_mode", mode))
	}
	for name, value := range c.Params {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	if c.IdentityProvider != "" {
		options = append(options, oauth2.SetAuthURLParam("pinniped_idp_name", c.IdentityProvider))
	}
	return c.config(a.redirect).AuthCodeURL(a.state, options...)
}

// code reads the parameters of an answer (RFC 6749, section 4.1.2). It checks the state and the issuer first, also of
// an error (RFC 9207, section 2.4).
func (a attempt) code(answer url.Values) (redact.Secret, error) {
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(a.state)) != 1 {
		return "", callback.ErrState
	}
	if err := a.checkIssuer(answer); err != nil {
		return "", err
	}
	if answer.Has("error") {
		return "", &Error{Code: answer.Get("error"), Description: answer.Get("error_description")}
	}
	if answer.Get("code") == "" {
		return "", errors.New("the answer holds neither a code nor an error")
	}
	return redact.Secret(answer.Get("code")), nil
}

// maxPasted bounds a pasted text, in bytes.
const maxPasted = 8 << 10

// terminalLine is the longest line that a terminal passes on, in bytes (termios(3), canonical mode). Half a code
// would spend the whole one.
const terminalLine = 4096

// minCode is shorter than any code of an issuer, and longer than a word typed into the wrong window.
const minCode = 16

// pasted reads a text that a person copied: a code, or the whole address at which the browser stopped.
func (a attempt) pasted(text string) (redact.Secret, error) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "#") // Some issuers' addresses end in one.
	switch len(text) {
	case terminalLine - 1, terminalLine:
		if a.saysIssuer {
			return "", errors.New("the terminal has cut that off; let the browser come back by itself")
		}
		return "", errors.New("the terminal has cut that off; paste less of it: the code alone")
	}
	if len(text) > maxPasted {
		return "", errors.New("that is too long for a code")
	}
	if strings.Contains(text, "://") || strings.Contains(text, "code=") || strings.Contains(text, "error=") {
		_, query, found := strings.Cut(text, "?")
		if !found {
			query = text
		}
		values, err := url.ParseQuery(query)
		if err != nil || !values.Has("state") {
			return "", errors.New("that is neither a code nor the address that a login ends at")
		}
		return a.code(values)
	}
	if len(text) < minCode || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("that is neither a code nor the address that a login ends at")
	}
	if a.saysIssuer {
		return "", errWhole
	}
	return redact.Secret(text), nil
}
