package tokens

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
)

// The name of a lock is what two versions of the program share: another one, and they renew at once.
func TestLocksKeepTheirNames(t *testing.T) {
	key := Key{Server: "10.0.0.2", User: "ada", Cluster: "team-a/one"}
	for got, want := range map[string]string{
		accountLock("https://vc ada"):         "https://vc ada",
		credentialLock("https://vc ada", key): "https://vc ada team-a/one at 10.0.0.2",
		loginLock("https://vc ada"):           "https://vc ada login",
		failedMark(key):                       "failed " + key.ID(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A person who logs in holds the login's lock for minutes; nobody else of the account waits for that.
func TestALoginDoesNotHoldTheAccount(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	waits := func() { t.Error("it waits") }
	warns := func(err error) { t.Error(err) }
	login, err := s.LockLogin(t.Context(), "ada", waits, warns)
	if err != nil {
		t.Fatal(err)
	}
	defer login()
	account, err := s.LockAccount(t.Context(), "ada", waits, warns)
	if err != nil {
		t.Fatal(err)
	}
	defer account()
	for _, name := range []string{"ada", "ada login"} {
		if _, err := os.Stat(filepath.Join(s.Dir(), accountsDir, hash(name)+".lock")); err != nil {
			t.Error(err)
		}
	}
}

// Two sites are given a name at once, and the files of both are held for a while: one gets the name, and the other one is told.
func TestANameIsGivenOnce(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	servers := []string{"10.0.0.1", "10.0.0.2"}
	var release []func()
	for _, server := range servers {
		if _, err := s.UpdateSite(t.Context(), Site{Server: server}, func(*Site) {}); err != nil {
			t.Fatal(err)
		}
		unlock, err := filelock.Take(t.Context(), s.lockPath(siteLock(server)), filelock.Options{Patience: siteLockTime})
		if err != nil {
			t.Fatal(err)
		}
		release = append(release, unlock)
	}
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i, server := range servers {
		all.Go(func() { _, errs[i] = s.NameSite(t.Context(), Site{Server: server}, "prod") })
	}
	time.Sleep(100 * time.Millisecond) // Without a lock of the names, both have seen by now that the name is free.
	for _, unlock := range release {
		unlock()
	}
	all.Wait()
	var taken *NameTakenError
	if (errs[0] == nil) == (errs[1] == nil) || !errors.As(errors.Join(errs...), &taken) {
		t.Errorf("%v", errs)
	}
}
