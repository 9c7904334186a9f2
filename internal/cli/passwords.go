package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const (
	passwordVariable = "KUBECTL_VSPHERE_PASSWORD" //nolint:gosec // The name of a variable.
	usernameVariable = "KUBECTL_VSPHERE_USERNAME"
)

// username asks for the user name when it is missing.
func (a *App) username(ctx context.Context, user string) (string, error) {
	if user != "" {
		return user, nil
	}
	user, err := a.prompter().Line(ctx, "Username: ")
	if err != nil {
		return "", noTerminal(err, "give the user name with -u")
	}
	if err := sso.CheckUser(user); err != nil {
		return "", usagef("user name: %w", err)
	}
	return user, nil
}

// loginSources are where a login looks for the password: where a flag says and nowhere else, or in the environment, where the
// session has it, and at the terminal.
func (a *App) loginSources(o loginOptions, last tokens.Session) ([]secret.Source, error) {
	switch {
	case o.passwordStdin:
		return []secret.Source{secret.Reader(a.In)}, nil
	case len(o.passwordCommand) > 0:
		return []secret.Source{secret.Command(o.passwordCommand, a.ErrOut)}, nil
	}
	if o.commandGiven { // It is taken away by this login.
		last.PasswordCommand = nil
	}
	if o.forgetKeychain {
		last.Keychain = false
	}
	var sources []secret.Source
	if named := a.Getenv(usernameVariable); a.Getenv(passwordVariable) != "" && (named == "" || tokens.Fold(named) == tokens.Fold(last.User)) {
		sources = append(sources, secret.Variable(passwordVariable, a.Getenv))
	}
	sources = append(sources, a.remembered(last)...)
	if a.Terminal != nil {
		sources = append(sources, secret.Source{Name: "the terminal", Kind: secret.Typed, Get: a.typePassword})
	}
	if len(sources) == 0 {
		return nil, noTerminal(secret.ErrNoTerminal, "set "+passwordVariable+", or see --password-command and --password-stdin")
	}
	return sources, nil
}

// typePassword asks in the words of VMware's plugin, which scripts wait for.
func (a *App) typePassword(ctx context.Context) (redact.Secret, error) {
	if a.Getenv(passwordVariable) == "" {
		fmt.Fprintln(a.ErrOut, passwordVariable+" environment variable is not set. Please enter the password below")
	}
	return a.prompter().Password(ctx, "Password: ")
}

// remembered are the sources that a login left in the session. Whoever answers at an address without trust gets what is sent
// there, so nothing is sent unattended.
func (a *App) remembered(s tokens.Session) []secret.Source {
	var sources []secret.Source
	if len(s.PasswordCommand) > 0 {
		sources = append(sources, secret.Command(s.PasswordCommand, a.ErrOut))
	}
	if s.Keychain {
		sources = append(sources, secret.Keychain(s.KeychainEntry()))
	}
	if s.Trust.Mode != trust.Insecure {
		return sources
	}
	for i, source := range sources {
		sources[i] = withheld(source.Name)
	}
	return sources
}

// withheld is a source that is not asked, since the server is not trusted.
func withheld(name string) secret.Source {
	return secret.Source{Name: name, Kind: secret.Given, Get: func(context.Context) (redact.Secret, error) {
		return "", &secret.NoneError{Source: name, Reason: "it is not asked, since the server's certificate is not verified"}
	}}
}

// renewalSources are where get-token looks for the password of a session that has ended.
func (a *App) renewalSources(store *tokens.Store, s tokens.Session, question string) []secret.Source {
	var sources []secret.Source
	if a.Getenv(passwordVariable) != "" && a.passwordIsFor(store, s) {
		source := secret.Variable(passwordVariable, a.Getenv)
		if s.Trust.Mode == trust.Insecure {
			source = withheld(passwordVariable)
		}
		sources = append(sources, source)
	}
	sources = append(sources, a.remembered(s)...)
	if a.mayAsk() {
		sources = append(sources, a.prompter().Terminal(question))
	}
	return sources
}

// passwordIsFor tells whether the variable's password is this session's: the user is named beside it and has one account here, or
// there is no other account.
func (a *App) passwordIsFor(store *tokens.Store, s tokens.Session) bool {
	user := a.Getenv(usernameVariable)
	if user != "" && tokens.Fold(user) != tokens.Fold(s.User) {
		return false
	}
	all, unreadable := store.Sessions()
	for _, other := range all { // A name may stand for accounts of two vCenters.
		if other.Account != s.Account && (user == "" || tokens.Fold(other.User) == tokens.Fold(user)) {
			return false
		}
	}
	return user != "" || len(unreadable) == 0
}

// mayAsk tells whether there is somebody to ask: client-go says so, or a person runs the command by hand.
func (a *App) mayAsk() bool {
	if a.Terminal == nil || a.Getenv(interactiveVariable) == "never" {
		return false
	}
	info, err := credfile.ParseExecInfo(a.Getenv(credfile.ExecInfoVariable))
	return err == nil && (info.Interactive || !info.Asked)
}

// guard is what every password goes through.
func (a *App) guard(store *tokens.Store, account, user string) *secret.Guard {
	return &secret.Guard{
		Marks: store, Account: account, Name: "user " + tokens.Fold(user), Now: a.Now, Parent: secret.ParentProcess(),
		Warn: func(err error) { fmt.Fprintf(a.ErrOut, "warning: %v\n", err) },
	}
}

func (a *App) prompter() secret.Prompter {
	return secret.Prompter{In: a.Terminal, Out: a.ErrOut, Unread: &a.unread}
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
