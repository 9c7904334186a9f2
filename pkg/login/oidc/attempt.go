package oidc

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// attempt is one authorization request with what ties the answer to it: state against answers that are not ours, the nonce
// against tokens, and the verifier against codes, of another login.
type attempt struct {
	state, nonce, verifier, redirect string
}

func newAttempt(redirect string) attempt {
	return attempt{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), redirect: redirect}
}

// OwnParams are the parameters of an authorization request that tie the answer to it, or that say what the answer is.
var OwnParams = []string{
	"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri", "response_mode", "response_type", "scope", "state",
}

// url is where the login begins.
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

// errState is an answer to another request than ours.
var errState = errors.New("the answer is not to this login (state)")

// code reads the parameters of an answer (RFC 6749, section 4.1.2). The state is looked at before anything else.
func (a attempt) code(answer url.Values) (redact.Secret, error) {
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(a.state)) != 1 {
		return "", errState
	}
	if answer.Has("error") {
		return "", &Error{Code: answer.Get("error"), Description: answer.Get("error_description")}
	}
	if answer.Get("code") == "" {
		return "", errors.New("the answer holds neither a code nor an error")
	}
	return redact.Secret(answer.Get("code")), nil
}

// maxPasted bounds what is pasted, in bytes.
const maxPasted = 8 << 10

// terminalLine is what terminals take of a line, in bytes (termios(3), canonical mode): half a code would burn the whole one.
const terminalLine = 4096

// minCode is shorter than any issuer's code, and longer than what is typed into the wrong window.
const minCode = 16

// pasted reads what a person copied: a code, or the whole address that the browser stopped at.
func (a attempt) pasted(text string) (redact.Secret, error) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "#") // Some issuers' addresses end in one.
	switch len(text) {
	case terminalLine - 1, terminalLine:
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
	return redact.Secret(text), nil
}
