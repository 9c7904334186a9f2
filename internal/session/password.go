package session

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// PasswordOptions are where a login gets the password, and whether it saves it.
type PasswordOptions struct {
	Stdin      bool     // read it from standard input
	Command    []string // a program with arguments that prints it
	CommandSet bool     // Command comes from the command line, even if empty; else the last login's command is used
	Save       bool     // save it in the keychain
	Forget     bool     // remove it from the keychain
	Force      bool     // send it even if it was just refused
	// Wait is how long to send a refused one again, for an account that is being created.
	Wait time.Duration
	// Held, if set, is the source of a password that the vCenter accepted in the same command. No other is asked.
	Held *secret.Source
}

// Username returns user. If it is empty, Username asks for it at the terminal, and check is asked about the answer.
func Username(ctx context.Context, e *console.Env, user string, check func(string) error) (string, error) {
	if user != "" {
		return user, nil
	}
	user, err := e.Prompter().Line(ctx, "Username: ")
	if err != nil {
		return "", failure.NoTerminal(err, "give the user name with -u")
	}
	if err := check(user); err != nil {
		return "", failure.Usagef("user name: %w", err)
	}
	return user, nil
}

// LoginSources returns where a login looks for the password. A flag is the only source. Without one they are the environment, the
// sources of the last login, and the terminal.
func LoginSources(e *console.Env, o PasswordOptions, last tokens.Session) ([]secret.Source, error) {
	switch {
	case o.Held != nil:
		return []secret.Source{*o.Held}, nil
	case o.Stdin:
		return []secret.Source{secret.Reader(e.In)}, nil
	case len(o.Command) > 0:
		return []secret.Source{e.PasswordCommand(o.Command, false)}, nil
	}
	if o.CommandSet { // An empty command removes the remembered one.
		last.PasswordCommand = nil
	}
	if o.Forget {
		last.Keychain = false
	}
	var sources []secret.Source
	named := NamedUser(e)
	another := named != "" && !last.Typed(named)
	switch {
	case e.Getenv(failure.PasswordVariable) == "":
	case another:
		sources = append(sources, variable(e, namesAnother))
	default:
		sources = append(sources, variable(e, ""))
	}
	sources = append(sources, rememberedSources(e, last, false)...)
	if e.Terminal != nil {
		sources = append(sources, secret.Source{Name: "the terminal", Kind: secret.Typed, Get: func(ctx context.Context) (redact.Secret, error) {
			return typePassword(ctx, e)
		}})
	}
	switch {
	case len(sources) == 0:
		return nil, failure.NoTerminal(secret.ErrNoTerminal, "set "+failure.PasswordVariable+", or see --password-command and --password-stdin")
	case len(sources) == 1 && another && sources[0].Name == failure.PasswordVariable:
		return nil, failure.NoTerminal(secret.ErrNoTerminal, failure.PasswordVariable+" is set, and "+namesAnother)
	}
	return sources, nil
}

// NamedUser returns the user that the environment names as the owner of its password, or "".
func NamedUser(e *console.Env) string {
	return secret.Bare(e.Getenv(failure.UsernameVariable))
}

const namesAnother = "it is not sent, since " + failure.UsernameVariable + " names another user"

// variable returns the source of the environment's password; why is the reason if it must not be sent.
func variable(e *console.Env, why string) secret.Source {
	if why != "" {
		return withheld(failure.PasswordVariable, why)
	}
	return secret.Variable(failure.PasswordVariable, e.Getenv)
}

// typePassword asks for the password in the words of VMware's plugin, which scripts wait for.
func typePassword(ctx context.Context, e *console.Env) (redact.Secret, error) {
	if e.Getenv(failure.PasswordVariable) == "" {
		e.Tellf("%s environment variable is not set. Please enter the password below", failure.PasswordVariable)
	}
	return e.Prompter().Password(ctx, "Password: ")
}

// rememberedSources returns the sources that a login recorded in the session. If the server is not verified, anybody could answer at its
// address. Then these sources give no password: only a person may send one. A quiet command shows nothing if it succeeds.
func rememberedSources(e *console.Env, s tokens.Session, quiet bool) []secret.Source {
	var sources []secret.Source
	if len(s.PasswordCommand) > 0 {
		sources = append(sources, e.PasswordCommand(s.PasswordCommand, quiet))
	}
	if s.Keychain {
		sources = append(sources, secret.Keychain(s.KeychainEntry()))
	}
	if s.Trust.Mode != trust.Insecure {
		return sources
	}
	for i, source := range sources {
		sources[i] = withheld(source.Name, notVerified)
	}
	return sources
}

// withheld returns a source that gives no password, for a reason.
func withheld(name, why string) secret.Source {
	return secret.Source{Name: name, Kind: secret.Given, Get: func(context.Context) (redact.Secret, error) {
		return "", &secret.NoneError{Source: name, Reason: why}
	}}
}

const notVerified = "it is not asked, since the server's certificate is not verified"

// RenewalSources returns where a renewal looks for the password of a session. question is the prompt.
func (s *Sessions) RenewalSources(of tokens.Session, question string) []secret.Source {
	var sources []secret.Source
	if s.Env.Getenv(failure.PasswordVariable) != "" {
		why := whyNotFor(s, of)
		if of.Trust.Mode == trust.Insecure {
			why = notVerified
		}
		sources = append(sources, variable(s.Env, why))
	}
	sources = append(sources, rememberedSources(s.Env, of, true)...)
	if s.Env.MayAsk() {
		sources = append(sources, s.Env.Prompter().Terminal(question))
	}
	return sources
}

// whyNotFor returns why the password in the environment is not sent for a session; empty: it is sent. The password could belong to each
// session of the user that the environment names, or to any session if it names none. It is sent if all of these send their passwords to
// the same place. A session that cannot be read could be any. Users are compared by the name that they type, not by what an issuer calls
// them: an issuer does not decide whose password this is.
func whyNotFor(s *Sessions, of tokens.Session) string {
	user := NamedUser(s.Env)
	if user != "" && !of.Typed(user) {
		return namesAnother
	}
	all, unreadable := s.Store.Sessions()
	for _, other := range all {
		if (user == "" || other.Typed(user)) && !sendsTo(s, other, of) {
			return fmt.Sprintf("it is not sent, since it may be that of %s at %s; set %s to its user", other.LoginName(), other.Server, failure.UsernameVariable)
		}
	}
	if len(unreadable) > 0 {
		return "it is not sent, since a session in the store cannot be read, and it may be of that one"
	}
	return ""
}

// sendsTo reports whether the password of a session goes to the server of another one too. Two vCenters may have a user of the same name,
// and what a server's token says of its issuer is worth nothing. What counts is the session whose password it may be: its own Supervisor
// has named the other one's server as a control plane host, and its login has sent the password there, verified by the same CA.
func sendsTo(s *Sessions, session, of tokens.Session) bool {
	switch {
	case tokens.Fold(session.User) != tokens.Fold(of.User) || !session.Typed(of.LoginName()), session.Method != of.Method:
		return false
	case session.Server == of.Server:
		return true
	}
	if m, err := s.Method(of); err == nil {
		if _, vCenter := m.(PasswordSender); !vCenter {
			return session.Account == of.Account && session.Trust.Same(of.Trust) && sameIssuerCA(m, session, of) // The issuer gets it.
		}
	}
	return GroundOf(session).CoversServer(of.Server) && session.Trust.SameFor(of.Trust, trust.ServerOf(of.Server))
}

// sameIssuerCA reports whether two sessions of a method verify their issuer by the same CA. A Supervisor can name the issuer of another
// one: with a CA of its own, somebody in between could answer for that.
func sameIssuerCA(m Method, a, b tokens.Session) bool {
	x, errX := m.Facts(a)
	y, errY := m.Facts(b)
	return errX == nil && errY == nil && trust.SameCAs(x.IssuerCA, y.IssuerCA)
}

// Guard returns the guard of an account of a user, for a renewal. Every password is sent through it.
func (s *Sessions) Guard(account, user string) *secret.Guard {
	return newGuard(s, account, secret.UserName(user), user)
}

// ClientGuard returns the guard of a client of an issuer, which logs in as itself.
func ClientGuard(s *Sessions, issuer, client string) *secret.Guard {
	name := issuer + " client " + client
	return newGuard(s, name, "refusals of "+name, client)
}

// lookAgain is the time between two looks at what other processes have under way.
const lookAgain = 200 * time.Millisecond

// newGuard returns a guard that locks and remembers under a name; who is for messages.
func newGuard(s *Sessions, account, name, who string) *secret.Guard {
	var once sync.Once
	waiting := func() {
		once.Do(func() { s.Env.Tellf("Waiting for another process that sends a password of %s …", who) })
	}
	return &secret.Guard{
		Marks: s.Store, Account: account, Name: name, Now: s.Env.Now, Uptime: s.Env.Uptime, Parent: secret.ParentProcess(), Warn: s.Env.Warn,
		LockName: func(ctx context.Context) (func(), error) { return s.Store.LockAccount(ctx, name, waiting, s.Env.Warn) },
		Wait: func(ctx context.Context) error {
			waiting()
			select {
			case <-ctx.Done():
			case <-time.After(lookAgain):
			}
			return ctx.Err()
		},
	}
}

// Commanded makes a guard that of a command about the session, and no renewal. With a terminal a person typed the command: a script has
// none.
func Commanded(e *console.Env, guard *secret.Guard, force bool) *secret.Guard {
	guard.Explicit, guard.Person, guard.Force = true, e.Terminal != nil, force
	return guard
}

// Patient has a guard send a refused password again for a while, at times that the guard chooses. Nothing is locked in between.
func Patient(e *console.Env, guard *secret.Guard, wait time.Duration) {
	if wait == 0 {
		return
	}
	until := e.Now().Add(wait)
	guard.Later = func(ctx context.Context, d time.Duration) error {
		if e.Now().Add(d).After(until) {
			return secret.ErrTooLate
		}
		e.Tellf("The password was refused. In case the account is new, it is sent again in %s …", console.Span(d.Round(time.Second)))
		return console.Sleep(ctx, e, d)
	}
}

// SavePassword saves the password in the keychain and notes that in the session. If that fails, it prints a warning: the login is valid
// without it.
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

// ForgetPassword removes the session's password from the keychain.
func (s *Sessions) ForgetPassword(ctx context.Context, of tokens.Session) {
	if err := secret.ForgetInKeychain(ctx, of.KeychainEntry()); err != nil {
		s.Env.Warn(err)
	}
}
