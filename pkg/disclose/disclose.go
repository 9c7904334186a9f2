// Package disclose decides who may have a secret: a kind of secret, an exact server, what is known about that server (Ground), how it is
// verified, and whether a person is there. The answer is in one table (rules). Whoever sends a secret asks here, and sends it with the
// Permit of the answer. The package knows no network and no files.
package disclose

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Over is how a request would travel. The zero value is the worst case.
type Over struct {
	Verified bool // the server's certificate is verified, by whatever CA
	Attended bool // a person is there, and knows if the server is not verified; or has said so for this command
}

// Question is whether a secret may go to the server of a URL.
type Question struct {
	Kind   Kind
	URL    string
	Ground Ground
	Over   Over
}

// Permit allows one kind of secret at one server, by https. Only Decide makes one; the zero value permits nothing.
type Permit struct {
	kind Kind
	host string // as it stands in the URL: another spelling is another host
}

// The reasons of a RefusedError.
var (
	ErrNoServer   = errors.New("this is no https URL of a server")
	ErrNoGround   = errors.New("nothing shows that this server may have it")
	ErrUnverified = errors.New("the server's certificate is not verified, and nobody can be asked")
)

// RefusedError means that a secret is not sent. Reason is one of the errors above.
type RefusedError struct {
	Kind   Kind
	URL    string
	Reason error
}

// Error names the secret and the server. A URL may hold secrets of its own.
func (e *RefusedError) Error() string {
	server := "a server"
	if u, err := url.Parse(e.URL); err == nil && u.Host != "" {
		server = safetext.Line(u.Host, 300)
	}
	return fmt.Sprintf("the %s is not sent to %s: %v", e.Kind, server, e.Reason)
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Reason }

// Decide answers a question by the rules. The error is a *RefusedError.
func Decide(q Question) (Permit, error) {
	refused := func(why error) (Permit, error) { return Permit{}, &RefusedError{q.Kind, q.URL, why} }
	if _, err := serverOf(q.URL); err != nil {
		return refused(ErrNoServer)
	}
	i := slices.IndexFunc(rules, func(r Rule) bool {
		return slices.Contains(r.Secrets, q.Kind) && slices.Contains(r.Places, q.Ground.placeOf(q.URL))
	})
	if i < 0 {
		return refused(ErrNoGround)
	}
	switch rule := rules[i]; {
	case q.Over.Verified && !q.Ground.hearsay, rule.Unverified == AsKubectl, rule.Unverified == WithPerson && q.Over.Attended:
	default:
		return refused(ErrUnverified)
	}
	u, err := url.Parse(q.URL)
	if err != nil {
		return refused(ErrNoServer)
	}
	return Permit{kind: q.Kind, host: u.Host}, nil
}

// Covers returns an error unless a URL is https and at the server of the permit, in the same spelling.
func (p Permit) Covers(address string) error {
	u, err := url.Parse(address)
	if p.host == "" || err != nil || u.Scheme != "https" || u.User != nil || u.Opaque != "" || u.Host != p.host {
		return &RefusedError{p.kind, address, ErrNoGround}
	}
	return nil
}

// Open returns the text of a secret for a request to a URL. The error is a *RefusedError if the permit is for another kind of secret or
// another server.
func (p Permit) Open(s Secret, address string) (string, error) {
	if s.kind != p.kind {
		return "", &RefusedError{s.kind, address, ErrNoGround}
	}
	if err := p.Covers(address); err != nil {
		return "", err
	}
	return s.Redacted().Reveal(), nil
}

// Secret is a secret with its kind and the ground on which servers may have it. It prints as a placeholder.
type Secret struct {
	kind   Kind
	text   *redact.Secret // nil: there is none. A pointer prints as an address in a struct that calls no methods of its fields.
	ground Ground
}

// Hold returns a secret that servers may have on this ground. It is whoever knows what the secret is that says so.
func (g Ground) Hold(kind Kind, text redact.Secret) Secret { return Secret{kind, &text, g} }

// Permit decides whether the secret may go to the server of a URL. The error is a *RefusedError.
func (s Secret) Permit(address string, over Over) (Permit, error) {
	return Decide(Question{s.kind, address, s.ground, over})
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.Redacted() == "" }

// Redacted returns the secret itself, for what happens on this machine.
func (s Secret) Redacted() redact.Secret {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// On returns the secret on another ground: that which its own has become.
func (s Secret) On(change func(Ground) Ground) Secret {
	s.ground = change(s.ground)
	return s
}

// Format writes the placeholder for every verb.
func (Secret) Format(f fmt.State, verb rune) { redact.Secret("").Format(f, verb) }

// MarshalText keeps the secret out of JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return redact.Secret("").MarshalText() }
