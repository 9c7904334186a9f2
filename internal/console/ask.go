package console

import (
	"context"
	"errors"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// With these variables, a program that runs this one limits the use of the terminal.
const (
	// interactiveVariable forbids get-token to ask, with the value "never".
	interactiveVariable = "KUBECTL_VSPHERE_INTERACTIVE"
	// printURLVariable forbids to print addresses, with the value "never": the other program draws on the terminal.
	printURLVariable = "KUBECTL_VSPHERE_PRINT_URL"
)

// Prompter returns a prompter for the terminal. It prints questions to standard error, since standard output is the command's result.
func (e *Env) Prompter() secret.Prompter {
	if e.unread == nil {
		e.unread = new(secret.Unread)
	}
	return secret.Prompter{In: e.Terminal, Out: Prose(e.ErrOut), Unread: e.unread}
}

// PasswordCommand is a program that prints a password. What else it says goes to standard error; if it is quiet, only when it fails, or
// when a person seems to be waited for.
func (e *Env) PasswordCommand(argv []string, quiet bool) secret.Source {
	return secret.Command(argv, secret.Notes{To: e.ErrOut, Quiet: quiet, Person: e.MayAsk()})
}

// Confirm asks a yes-or-no question and reports whether the answer is yes. Any answer but y or yes is a no. What was typed before the
// question does not count.
func (e *Env) Confirm(ctx context.Context, question string) (bool, error) {
	answer, err := e.Prompter().Fresh(ctx, question+" [y/N] ")
	if errors.Is(err, secret.ErrEmpty) {
		return false, nil
	}
	return err == nil && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")), err
}

// MayAsk reports whether get-token may ask a person: client-go says so, or a person runs the command by hand.
func (e *Env) MayAsk() bool {
	if e.Terminal == nil || e.Getenv(interactiveVariable) == "never" {
		return false
	}
	info, err := credfile.ParseExecInfo(e.Getenv(credfile.ExecInfoVariable))
	return err == nil && (info.Interactive || !info.Asked)
}

// Drawn reports whether another program draws on the terminal. Then addresses must not be printed there.
func (e *Env) Drawn() bool { return e.Getenv(printURLVariable) == "never" }
