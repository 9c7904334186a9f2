package registry_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// reads are the ways to read what is stored for a host.
func reads(s registry.Store, host string) map[string]func() (bool, error) {
	return map[string]func() (bool, error){
		"Record": func() (bool, error) { _, found, err := s.Record(host); return found, err },
		"Grant":  func() (bool, error) { _, found, err := s.Grant(host); return found, err },
		"Login":  func() (bool, error) { _, found, err := s.Login(host); return found, err },
	}
}

func save(t *testing.T, s registry.Store, host string) {
	t.Helper()
	if err := errors.Join(s.SaveRecord(registry.Record{Host: host}), s.SaveLogin(registry.Login{Host: host})); err != nil {
		t.Fatal(err)
	}
}

// The file of one host that stands at the place of another gives that one nothing.
func TestTheFileOfAnotherHost(t *testing.T) {
	s := newStore(t)
	save(t, s, "evil.lab")
	paths, err := filepath.Glob(filepath.Join(s.Dir, "registries", "evil.lab*.json"))
	if err != nil || len(paths) != 2 {
		t.Fatalf("%q %v", paths, err)
	}
	for _, path := range paths {
		if err := os.Rename(path, strings.Replace(path, "evil.lab", "good.lab", 1)); err != nil {
			t.Fatal(err)
		}
	}
	for name, read := range reads(s, "good.lab") {
		if found, err := read(); found || err == nil || !strings.Contains(err.Error(), "evil.lab") {
			t.Errorf("%s: %t %v", name, found, err)
		}
	}
}

// Where others can put files nothing is written, also by a client's first login.
func TestNothingIsWrittenForOthers(t *testing.T) {
	for _, made := range []string{"", "registries"} {
		s := newStore(t)
		dir := filepath.Join(s.Dir, made)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"SaveLogin": s.SaveLogin(registry.Login{Host: "h.lab"}), "SaveRecord": s.SaveRecord(registry.Record{Host: "h.lab"}),
			"UpdateSettings": s.UpdateSettings(func(set *registry.Settings) { set.Backing = "pass" }),
		} {
			var permission *credfile.PermissionError
			if !errors.As(err, &permission) {
				t.Errorf("%q, %s: %v", made, name, err)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(s.Dir, "registries", "[^l]*")); len(left) > 0 {
			t.Errorf("%q: %q", made, left)
		}
	}
}

// Where others can put files nothing is believed.
func TestDirectoriesOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, writing checks the access control list (package owned)")
	}
	for _, dir := range []string{"", "registries"} {
		s := newStore(t)
		save(t, s, "h.lab")
		if err := os.Chmod(filepath.Join(s.Dir, dir), 0o770); err != nil {
			t.Fatal(err)
		}
		for name, read := range reads(s, "h.lab") {
			var permission *credfile.PermissionError
			if found, err := read(); found || !errors.As(err, &permission) {
				t.Errorf("%q, %s: %t %v", dir, name, found, err)
			}
		}
	}
}

// A change is made under the lock, from the read to the write.
func TestChangesHoldTheLock(t *testing.T) {
	s := newStore(t)
	save(t, s, "h.lab")
	held := func() {
		unlock, err := filelock.Take(context.Background(), filepath.Join(s.Dir, "registries", "lock"), filelock.Options{Patience: time.Millisecond})
		if !errors.Is(err, filelock.ErrBusy) {
			unlock()
			t.Errorf("the lock is free: %v", err)
		}
	}
	if err := s.UpdateRecord("h.lab", func(r registry.Record) registry.Record { held(); return r }); err != nil {
		t.Error(err)
	}
	if err := s.UpdateSettings(func(*registry.Settings) { held() }); err != nil {
		t.Error(err)
	}
}

func TestLoginEnds(t *testing.T) {
	now := time.Now()
	for name, tc := range map[string]struct {
		expires time.Time
		want    bool
	}{"never": {}, "later": {now.Add(time.Second), false}, "now": {now, true}, "before": {now.Add(-time.Second), true}} {
		if got := (registry.Login{Expires: tc.expires}).Ended(now); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
