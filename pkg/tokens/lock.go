package tokens

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockRetry is how often a taken lock is tried again: below what a person notices, above what costs anything.
const lockRetry = 50 * time.Millisecond

// LockAccount takes the lock of an account until unlock is called or the process ends. When somebody else holds it,
// waiting is called once and the lock is tried until ctx ends.
func (s *Store) LockAccount(ctx context.Context, account string, waiting func()) (unlock func(), err error) {
	dir := filepath.Join(s.dir, accountsDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, hash(account)+".lock"), flock.SetPermissions(0o600))
	taken, err := lock.TryLock()
	if err == nil && !taken {
		if waiting != nil {
			waiting()
		}
		taken, err = lock.TryLockContext(ctx, lockRetry)
	}
	if err == nil && !taken {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	return func() { _ = lock.Unlock() }, nil
}
