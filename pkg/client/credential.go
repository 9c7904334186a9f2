package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Secret is a password, a token or a private key. It prints as a placeholder; Reveal returns the text.
type Secret = redact.Secret

// Credential is what an API server accepts: a bearer token, or a client certificate with its key.
type Credential struct {
	Token       Secret
	Certificate []byte // PEM; nil for a token
	PrivateKey  Secret // PEM
	// Until is when to stop using it: somewhat before the server stops accepting it.
	Until time.Time
}

func credentialOf(c tokens.Credential) Credential {
	out := Credential{Token: c.Token, PrivateKey: c.PrivateKey, Until: c.Until()}
	if c.Certificate != "" {
		out.Certificate = []byte(c.Certificate)
	}
	return out
}

// Source gets a secret. It is called for the login and for each renewal, so that a secret that was replaced is found.
type Source func(ctx context.Context) (Secret, error)

// maxSecret bounds the file of a secret, in bytes. A token may have many claims.
const maxSecret = 64 << 10

// File returns the source of a secret in a file, such as a mounted Secret or the token of a ServiceAccount. A line end after
// it does not count.
func File(path string) Source {
	return func(ctx context.Context) (Secret, error) {
		text, err := bounded.File(ctx, path, maxSecret, bounded.Regular)
		return Secret(secret.Bare(string(text))), err
	}
}

// Text returns the source of a secret that the program has.
func Text(s Secret) Source {
	return func(context.Context) (Secret, error) { return s, nil }
}

// get calls the source. what is for the error.
func (s Source) get(ctx context.Context, what string) (Secret, error) {
	text, err := s(ctx)
	switch {
	case err != nil:
		return "", fmt.Errorf("get the %s: %w", what, err)
	case text == "":
		return "", errors.New("the " + what + " is empty")
	}
	return text, nil
}
