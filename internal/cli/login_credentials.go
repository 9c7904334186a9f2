package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

const passwordVariable = "KUBECTL_VSPHERE_PASSWORD" //nolint:gosec // The name of a variable.

// credentials asks for what is missing: the user name, and the password unless the environment holds it.
func (a *App) credentials(ctx context.Context, user string) (string, redact.Secret, error) {
	prompter := a.prompter()
	if user == "" {
		var err error
		if user, err = prompter.Line(ctx, "Username: "); err != nil {
			return "", "", noTerminal(err, "give the user name with -u")
		}
		if err := sso.CheckUser(user); err != nil {
			return "", "", usagef("user name: %w", err)
		}
	}
	if password := a.Getenv(passwordVariable); password != "" {
		return user, redact.Secret(password), nil
	}
	if a.Terminal == nil {
		return "", "", noTerminal(secret.ErrNoTerminal, "set "+passwordVariable)
	}
	fmt.Fprintln(a.ErrOut, passwordVariable+" environment variable is not set. Please enter the password below")
	password, err := prompter.Password(ctx, "Password: ")
	return user, password, noTerminal(err, "set "+passwordVariable)
}

func (a *App) prompter() secret.Prompter {
	return secret.Prompter{In: a.Terminal, Out: a.ErrOut}
}

// noTerminal words the prompt's errors; nil stays nil.
func noTerminal(err error, remedy string) error {
	switch {
	case errors.Is(err, secret.ErrNoTerminal):
		return usagef("there is no terminal to ask on: %s", remedy)
	case errors.Is(err, secret.ErrEmpty):
		return errors.New("nothing was typed, so nothing was sent")
	}
	return err
}
