package tokens

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockRetry is how often a taken lock is tried again: below what a person notices, above what costs anything.
	lockRetry = 50 * time.Millisecond
	// lockWait bounds the wait. The holder may be a person at a password prompt, so it is long; whoever waits says so.
	lockWait = 2 * time.Minute
)

// ErrBusy is a lock that somebody else did not give up.
var ErrBusy = errors.New("another process holds it for longer than 2 minutes")

// LockAccount takes the lock of an account until unlock is called or the process ends. When somebody else holds it,
// waiting is called once and the lock is tried until ctx ends, or for 2 minutes (ErrBusy). A place that has no locks, as
// some network file systems, or that cannot be written is no reason to fail: warn is told, and two processes may renew at
// once there.
func (s *Store) LockAccount(ctx context.Context, account string, waiting func(), warn func(error)) (unlock func(), err error) {
	path := filepath.Join(s.dir, accountsDir, hash(account)+".lock")
	none := func(err error) (func(), error) {
		if warn != nil {
			warn(fmt.Errorf("no lock on %s, so that two processes may renew at once: %w", path, err))
		}
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return none(err)
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	taken, err := lock.TryLock()
	if err == nil && !taken {
		if waiting != nil {
			waiting()
		}
		bounded, cancel := context.WithTimeoutCause(ctx, lockWait, ErrBusy)
		defer cancel()
		taken, err = lock.TryLockContext(bounded, lockRetry)
		if !taken && bounded.Err() != nil {
			return nil, fmt.Errorf("lock %s: %w", path, context.Cause(bounded))
		}
	}
	if err != nil || !taken {
		return none(err)
	}
	return func() { _ = lock.Unlock() }, nil
}
