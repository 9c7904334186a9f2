package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
)

// kubectl holds its lock for milliseconds, and does not remove it when it is killed.
const (
	lockWait   = 5 * time.Second        // how long we wait for it
	lockRetry  = 20 * time.Millisecond  // between two tries
	lockStale  = 60 * time.Second       // the age at which its owner must be dead
	lockNotice = 500 * time.Millisecond // after which we say that we wait
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

// removeLeftovers removes the temporary files and kubectl locks of our processes that were killed. kubectl never breaks a
// lock, and we would wait until it is stale.
func (f Files) removeLeftovers() {
	for _, path := range f.Paths {
		if odd(path) != "" {
			continue
		}
		lock := path + ".lock"
		for _, left := range atomicfile.Abandoned(filepath.Dir(lock)) {
			if sameFile(left, lock) && disk.Remove(lock) == nil {
				f.Warn(fmt.Sprintf("Removed %s: a login or logout that was killed left it there.", lock))
			}
		}
		atomicfile.Sweep(filepath.Dir(lock))
		if file, err := resolve(path); err == nil {
			atomicfile.Sweep(filepath.Dir(file))
			f.restore(file)
		}
	}
}

// restore finishes what a process of ours that was killed did to a file which cannot be replaced in one step.
func (f Files) restore(file string) {
	restored, err := atomicfile.Recover(file)
	switch {
	case err != nil:
		f.Warn("warning: " + err.Error())
	case restored:
		f.Warn(fmt.Sprintf("Restored %s: a login or logout that was killed left it half written.", file))
	}
}

// recover does the same before a login reads the files.
func (f Files) recover(ctx context.Context) error {
	for _, path := range f.Paths {
		file, err := resolve(path)
		if err != nil || !atomicfile.Unfinished(file) {
			continue
		}
		unlock, err := f.lock(ctx)
		if err != nil {
			return err
		}
		f.restore(file)
		unlock()
	}
	return nil
}

func sameFile(a, b string) bool {
	first, err := os.Lstat(a)
	second, secondErr := os.Lstat(b)
	return err == nil && secondErr == nil && os.SameFile(first, second)
}

// takeKubectlLocks takes the lock that kubectl takes for each file: PATH.lock, created exclusively, empty, mode 0, in the
// order of the paths. unlocked has an error for each path in a directory that we cannot write to. It matters only if
// that file must change.
func (f Files) takeKubectlLocks(ctx context.Context) (release func(), unlocked map[string]error, err error) {
	var releases []func()
	release = func() {
		for _, r := range releases {
			r()
		}
	}
	unlocked = map[string]error{}
	var dangling *disk.DanglingError
	var locks []string // Two paths may lead to one.
	for _, path := range slices.Sorted(slices.Values(f.Paths)) {
		lock := path + ".lock"
		if odd(path) != "" || slices.ContainsFunc(locks, func(other string) bool { return sameFile(other, lock) }) {
			continue
		}
		locks = append(locks, lock)
		remove, err := f.create(ctx, lock)
		switch {
		case err == nil:
			releases = append(releases, remove)
		case errors.Is(err, fs.ErrPermission), syserr.ReadOnly.Is(err), errors.Is(err, syscall.ENOTDIR), errors.As(err, &dangling):
			unlocked[path] = notWritable(path, path, err)
		case errors.Is(err, errHeld):
			release()
			return nil, nil, &FileError{path, "is locked by " + lock,
				"wait for the kubectl that is using it; if there is none, " + remedy("rm -f", "", lock), err}
		default:
			release()
			return nil, nil, err
		}
	}
	return release, unlocked, nil
}

// create makes a lock file and waits while another process has one. The lock is a hard link to a temporary file of ours:
// that tells removeLeftovers that it is ours.
func (f Files) create(ctx context.Context, lock string) (remove func(), err error) {
	dir := filepath.Dir(lock)
	if err := disk.MkdirAll(dir, 0o700); err != nil { // kubectl makes it too. 0700, since the file in it is private.
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
		if disk.Remove(lock) == nil { // Else removeLeftovers needs the temporary file.
			drop()
		}
	}, nil
}

// errHeld is a lock file that stays.
var errHeld = errors.New("another program holds it")

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
			return fmt.Errorf("%w: %w", errHeld, err)
		}
		if !told && waited > lockNotice {
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

// breakStale removes a lock that a killed kubectl left. Of several processes that find it, only one can rename it. If the
// renamed file is not the one that was seen, it is a new lock, and goes back.
func (f Files) breakStale(lock string) bool {
	seen, err := os.Lstat(lock)
	if err != nil || !seen.Mode().IsRegular() || time.Since(seen.ModTime()) < lockStale || !os.SameFile(seen, seen) {
		return false // SameFile: Windows looks up a file's number at the first comparison, by the path that it had.
	}
	aside := fmt.Sprintf("%s.stale-%d", lock, os.Getpid())
	if disk.Rename(lock, aside) != nil {
		return false
	}
	moved, err := os.Lstat(aside)
	if err != nil || !os.SameFile(seen, moved) || !moved.ModTime().Equal(seen.ModTime()) {
		_ = disk.Link(aside, lock)
		_ = disk.Remove(aside)
		return false
	}
	_ = disk.Remove(aside)
	f.Warn(fmt.Sprintf("Removed the stale lock %s, made %s ago.", lock, duration.Text(time.Since(seen.ModTime()).Round(time.Second))))
	return true
}

// remedy says what to type about a path, with the command of Unix or that of Windows. It must be one of both cmd.exe and PowerShell; there is
// none that removes a read-only file, as a lock is.
func remedy(unix, windows, path string) string {
	if runtime.GOOS == "windows" {
		unix = windows
	}
	if unix == "" {
		return "delete " + path
	}
	return "type: " + unix + " " + safetext.Word(path)
}

// notWritable says why the kubeconfig at path cannot be replaced. file is the same path with its symbolic links followed.
func notWritable(path, file string, err error) error {
	if foreign := foreign(path, err); foreign != nil {
		return foreign
	}
	var dangling *disk.DanglingError
	if errors.As(disk.Dangling(filepath.Dir(file)), &dangling) {
		return &FileError{path, "cannot be written: " + dangling.Error(), remedy("mkdir -p", "mkdir", dangling.Target) + " (or name another file with KUBECONFIG)", err}
	}
	var pathErr *fs.PathError
	problem := err.Error()
	if errors.As(err, &pathErr) {
		problem = pathErr.Err.Error()
	}
	help := "make the directory writable, or name another file with KUBECONFIG"
	if disk.AttributesOf(file).Mounted {
		help = "mount it so that it can be written, or name another file with KUBECONFIG"
	}
	if why := disk.Unwritable(file, err); why != "" {
		if !disk.AttributesOf(file).Mounted {
			help = "name another file with KUBECONFIG"
		}
		return &FileError{path, "cannot be written: " + why, help, err}
	}
	if errors.Is(err, atomicfile.ErrSealed) && pathErr != nil {
		return &FileError{path, "cannot be changed: " + pathErr.Path + " " + problem, "type: sudo chattr -i -a " + safetext.Word(pathErr.Path) + " (or name another file with KUBECONFIG)", err}
	}
	if errors.Is(err, fs.ErrNotExist) { // A symbolic link to a missing directory; we make other directories.
		help = "a symbolic link leads there; " + remedy("mkdir -p", "mkdir", filepath.Dir(file)) + " (or name another file with KUBECONFIG)"
	}
	if syserr.Full.Is(err) || syserr.Faulty.Is(err) {
		help = "the old file is as it was; try again when there is room on a working disk"
	}
	return &FileError{path, "cannot be replaced (" + problem + " in " + filepath.Dir(file) + ")", help, err}
}
