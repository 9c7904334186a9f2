package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// long is more patience than any test needs.
const long = time.Minute

func TestTakeIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "lock")
	var holders, waited atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := Take(t.Context(), path, Options{long, func() { waited.Add(1) }, func(err error) { t.Error(err) }})
			if err != nil {
				t.Error(err)
				return
			}
			if holders.Add(1) != 1 {
				t.Error("two hold it")
			}
			holders.Add(-1)
			unlock()
		})
	}
	wg.Wait()
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 || waited.Load() > 7 {
		t.Errorf("%v %v, %d waited", info, err, waited.Load())
	}
}

// Take leaves nothing locked when its context ends: neither during the wait, nor if the context ended before.
func TestTakeStopsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := Take(ctx, path, Options{Patience: long})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(ctx, path, Options{Patience: long, Waiting: cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("while waiting: %v", err)
	}
	unlock()
	if _, err := Take(ctx, path, Options{Patience: long, Waiting: func() { t.Error("it waits") }}); !errors.Is(err, context.Canceled) {
		t.Errorf("before: %v", err)
	}
	unlock, err = Take(t.Context(), path, Options{Patience: long, Waiting: func() { t.Error("it is still locked") }})
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestTakeWithoutLocks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(file, "lock"), filepath.Dir(file)} {
		told := 0
		unlock, err := Take(t.Context(), path, Options{Unlocked: func(error) { told++ }})
		if err != nil || told != 1 {
			t.Errorf("%s: %v, told %d times", path, err, told)
			continue
		}
		unlock()
	}
}

// Patience is the caller's: it bounds the wait, and the error names it.
func TestTakeEndsWithPatience(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Take(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	for _, patience := range []time.Duration{0, 50 * time.Millisecond} {
		waited := 0
		began := time.Now()
		_, err := Take(t.Context(), path, Options{Patience: patience, Waiting: func() { waited++ }})
		if !errors.Is(err, ErrBusy) || !strings.HasSuffix(err.Error(), "lock: another process holds it for longer than "+patience.String()) {
			t.Errorf("%s: %v", patience, err)
		}
		if took := time.Since(began); took < patience || took > 10*time.Second || waited != 1 {
			t.Errorf("%s: it took %s, and told it %d times", patience, took, waited)
		}
	}
}

// A deadline of the caller's is not the lock's matter.
func TestTakeEndsWithTheDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Take(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Take(ctx, path, Options{Patience: long}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}
