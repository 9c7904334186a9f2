package tokens

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Renew returns a fresh credential of key for the session. The caller holds the account's lock, or that of the credential. The error is a
// *LoginRequiredError if only a login can help.
type Renew func(ctx context.Context, s Session, key Key) (Credential, error)

// LoginRequiredError is the error for a credential that needs a login.
type LoginRequiredError struct {
	Server string // the Supervisor to log in to
	User   string
	Reason string // error text
	Err    error  // the cause; may be nil
}

// Error returns the reason. It names no command: the caller adds that.
func (e *LoginRequiredError) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *LoginRequiredError) Unwrap() error { return e.Err }

// Provider gives out credentials, from the store or renewed. All functions except Renew and Now may be nil.
type Provider struct {
	Store *Store
	Renew Renew
	Now   func() time.Time
	// OwnLock reports whether Renew takes the account's lock itself for a session. Then Get locks only the credential.
	OwnLock func(Session) bool
	// Outage reports whether an error is a failure of the server. Other processes that wait for the same credential get that error too.
	Outage func(error) bool
	// Wait returns how long the server that gave an error asks to wait, 0 if it does not. A minute of it is obeyed.
	Wait    func(error) time.Duration
	Waiting func(Session)   // called if another process renews a credential of the same account
	Warn    func(err error) // called if a fresh credential could not be saved, or if the file system has no locks
}

// Get returns a valid credential of key, which may spell the user in another way than its session. With force it renews a valid one too.
// If several processes need the credential, one renews it: the others wait for its lock, and get the result or its failure (*FailedError).
// That is also the error while the server asks to wait.
func (p *Provider) Get(ctx context.Context, key Key, force bool) (Credential, error) {
	stored, found, err := p.Store.Credential(key)
	if err != nil {
		return Credential{}, err
	}
	if found && !force && stored.Good(p.Now()) {
		return stored, nil
	}
	session, err := p.session(key)
	if err != nil {
		return Credential{}, err
	}
	if own := session.Own(key); !own.Same(key) {
		return p.Get(ctx, own, force)
	}
	began := p.Now()
	unlock, err := p.lock(ctx, session, key)
	if err != nil {
		return Credential{}, err
	}
	defer unlock()
	// The user may have logged out meanwhile.
	if session, err = p.session(key); err != nil {
		return Credential{}, err
	}
	current, found, err := p.Store.Credential(key)
	if err != nil {
		return Credential{}, err
	}
	// A process that waited for the lock uses the new credential of its holder, also with force.
	if found && current.Good(p.Now()) && (!force || !current.same(stored)) {
		return current, nil
	}
	if err := p.failed(key, began, force); err != nil {
		return Credential{}, err
	}
	fresh, err := p.renew(ctx, session, key)
	p.record(session, key, err)
	return fresh, err
}

// same reports whether two credentials are one.
func (c Credential) same(other Credential) bool {
	return c.Token == other.Token && c.Certificate == other.Certificate
}

func (p *Provider) ownLock(s Session) bool { return p.OwnLock != nil && p.OwnLock(s) }

// lock takes the account's lock, or that of the credential alone.
func (p *Provider) lock(ctx context.Context, session Session, key Key) (unlock func(), err error) {
	name := accountLock(session.Account)
	if p.ownLock(session) {
		name = credentialLock(session.Account, key)
	}
	return p.Store.lock(ctx, name, func() {
		if p.Waiting != nil {
			p.Waiting(session)
		}
	}, p.Warn)
}

// session returns the session of key. The error is a *LoginRequiredError if key has no session.
func (p *Provider) session(key Key) (Session, error) {
	session, known, err := p.Store.FindSession(key)
	if err == nil && !known {
		err = notLoggedIn(key)
	}
	return session, err
}

func notLoggedIn(key Key) error {
	return &LoginRequiredError{Server: key.Server, User: key.User, Reason: fmt.Sprintf("%s is not logged in to %s", key.User, key.Server)}
}

// renew gets a fresh credential and saves it. The caller holds the lock.
func (p *Provider) renew(ctx context.Context, session Session, key Key) (Credential, error) {
	fresh, err := p.Renew(ctx, session, key)
	if err != nil {
		return Credential{}, err
	}
	fresh.Session = session.ID
	if err := p.Store.SaveCredential(fresh); err != nil && p.Warn != nil {
		// The credential is valid, but the next call must renew again.
		p.Warn(fmt.Errorf("the new token could not be kept: %w", err))
	}
	// Logout does not wait for long. A credential that was saved after it is removed here.
	if _, known, err := p.Store.FindSession(key); err == nil && !known {
		return Credential{}, errors.Join(notLoggedIn(key), p.Store.DeleteSession(session.ID), p.Store.DeleteCredential(key))
	}
	return fresh, nil
}

// Due returns the keys of a session's credentials with more than half of their lifetime over. A caller with a password can renew them too.
func (s *Store) Due(session Session, now time.Time) []Key {
	var due []Key
	all, _ := s.Credentials()
	for _, c := range all {
		if c.Session == session.ID && c.Aging(now) {
			due = append(due, c.Key)
		}
	}
	return due
}
