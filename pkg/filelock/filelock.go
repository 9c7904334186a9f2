// Package filelock locks files between processes, and waits for a lock as long as the caller wants.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
)

// retry is the time between two tries to take a lock: a person does not notice it, and it costs little.
const retry = 20 * time.Millisecond

// ErrBusy is the error if another process holds the lock for longer than Options.Patience.
var ErrBusy = errors.New("another process holds it")

// Options are how to wait for a lock. Functions may be nil.
type Options struct {
	Patience time.Duration // how long to wait for another process that holds the lock; 0: not at all
	Waiting  func()        // called once if another process holds the lock
	Unlocked func(error)   // called with the reason if nothing could be locked
}

// Take locks the file at path exclusively, until unlock is called or the process ends. It creates the file (0600) and its directory
// (0700). If another process holds the lock, Take waits until ctx ends (the error is its cause), or for o.Patience (ErrBusy). A file
// system without locks, such as some network file systems, or one that cannot be written, is no error: Take calls o.Unlocked and locks
// nothing.
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
	err = disk.Do("lock", path, func() error { // It may create the file.
		taken, err = lock.TryLock()
		return err
	})
	if err == nil && !taken {
		if taken, err = o.wait(ctx, lock); !taken && err == nil {
			return nil, fmt.Errorf("lock %s: %w for longer than %s", path, ErrBusy, duration.Text(o.Patience))
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

// wait tries to take the lock until ctx ends or for o.Patience. After o.Patience it returns false without an error.
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

// unlocked calls o.Unlocked, if set.
func (o Options) unlocked(err error) {
	if o.Unlocked != nil {
		o.Unlocked(err)
	}
}
