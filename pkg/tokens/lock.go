package tokens

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
)

// patience bounds the wait for a lock of the store. Its holder may be a person at a password prompt, so it is long; whoever waits
// says so.
const patience = 2 * time.Minute

// The names of locks and marks in accounts/. A file is called after the hash of its name, so a name is never changed: programs of
// two versions would no longer wait for each other.

// accountLock is held while something is done with an account at its identity service.
func accountLock(account string) string { return account }

// credentialLock is held while one credential of an account is renewed, where the account's lock is taken inside of that.
func credentialLock(account string, key Key) string {
	return account + " " + key.Cluster + " at " + key.Server
}

// loginLock is held by the one process that has a person log in.
func loginLock(account string) string { return account + " login" }

// failedMark keeps why a renewal of a credential failed, for those who waited for it.
func failedMark(key Key) string { return "failed " + key.ID() }

// LockAccount takes the lock of an account. It waits at most two minutes for another process that holds it (filelock.ErrBusy), and
// calls waiting once when there is one. Where there are no locks, two processes may renew at once: warn, if set, is told.
func (s *Store) LockAccount(ctx context.Context, account string, waiting func(), warn func(error)) (unlock func(), err error) {
	return s.lock(ctx, accountLock(account), waiting, warn)
}

// LockLogin takes the lock under which one process has a person log in to an account. It is as LockAccount otherwise.
func (s *Store) LockLogin(ctx context.Context, account string, waiting func(), warn func(error)) (unlock func(), err error) {
	return s.lock(ctx, loginLock(account), waiting, warn)
}

func (s *Store) lock(ctx context.Context, name string, waiting func(), warn func(error)) (unlock func(), err error) {
	path := filepath.Join(s.dir, accountsDir, hash(name)+".lock")
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
