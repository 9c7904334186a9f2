package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func nothing(error) {}

func TestTakeIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "lock")
	var holders, waited atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := Take(t.Context(), path, func() { waited.Add(1) }, func(err error) { t.Error(err) })
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
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || waited.Load() > 7 {
		t.Errorf("%v %v, %d waited", info, err, waited.Load())
	}
}

// Whoever gives up leaves nothing locked: neither while waiting, nor when the context ended before.
func TestTakeStopsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := Take(ctx, path, nil, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(ctx, path, cancel, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("while waiting: %v", err)
	}
	unlock()
	if _, err := Take(ctx, path, func() { t.Error("it waits") }, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("before: %v", err)
	}
	unlock, err = Take(t.Context(), path, func() { t.Error("it is still locked") }, nothing)
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
		unlock, err := Take(t.Context(), path, nil, func(error) { told++ })
		if err != nil || told != 1 {
			t.Errorf("%s: %v, told %d times", path, err, told)
			continue
		}
		unlock()
	}
}
