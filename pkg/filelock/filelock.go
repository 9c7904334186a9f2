// Package filelock takes locks between processes, with patience.
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

const (
	// retry is how often a taken lock is tried again: below what a person notices, above what costs anything.
	retry = 20 * time.Millisecond
	// wait bounds the wait. The holder may be a person at a password prompt, so it is long; whoever waits says so.
	wait = 2 * time.Minute
)

// ErrBusy is a lock that somebody else did not give up.
var ErrBusy = errors.New("another process holds it for longer than 2 minutes")

// Take takes the exclusive lock of the file at path, which it makes (0600, its directory 0700), until unlock is called or
// the process ends. When somebody else holds it, waiting is called once and the lock is tried until ctx ends, or for
// 2 minutes (ErrBusy). A place that has no locks, as some network file systems, or that cannot be written is no reason to
// fail: none is told, and nothing is locked.
func Take(ctx context.Context, path string, waiting func(), none func(error)) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		none(err)
		return func() {}, nil
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	var taken bool
	err = disk.Do("lock", path, func() error { // It may make the file.
		taken, err = lock.TryLock()
		return err
	})
	if err == nil && !taken {
		waiting()
		bounded, cancel := context.WithTimeoutCause(ctx, wait, ErrBusy)
		defer cancel()
		taken, err = lock.TryLockContext(bounded, retry)
		if !taken && bounded.Err() != nil {
			return nil, fmt.Errorf("lock %s: %w", path, context.Cause(bounded))
		}
	}
	if err != nil {
		none(err)
		return func() {}, nil
	}
	return func() { _ = lock.Unlock() }, nil
}
