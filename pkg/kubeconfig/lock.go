package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
)

// How long kubectl's lock is waited for, how often it is tried, and from what age on it is left over from a kubectl that
// was killed: kubectl holds it for milliseconds and has no way to clean up.
const (
	lockWait  = 5 * time.Second
	lockRetry = 20 * time.Millisecond
	lockStale = 60 * time.Second
	lockTold  = 500 * time.Millisecond // from when on the wait is told
)

// patience bounds the wait for another process of ours that writes the kubeconfig.
const patience = 2 * time.Minute

// lock takes our own lock.
func (f Files) lock(ctx context.Context) (unlock func(), err error) {
	return filelock.Take(ctx, f.Lock, filelock.Options{
		Patience: patience,
		Waiting:  func() { f.Warn("Waiting for another login or logout that writes the kubeconfig …") },
		Unlocked: func(err error) { f.Warn(fmt.Sprintf("warning: no lock on %s: %v", f.Lock, err)) }, // kubectl's lock files work there.
	})
}

// recover removes what one of us left that was killed: temporary files, and locks of kubectl's kind, which keep kubectl and us
// out, since kubectl breaks none and we wait for them to be old.
func (f Files) recover() {
	for _, path := range f.Paths {
		lock := path + ".lock"
		for _, left := range atomicfile.Abandoned(filepath.Dir(lock)) {
			if sameFile(left, lock) && disk.Remove(lock) == nil {
				f.Warn(fmt.Sprintf("Removed %s, which a login or logout left there when it was killed.", lock))
			}
		}
		atomicfile.Sweep(filepath.Dir(lock))
		if file, err := resolve(path); err == nil {
			atomicfile.Sweep(filepath.Dir(file))
		}
	}
}

func sameFile(a, b string) bool {
	first, err := os.Lstat(a)
	second, secondErr := os.Lstat(b)
	return err == nil && secondErr == nil && os.SameFile(first, second)
}

// lockLikeKubectl takes the lock that kubectl takes for each file: PATH.lock, created exclusively, empty, mode 0, in the
// order of the paths. A file whose directory cannot be written to is in errs: it matters only if that file is to change.
func (f Files) lockLikeKubectl(ctx context.Context) (release func(), errs map[string]error, err error) {
	var releases []func()
	release = func() {
		for _, r := range releases {
			r()
		}
	}
	errs = map[string]error{}
	for _, path := range slices.Sorted(slices.Values(f.Paths)) {
		lock := path + ".lock"
		remove, err := f.create(ctx, lock)
		switch {
		case err == nil:
			releases = append(releases, remove)
		case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
			errs[path] = notWritable(path, path, err)
		case errors.Is(err, fs.ErrExist):
			release()
			return nil, nil, &FileError{path, "is locked by " + lock,
				"wait for the kubectl that works on it; if there is none, type: rm -f " + lock, err}
		default:
			release()
			return nil, nil, err
		}
	}
	return release, errs, nil
}

// create makes a lock file, with patience while another process has it. The lock is a link to a temporary file of ours, by which
// recover knows it again.
func (f Files) create(ctx context.Context, lock string) (remove func(), err error) {
	dir := filepath.Dir(lock)
	if err := disk.MkdirAll(dir, 0o700); err != nil { // kubectl makes it too. 0700, since what will be in it is private.
		return nil, err
	}
	temp, err := atomicfile.CreateTemp(dir)
	if err != nil {
		return nil, err
	}
	drop := func() { _ = disk.Remove(temp.Name()) }
	if err := errors.Join(disk.Chmod(temp, 0), temp.Close()); err != nil {
		drop()
		return nil, err
	}
	if err := f.link(ctx, temp.Name(), lock); err != nil {
		drop()
		return nil, err
	}
	return func() {
		if disk.Remove(lock) == nil { // Else recover needs the other name.
			drop()
		}
	}, nil
}

func (f Files) link(ctx context.Context, temp, lock string) error {
	start, told := time.Now(), false
	for {
		err := disk.Link(temp, lock)
		if err != nil && !errors.Is(err, fs.ErrExist) { // Some file systems have no links.
			err = disk.CreateExclusive(lock, 0)
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if f.breakStale(lock) {
			continue
		}
		waited := time.Since(start)
		if waited > lockWait {
			return err
		}
		if !told && waited > lockTold {
			f.Warn("Waiting for the program that holds " + lock + " …")
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// breakStale takes away a lock that a killed kubectl left. Renaming lets only one of several finders win, and the file
// that was renamed is compared with the one that was seen, so that a fresh lock put there in between is given back.
func (f Files) breakStale(lock string) bool {
	seen, err := os.Lstat(lock)
	if err != nil || !seen.Mode().IsRegular() || time.Since(seen.ModTime()) < lockStale {
		return false
	}
	aside := fmt.Sprintf("%s.stale-%d", lock, os.Getpid())
	if disk.Rename(lock, aside) != nil {
		return false
	}
	moved, err := os.Lstat(aside)
	if err != nil || !os.SameFile(seen, moved) {
		_ = disk.Link(aside, lock)
		_ = disk.Remove(aside)
		return false
	}
	_ = disk.Remove(aside)
	f.Warn(fmt.Sprintf("Removed %s, which was left there %s ago.", lock, time.Since(seen.ModTime()).Round(time.Second)))
	return true
}

// notWritable words why the kubeconfig at path, which is the file of that name when links are followed, cannot be replaced.
func notWritable(path, file string, err error) error {
	var pathErr *fs.PathError
	problem := err.Error()
	if errors.As(err, &pathErr) {
		problem = pathErr.Err.Error()
	}
	remedy := "make the directory writable, or name another file with KUBECONFIG"
	if errors.Is(err, fs.ErrNotExist) { // A symbolic link that leads nowhere; other directories are made.
		remedy = "a symbolic link leads there; type: mkdir -p " + filepath.Dir(file) + " (or name another file with KUBECONFIG)"
	}
	if disk.Full(err) || errors.Is(err, syscall.EIO) {
		remedy = "the old file is as it was; try again when there is room on a working disk"
	}
	return &FileError{path, "cannot be replaced (" + problem + " in " + filepath.Dir(file) + ")", remedy, err}
}
