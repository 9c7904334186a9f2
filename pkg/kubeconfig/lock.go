package kubeconfig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

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

// lock takes our own lock.
func (f Files) lock(ctx context.Context) (unlock func(), err error) {
	locked := true
	unlock, err = filelock.Take(ctx, f.Lock,
		func() { f.Warn("Waiting for another login or logout that writes the kubeconfig …") },
		func(err error) { // kubectl's lock files work where there is none.
			locked = false
			f.Warn(fmt.Sprintf("warning: no lock on %s: %v", f.Lock, err))
		})
	if err == nil && locked {
		f.recover()
	}
	return unlock, err
}

// held is a lock of kubectl's kind that we hold. It stands in our own lock file, so that one of us who is killed with it does not
// keep kubectl and us out: kubectl breaks no lock, and we wait for it to be old.
type held struct {
	Path string    `json:"path"`
	Made time.Time `json:"made"` // tells it from a later one
}

// recover removes the locks of one of us who was killed. The caller holds our own lock: nobody of us is at work.
func (f Files) recover() {
	var left []held
	if text, err := os.ReadFile(f.Lock); err != nil || json.Unmarshal(text, &left) != nil {
		return
	}
	for _, h := range left {
		info, err := os.Lstat(h.Path)
		if err == nil && info.Mode().IsRegular() && info.Size() == 0 && info.ModTime().Equal(h.Made) && os.Remove(h.Path) == nil {
			f.Warn(fmt.Sprintf("Removed %s, which a login or logout left there when it was killed.", h.Path))
		}
	}
	f.remember(nil)
}

// remember notes the locks that we hold. Without it a left one is waited for until it is old; nothing else depends on it.
func (f Files) remember(paths []string) {
	var all []held
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil {
			all = append(all, held{path, info.ModTime()})
		}
	}
	var text []byte
	if len(all) > 0 {
		text, _ = json.Marshal(all) // Strings and times always marshal.
	}
	_ = os.WriteFile(f.Lock, text, 0o600)
}

// lockLikeKubectl takes the lock that kubectl takes for each file: PATH.lock, created exclusively, empty, mode 0, in the
// order of the paths. A file whose directory cannot be written to is in errs: it matters only if that file is to change.
func (f Files) lockLikeKubectl(ctx context.Context) (release func(), errs map[string]error, err error) {
	var held []string
	release = func() {
		for _, path := range held {
			_ = os.Remove(path)
		}
		f.remember(nil)
	}
	errs = map[string]error{}
	for _, path := range slices.Sorted(slices.Values(f.Paths)) {
		lock := path + ".lock"
		err := f.create(ctx, lock)
		switch {
		case err == nil:
			held = append(held, lock)
			f.remember(held)
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

// create makes a lock file, with patience while another process has it.
func (f Files) create(ctx context.Context, lock string) error {
	// kubectl makes the directory too. 0700, since what will be in it is private.
	if err := os.MkdirAll(filepath.Dir(lock), 0o700); err != nil {
		return err
	}
	start, told := time.Now(), false
	for {
		file, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL, 0)
		if err == nil {
			return file.Close()
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
	if os.Rename(lock, aside) != nil {
		return false
	}
	moved, err := os.Lstat(aside)
	if err != nil || !os.SameFile(seen, moved) {
		_ = os.Link(aside, lock)
		_ = os.Remove(aside)
		return false
	}
	_ = os.Remove(aside)
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
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG) || errors.Is(err, syscall.EIO) {
		remedy = "the old file is as it was; try again when there is room on a working disk"
	}
	return &FileError{path, "cannot be replaced (" + problem + " in " + filepath.Dir(file) + ")", remedy, err}
}
