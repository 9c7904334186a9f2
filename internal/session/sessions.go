package session

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/lost"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Sessions are the user's sessions on this machine, with the login methods.
type Sessions struct {
	Env     *console.Env
	Store   *tokens.Store
	Methods []Method

	agreed sync.Map // IDs of sessions that this process may renew although their servers are not verified (Agree)
}

// Method returns the login method of a session. If the program does not know it, the error names the session's file: another method is
// never used instead.
func (s *Sessions) Method(of tokens.Session) (Method, error) {
	for _, m := range s.Methods {
		if m.Name() == of.Method {
			return m, nil
		}
	}
	return nil, failure.Hint(fmt.Errorf("%s was made by the login method %.40q, which this program does not know", s.Store.SessionPath(of.ID), of.Method),
		"A newer version may know it. To remove the session, type: %s", failure.LogoutCommand(of.Server, of.User))
}

// Command returns the command that logs in again.
func (s *Sessions) Command(of tokens.Session) string {
	m, err := s.Method(of)
	switch {
	case err == nil:
		return m.Command(of)
	case of.Method == "" && sso.CheckUser(of.User) != nil: // vCenter has no such name.
		return failure.ProviderCommand(of.Server)
	}
	return failure.LoginCommand(of.Server, of.User)
}

// Of returns the session of a credential. If it no longer exists, Of returns one with the server and user of the key, and with the method of all
// other sessions at that server, if they have one, else that of an issuer at which somebody logged in for it once: the login command for it must
// not lead a password to another service.
func (s *Sessions) Of(key tokens.Key) tokens.Session {
	found, ok, err := s.Store.FindSession(key)
	if err == nil && ok {
		return found
	}
	var others []string
	for _, other := range s.Store.SessionsAt(key.Server) {
		others = append(others, other.Method)
	}
	issuer := ""
	if site, known, err := s.Store.Site(key.Server); err == nil && known && site.Issuer != "" {
		issuer = byIssuer(s.Methods)
	}
	return tokens.Session{Server: key.Server, User: key.User, Method: lost.Method(others, issuer)}
}

// byIssuer returns the name of the method that logs in at an issuer, or "".
func byIssuer(methods []Method) string {
	for _, m := range methods {
		if _, ok := m.(Exchanger); ok {
			return m.Name()
		}
	}
	return ""
}

// Token returns the credential of key: from the store, renewed, or after a login if a person can be asked. With force it renews a valid
// credential too.
func (s *Sessions) Token(ctx context.Context, key tokens.Key, force bool) (tokens.Credential, error) {
	p := s.Provider(force)
	c, err := p.Get(ctx, key, force)
	var required *tokens.LoginRequiredError
	if errors.As(err, &required) {
		switch failed := resume(ctx, s, key, force); {
		case failed == nil:
			return p.Get(ctx, key, false)
		case !errors.Is(failed, ErrNobody):
			err = fmt.Errorf("the session of %s at %s has ended, and logging in did not succeed: %w", required.User, required.Server, failed)
		}
		of := s.Of(tokens.Key{Server: required.Server, User: required.User})
		err = fmt.Errorf("%w; type: %s", err, s.Command(of))
		if of.Method == "" { // A shared kubeconfig, or one after a logout: nobody knows whose password would be typed.
			err = failure.Either(err, "If %s logs in by the Supervisor's identity provider, type: %s. Its password is not for vCenter.", of.User, failure.ProviderCommand(of.Server))
		}
		return c, err
	}
	var failed *tokens.FailedError
	if errors.As(err, &failed) && !failed.Until.IsZero() {
		err = failure.Hint(err, "The server asks to wait. The next try is at %s at the earliest.", s.Env.Until(failed.Until))
	}
	var untrusted *trust.UntrustedError
	if errors.As(err, &untrusted) && !failure.Hinted(err) { // The flags that help are those of a login.
		err = failure.Hint(err, "%s\nLog in again with one of these flags: %s", safetext.Lines(failure.Untrusted(untrusted)), s.Command(s.Of(key)))
	}
	return c, err
}

// resume logs in again to the session of a credential.
func resume(ctx context.Context, s *Sessions, key tokens.Key, force bool) error {
	of, found, err := s.Store.FindSession(key)
	if err != nil || !found {
		return errors.Join(ErrNobody, err)
	}
	m, err := s.Method(of)
	if err != nil {
		return errors.Join(ErrNobody, err)
	}
	return m.Resume(ctx, s.renewal(of, key, force))
}

// renewal returns a renewal of a session's credential. A cluster without one is unknown if the Supervisor's own is good.
func (s *Sessions) renewal(of tokens.Session, key tokens.Key, force bool) Renewal {
	r := Renewal{Session: of, Key: key, Force: force}
	if _, found, err := s.Store.Credential(key); key.Cluster != "" && err == nil && !found {
		own, found, err := s.Store.Credential(tokens.Key{Server: key.Server, User: key.User})
		r.Unknown = err == nil && found && own.Good(s.Env.Now())
	}
	return r
}

// Provider returns a provider of credentials that renews each with its session's method.
func (s *Sessions) Provider(force bool) *tokens.Provider {
	p := s.ProviderBy(func(ctx context.Context, of tokens.Session, key tokens.Key) (tokens.Credential, error) {
		m, err := s.Method(of)
		if err != nil {
			return tokens.Credential{}, err
		}
		return m.Renew(ctx, s.renewal(of, key, force))
	})
	p.Wait = wire.Wait // A login is not kept back.
	return p
}

// ProviderBy returns a provider of credentials that renews with a given function.
func (s *Sessions) ProviderBy(renew tokens.Renew) *tokens.Provider {
	return &tokens.Provider{
		Store: s.Store, Renew: renew, Now: s.Env.Now,
		OwnLock: func(of tokens.Session) bool {
			m, err := s.Method(of)
			return err == nil && m.LocksAccount()
		},
		Outage:  func(err error) bool { return errors.Is(err, wire.ErrUnreachable) || errors.Is(err, wire.ErrServer) },
		Waiting: func(of tokens.Session) { SayWaiting(s.Env, of.User, of.Server) },
		Warn:    s.Env.Warn,
	}
}

// SayWaiting prints that another process renews the session.
func SayWaiting(e *console.Env, user, server string) {
	e.Tellf("Waiting for another process that renews the session of %s at %s …", user, server)
}

// LockAccount takes the lock of an account. It prints a line if another process holds it.
func (s *Sessions) LockAccount(ctx context.Context, of tokens.Session) (unlock func(), err error) {
	return s.Store.LockAccount(ctx, of.Account, func() { SayWaiting(s.Env, of.User, of.Server) }, s.Env.Warn)
}

// Ended returns the error of a session that needs a new login. needs is what a forced renewal needs. why is added, unless it is empty.
func Ended(r Renewal, needs, why string) *tokens.LoginRequiredError {
	reason := r.of()
	if r.Force && !r.Unknown {
		reason = fmt.Sprintf("a new token for %s at %s needs %s", r.Session.User, r.Session.Server, needs)
	}
	if why != "" {
		reason += ", and " + why
	}
	return &tokens.LoginRequiredError{Server: r.Session.Server, User: r.Session.User, Reason: reason}
}
