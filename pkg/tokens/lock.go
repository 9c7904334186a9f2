package tokens

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
)

// patience bounds the wait for a lock of the store. It is long, since a person at a password prompt may hold the lock.
const patience = 2 * time.Minute

// The names of locks and marks in accounts/. A file name is the hash of such a name. Never change one: two versions of the program would
// no longer wait for each other.

// accountLock is held while something is done with an account at its identity service.
func accountLock(account string) string { return account }

// credentialLock is held while one credential is renewed, if the renewal itself takes the account's lock.
func credentialLock(account string, key Key) string {
	return account + " " + key.Cluster + " at " + key.Server
}

// loginLock is held by the one process that logs a person in.
func loginLock(account string) string { return account + " login" }

// failedMark records why a renewal of a credential failed, for waiting processes.
func failedMark(key Key) string { return "failed " + key.ID() }

// siteLock is held while the file of a site is changed.
func siteLock(server string) string { return "site " + server }

// siteNamesLock is held while a site gets a name. Whoever holds it may take the lock of that site.
const siteNamesLock = "names of sites"

// LockAccount takes the lock of an account. If another process holds it, LockAccount calls waiting once and waits for at most two minutes;
// then the error is filelock.ErrBusy. If the file system has no locks, it calls warn, which may be nil, and returns without a lock.
func (s *Store) LockAccount(ctx context.Context, account string, waiting func(), warn func(error)) (unlock func(), err error) {
	return s.lock(ctx, accountLock(account), waiting, warn)
}

// LockLogin takes the lock of the one process that logs a person in to an account. Otherwise it works as LockAccount.
func (s *Store) LockLogin(ctx context.Context, account string, waiting func(), warn func(error)) (unlock func(), err error) {
	return s.lock(ctx, loginLock(account), waiting, warn)
}

func (s *Store) lock(ctx context.Context, name string, waiting func(), warn func(error)) (unlock func(), err error) {
	path := s.lockPath(name)
	return filelock.Take(ctx, path, filelock.Options{
		Patience: patience,
		Waiting:  waiting,
		Unlocked: func(err error) {
			if warn != nil {
				warn(fmt.Errorf("no lock on %s, so that two processes may renew at once: %w", path, err))
			}
		},
	})
}

func (s *Store) lockPath(name string) string {
	return filepath.Join(s.dir, accountsDir, hash(name)+".lock")
}
