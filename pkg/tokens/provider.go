package tokens

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Renew returns a fresh credential of key for the session. It runs under the account's lock, or that of the credential. The error
// is a *LoginRequiredError when only a person at a terminal can help.
type Renew func(ctx context.Context, s Session, key Key) (Credential, error)

// LoginRequiredError is a credential that cannot be had without a login.
type LoginRequiredError struct {
	Server string // what to log in to
	User   string
	Reason string // why, in words
	Err    error  // the cause, if there is one
}

// Error gives the reason, without the command to type: the caller words that.
func (e *LoginRequiredError) Error() string { return e.Reason }

// Unwrap gives the cause.
func (e *LoginRequiredError) Unwrap() error { return e.Err }

// Provider hands out credentials: from the store, or renewed. Functions but Renew and Now may be nil.
type Provider struct {
	Store *Store
	Renew Renew
	Now   func() time.Time
	// OwnLock reports whether the method of a session takes the account's lock itself, inside of Renew. Then only the credential
	// is locked around that.
	OwnLock func(Session) bool
	// Outage reports whether an error is a failure of the server, which everybody who waits for the same credential shares.
	Outage  func(error) bool
	Waiting func(Session)   // called when another process renews for the same account
	Warn    func(err error) // called when a fresh credential could not be kept, or where there are no locks
}

// Get returns a good credential of key. With force it is renewed even when the stored one is good. However many processes ask at
// once, one of them renews: the others wait for its lock, and find the result or its failure (*FailedError).
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
	began := p.Now()
	unlock, err := p.lock(ctx, session, key)
	if err != nil {
		return Credential{}, err
	}
	defer unlock()
	// Somebody may have logged out meanwhile.
	if session, err = p.session(key); err != nil {
		return Credential{}, err
	}
	again, found, err := p.Store.Credential(key)
	if err != nil {
		return Credential{}, err
	}
	// A caller that waited for the lock takes what its holder got, even when told to force a renewal.
	if found && again.Good(p.Now()) && (!force || again.Token != stored.Token || again.Certificate != stored.Certificate) {
		return again, nil
	}
	if err := p.failed(key, began); err != nil {
		return Credential{}, err
	}
	fresh, err := p.renew(ctx, session, key)
	p.tell(key, err)
	return fresh, err
}

// lock takes the account's lock, or that of the credential alone.
func (p *Provider) lock(ctx context.Context, session Session, key Key) (unlock func(), err error) {
	name := accountLock(session.Account)
	if p.OwnLock != nil && p.OwnLock(session) {
		name = credentialLock(session.Account, key)
	}
	return p.Store.lock(ctx, name, func() {
		if p.Waiting != nil {
			p.Waiting(session)
		}
	}, p.Warn)
}

// session is the one that key belongs to.
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
		// The credential is good all the same; the next call pays for another one.
		p.Warn(fmt.Errorf("the new token could not be kept: %w", err))
	}
	// A logout waits for nobody. What was saved after it is removed, too.
	if _, known, err := p.Store.FindSession(key); err == nil && !known {
		return Credential{}, errors.Join(notLoggedIn(key), p.Store.DeleteSession(session.ID), p.Store.DeleteCredential(key))
	}
	return fresh, nil
}

// Due lists the credentials of a session that are worth renewing while a password is at hand: more than half of their
// life is over.
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
