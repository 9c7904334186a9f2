package secret

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// Source is one place where a password may be. A source is used only when the user named it: by a flag at login, by a
// variable, or by typing.
type Source struct {
	// Name is for messages, as in "the password of NAME was refused".
	Name string
	// What is what it gives, in words; empty: the password.
	What string
	// Kind decides what the guard allows.
	Kind Kind
	// Get gives the password. *NoneError means that there is none here and the next source may be asked; any other error
	// ends the search.
	Get func(ctx context.Context) (redact.Secret, error)
}

// Kind says who is behind a source.
type Kind int

// The kinds.
const (
	Typed   Kind = iota // a person types it now: it is always sent, and asking again is what the quiet forbids
	Given               // it is there without doing anything: a variable, standard input
	Fetched             // something runs to get it: a command, the keychain
)

// secret is what the source gives, for messages.
func (s Source) secret() string { return cmp.Or(s.What, "the password") + " of " + s.Name }

// NoneError is a source that has no password now.
type NoneError struct {
	Source string
	Reason string
}

// Error names the source.
func (e *NoneError) Error() string { return e.Source + ": " + e.Reason }

// maxSecret bounds a password, in bytes.
const maxSecret = 4096

// Variable is the password in an environment variable.
func Variable(name string, getenv func(string) string) Source {
	return Source{Name: name, Kind: Given, Get: func(context.Context) (redact.Secret, error) {
		value := getenv(name)
		if value == "" {
			return "", &NoneError{name, "it is not set"}
		}
		return redact.Secret(value), nil
	}}
}

// Reader is the password on standard input, up to its end. One line end at its end is cut.
func Reader(in io.Reader) Source {
	const name = "standard input"
	return Source{Name: name, Kind: Given, Get: func(ctx context.Context) (redact.Secret, error) {
		type result struct {
			text []byte
			err  error
		}
		read := make(chan result, 1)
		go func() {
			text, err := io.ReadAll(io.LimitReader(in, maxSecret+3))
			read <- result{text, err}
		}()
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case r := <-read:
			if r.err != nil {
				return "", fmt.Errorf("read the password from standard input: %w", r.err)
			}
			password, err := trim(r.text)
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			return password, nil
		}
	}}
}

// Terminal is a person at the prompt.
func (p Prompter) Terminal(question string) Source {
	return Source{Name: "the terminal", Kind: Typed, Get: func(ctx context.Context) (redact.Secret, error) {
		return p.Password(ctx, question)
	}}
}

// trim cuts one line end and checks that a password is left that can be sent.
func trim(text []byte) (redact.Secret, error) {
	s := string(text)
	if line, ended := strings.CutSuffix(s, "\n"); ended {
		s = strings.TrimSuffix(line, "\r")
	}
	switch {
	case s == "":
		return "", errors.New("the password is empty")
	case len(s) > maxSecret:
		return "", fmt.Errorf("the password is longer than %d bytes", maxSecret)
	case strings.ContainsAny(s, "\n\x00"):
		return "", errors.New("there is more than one line; the password is one line")
	}
	return redact.Secret(s), nil
}
