package session

import (
	"context"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// PasswordOptions say where a login looks for the password, and what it keeps of it.
type PasswordOptions struct {
	Stdin      bool
	Command    []string // a program with arguments that prints it
	CommandSet bool     // Command is what was asked for, also when empty; else that of the last login is taken
	Save       bool     // into the keychain
	Forget     bool     // out of the keychain
	Force      bool     // a refused password is sent again
}

// Username asks for the user name when it is missing.
func Username(ctx context.Context, e *console.Env, user string) (string, error) {
	if user != "" {
		return user, nil
	}
	user, err := e.Prompter().Line(ctx, "Username: ")
	if err != nil {
		return "", failure.NoTerminal(err, "give the user name with -u")
	}
	if err := sso.CheckUser(user); err != nil {
		return "", failure.Usagef("user name: %w", err)
	}
	return user, nil
}

// LoginSources are where a login looks for the password: where a flag says and nowhere else; or in the environment, where the last
// session has it, and at the terminal.
func LoginSources(e *console.Env, o PasswordOptions, last tokens.Session) ([]secret.Source, error) {
	switch {
	case o.Stdin:
		return []secret.Source{secret.Reader(e.In)}, nil
	case len(o.Command) > 0:
		return []secret.Source{e.PasswordCommand(o.Command)}, nil
	}
	if o.CommandSet { // This login takes it away.
		last.PasswordCommand = nil
	}
	if o.Forget {
		last.Keychain = false
	}
	var sources []secret.Source
	if named := e.Getenv(failure.UsernameVariable); e.Getenv(failure.PasswordVariable) != "" && (named == "" || tokens.Fold(named) == tokens.Fold(last.User)) {
		sources = append(sources, secret.Variable(failure.PasswordVariable, e.Getenv))
	}
	sources = append(sources, remembered(e, last)...)
	if e.Terminal != nil {
		sources = append(sources, secret.Source{Name: "the terminal", Kind: secret.Typed, Get: func(ctx context.Context) (redact.Secret, error) {
			return typePassword(ctx, e)
		}})
	}
	if len(sources) == 0 {
		return nil, failure.NoTerminal(secret.ErrNoTerminal, "set "+failure.PasswordVariable+", or see --password-command and --password-stdin")
	}
	return sources, nil
}

// typePassword asks in the words of VMware's plugin, which scripts wait for.
func typePassword(ctx context.Context, e *console.Env) (redact.Secret, error) {
	if e.Getenv(failure.PasswordVariable) == "" {
		e.Tellf("%s environment variable is not set. Please enter the password below", failure.PasswordVariable)
	}
	return e.Prompter().Password(ctx, "Password: ")
}

// remembered are the sources that a login left in the session. Whoever answers at an address without trust gets what is sent
// there, so nothing is sent unattended.
func remembered(e *console.Env, s tokens.Session) []secret.Source {
	var sources []secret.Source
	if len(s.PasswordCommand) > 0 {
		sources = append(sources, e.PasswordCommand(s.PasswordCommand))
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

// RenewalSources are where a renewal looks for the password of a session that has ended.
func (s *Sessions) RenewalSources(of tokens.Session, question string) []secret.Source {
	var sources []secret.Source
	if s.Env.Getenv(failure.PasswordVariable) != "" && s.passwordIsFor(of) {
		source := secret.Variable(failure.PasswordVariable, s.Env.Getenv)
		if of.Trust.Mode == trust.Insecure {
			source = withheld(failure.PasswordVariable)
		}
		sources = append(sources, source)
	}
	sources = append(sources, remembered(s.Env, of)...)
	if s.Env.MayAsk() {
		sources = append(sources, s.Env.Prompter().Terminal(question))
	}
	return sources
}

// passwordIsFor reports whether the variable's password is this session's: the user is named beside it and has one account here, or
// there is no other account.
func (s *Sessions) passwordIsFor(of tokens.Session) bool {
	user := s.Env.Getenv(failure.UsernameVariable)
	if user != "" && tokens.Fold(user) != tokens.Fold(of.User) {
		return false
	}
	all, unreadable := s.Store.Sessions()
	for _, other := range all { // A name may stand for accounts of two vCenters.
		if other.Account != of.Account && (user == "" || tokens.Fold(other.User) == tokens.Fold(user)) {
			return false
		}
	}
	return user != "" || len(unreadable) == 0
}

// Guard is what every password goes through.
func (s *Sessions) Guard(account, user string) *secret.Guard {
	return &secret.Guard{
		Marks: s.Store, Account: account, Name: "user " + tokens.Fold(user), Now: s.Env.Now, Parent: secret.ParentProcess(), Warn: s.Env.Warn,
	}
}

// SavePassword puts the password into the keychain. Without one the login is good all the same.
func (s *Sessions) SavePassword(ctx context.Context, of tokens.Session, password redact.Secret) tokens.Session {
	err := secret.SaveInKeychain(ctx, of.KeychainEntry(), password)
	if err == nil {
		of.Keychain = true
		of, err = s.Store.SaveSession(of)
	}
	if err != nil {
		s.Env.Tellf("warning: the password is not saved: %v", err)
	}
	return of
}

// ForgetPassword takes the session's password out of the keychain.
func (s *Sessions) ForgetPassword(ctx context.Context, of tokens.Session) {
	if err := secret.ForgetInKeychain(ctx, of.KeychainEntry()); err != nil {
		s.Env.Warn(err)
	}
}
