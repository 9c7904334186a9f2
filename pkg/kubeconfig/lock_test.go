package kubeconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lockLikeKubectl makes a lock as client-go does (clientcmd.lockFile), some time ago.
func lockLikeKubectl(t *testing.T, lock string, age time.Duration) {
	t.Helper()
	f, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL, 0)
	if err != nil {
		t.Fatal(err)
	}
	made := time.Now().Add(-age)
	if err := errors.Join(f.Close(), os.Chtimes(lock, made, made)); err != nil {
		t.Fatal(err)
	}
}

// The lock of a kubectl that was killed is broken, and nothing of it is left.
func TestStaleLockIsBroken(t *testing.T) {
	f := files(t, "config")
	var said []string
	f.Warn = func(s string) { said = append(said, s) }
	lock := f.Paths[0] + ".lock"
	lockLikeKubectl(t, lock, 2*lockStale)
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Fatal(err)
	}
	if len(said) != 1 || !strings.HasPrefix(said[0], "Removed the stale lock "+lock+", made 2m") {
		t.Errorf("said %q", said)
	}
	left, err := os.ReadDir(filepath.Dir(lock))
	for _, e := range left {
		if e.Name() != "config" && e.Name() != "lock" {
			t.Errorf("%s is left", e.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestFreshLockStays(t *testing.T) {
	f := files(t, "config")
	lock := f.Paths[0] + ".lock"
	lockLikeKubectl(t, lock, lockStale/2)
	if f.breakStale(lock) {
		t.Error("it is broken")
	}
	if info, err := os.Lstat(lock); errors.Is(err, fs.ErrNotExist) {
		t.Error("it is gone")
	} else if err != nil || !info.Mode().IsRegular() {
		t.Error(info, err)
	}
}
