package secret

import (
	"context"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// service is the name under which the keychain of the operating system shows our entries: macOS Keychain, Windows Credential
// Manager, or the Secret Service of the desktop on Linux.
const service = "kubectl-vsphere"

// Keychain returns a source that reads the saved password of the account.
func Keychain(account string) Source {
	const name = "the keychain"
	return Source{Name: name, Kind: Fetched, Get: func(ctx context.Context) (redact.Secret, error) {
		password, err := within(ctx, func() (string, error) { return keyring.Get(service, account) })
		switch {
		case errors.Is(err, keyring.ErrNotFound):
			return "", &NoneError{name, "it holds no password for this account"}
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil:
			return "", &NoneError{name, err.Error()}
		}
		secret, err := clean([]byte(password)) // Other programs may write the entry too.
		if err != nil {
			return "", &NoneError{name, err.Error()}
		}
		return secret, nil
	}}
}

// SaveInKeychain saves the password of an account. It fails without a keychain, when that is locked, or when the
// password is too big for it.
func SaveInKeychain(ctx context.Context, account string, password redact.Secret) error {
	_, err := within(ctx, func() (string, error) { return "", keyring.Set(service, account, password.Reveal()) })
	if err != nil {
		return fmt.Errorf("the keychain does not take the password: %w", err)
	}
	return nil
}

// ForgetInKeychain removes the password of an account, if there is one.
func ForgetInKeychain(ctx context.Context, account string) error {
	_, err := within(ctx, func() (string, error) { return "", keyring.Delete(service, account) })
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return fmt.Errorf("the keychain does not give up the password: %w", err)
	}
	return nil
}

// within waits for a call of the keychain, which may ask the user to unlock it, as long as for a password command.
func within(ctx context.Context, call func() (string, error)) (string, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, commandTime, fmt.Errorf("no answer within %s", duration.Text(commandTime)))
	defer cancel()
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := call()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-bounded.Done():
		return "", context.Cause(bounded)
	}
}
