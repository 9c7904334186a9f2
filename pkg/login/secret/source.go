package secret

import (
	"bytes"
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
	// What is the kind of secret, for messages; empty: the password.
	What string
	// Kind decides how the guard treats the source.
	Kind Kind
	// Get returns the password. A *NoneError means that this source has no password: the next source may be asked. Any
	// other error ends the search.
	Get func(ctx context.Context) (redact.Secret, error)
}

// Kind is how a source gets its password.
type Kind int

// The kinds.
const (
	Typed   Kind = iota // a person types it now: it is always sent, but the person is not asked again too soon
	Given               // it is there already: a variable, standard input
	Fetched             // something runs to get it: a command, the keychain
)

// secret names the secret of the source, for messages.
func (s Source) secret() string { return cmp.Or(s.What, "the password") + " from " + s.Name }

// NoneError means that a source has no password now.
type NoneError struct {
	Source string
	Reason string
}

// Error names the source.
func (e *NoneError) Error() string { return e.Source + ": " + e.Reason }

// maxSecret bounds a password, in bytes.
const maxSecret = 4096

// Variable returns a source that reads an environment variable.
func Variable(name string, getenv func(string) string) Source {
	return Source{Name: name, Kind: Given, Get: func(context.Context) (redact.Secret, error) {
		value := getenv(name)
		if value == "" {
			return "", &NoneError{name, "it is not set"}
		}
		password, err := clean([]byte(value))
		if err != nil {
			return "", &NoneError{name, err.Error()}
		}
		return password, nil
	}}
}

// Reader returns a source that reads standard input up to its end, and cuts one line end.
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
			password, err := clean(r.text)
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			return password, nil
		}
	}}
}

// Terminal returns a source that asks a person at the prompt.
func (p Prompter) Terminal(question string) Source {
	return Source{Name: "the terminal", Kind: Typed, Get: func(ctx context.Context) (redact.Secret, error) {
		return p.Password(ctx, question)
	}}
}

// Bare returns a text without what editors and shells add to it: a byte order mark (U+FEFF) before it, and one line end after it.
func Bare(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// clean returns the password in the text of a file, a variable or a program. The error says why it cannot be sent.
func clean(text []byte) (redact.Secret, error) {
	s := Bare(string(text))
	switch {
	case s == "":
		return "", errors.New("the password is empty")
	case len(s) > maxSecret:
		return "", fmt.Errorf("the password is longer than %d bytes", maxSecret)
	case strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff"):
		return "", errors.New("the password is in UTF-16; write it in UTF-8")
	case strings.ContainsAny(s, "\n\x00"):
		return "", errors.New("there is more than one line; the password is one line")
	}
	return redact.Secret(s), nil
}

// firstLine returns a text up to its first line end: password managers keep notes below the password.
func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}
