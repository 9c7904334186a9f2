// Package filelock takes locks between processes, and waits for them as long as the caller wants.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
)

// retry is how often a taken lock is tried again: below what a person notices, above what costs anything.
const retry = 20 * time.Millisecond

// ErrBusy is a lock that somebody else did not give up in time.
var ErrBusy = errors.New("another process holds it")

// Options say how a lock is waited for. Functions may be nil.
type Options struct {
	Patience time.Duration // how long to wait for another process that holds the lock; 0: not at all
	Waiting  func()        // called once, when another process holds the lock
	Unlocked func(error)   // called with the reason when nothing could be locked
}

// Take takes the exclusive lock of the file at path until unlock is called or the process ends. It makes the file (0600) and its
// directory (0700). When another process holds the lock, Take waits until ctx ends (its cause), or for o.Patience (ErrBusy).
// A place without locks, as some network file systems are, or one that cannot be written, is no error: o.Unlocked is called, and
// nothing is locked.
func Take(ctx context.Context, path string, o Options) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		o.unlocked(err)
		return func() {}, nil
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	var taken bool
	err = disk.Do("lock", path, func() error { // It may make the file.
		taken, err = lock.TryLock()
		return err
	})
	if err == nil && !taken {
		if taken, err = o.wait(ctx, lock); !taken && err == nil {
			return nil, fmt.Errorf("lock %s: %w for longer than %s", path, ErrBusy, words(o.Patience))
		}
		if !taken && ctx.Err() != nil {
			return nil, fmt.Errorf("lock %s: %w", path, context.Cause(ctx))
		}
	}
	if err != nil {
		o.unlocked(err)
		return func() {}, nil
	}
	return func() { _ = lock.Unlock() }, nil
}

// wait tries the lock again and again. It is not taken and there is no error when patience ends first.
func (o Options) wait(ctx context.Context, lock *flock.Flock) (taken bool, err error) {
	if o.Waiting != nil {
		o.Waiting()
	}
	bounded, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	taken, err = lock.TryLockContext(bounded, retry)
	if !taken && bounded.Err() != nil {
		return false, ctx.Err()
	}
	return taken, err
}

// unlocked says why nothing is locked.
func (o Options) unlocked(err error) {
	if o.Unlocked != nil {
		o.Unlocked(err)
	}
}

// words writes whole minutes as people say them.
func words(d time.Duration) string {
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return d.String()
}
