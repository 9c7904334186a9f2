package tokens

import (
	"os"
	"path/filepath"
	"testing"
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
