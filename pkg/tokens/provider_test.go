package tokens_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// provider is one that must not renew, wait or warn unless the test says so.
func provider(t *testing.T, s *tokens.Store) *tokens.Provider {
	return &tokens.Provider{
		Store: s,
		Now:   func() time.Time { return now },
		Renew: func(_ context.Context, _ tokens.Session, key tokens.Key) (tokens.Credential, error) {
			t.Errorf("%v is renewed", key)
			return tokens.Credential{}, errors.New("not expected")
		},
		Waiting: func(tokens.Session) { t.Error("it waits") },
		Warn:    func(err error) { t.Errorf("it warns: %v", err) },
	}
}

// ended is a credential that ended a minute ago.
func ended(key tokens.Key) tokens.Credential {
	c := credential(key, "ended")
	c.Issued, c.Expires = now.Add(-time.Hour), now.Add(-time.Minute)
	return c
}

// renewed counts renewals and gives a fresh credential for each.
type renewed struct {
	mu    sync.Mutex
	calls int
}

func (r *renewed) renew(_ context.Context, _ tokens.Session, key tokens.Key) (tokens.Credential, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	return credential(key, "fresh"), nil
}

func TestGetHandsOutTheStoredCredential(t *testing.T) {
	s := newStore(t)
	want := credential(clusterKey, "stored")
	saveCredential(t, s, want)
	got, err := provider(t, s).Get(t.Context(), clusterKey, false)
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestGetAsksForALoginWithoutASession(t *testing.T) {
	for name, stored := range map[string][]tokens.Credential{"no credential": nil, "an ended one": {ended(clusterKey)}} {
		s := newStore(t)
		for _, c := range stored {
			saveCredential(t, s, c)
		}
		_, err := provider(t, s).Get(t.Context(), clusterKey, false)
		var required *tokens.LoginRequiredError
		if !errors.As(err, &required) {
			t.Fatalf("%s: got %v, want a *LoginRequiredError", name, err)
		}
		want := tokens.LoginRequiredError{Server: "10.0.0.2", User: "ada@vsphere.local", Reason: "ada@vsphere.local is not logged in to 10.0.0.2"}
		if diff := cmp.Diff(want, *required); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGetRenewsAndKeepsTheResult(t *testing.T) {
	for name, stored := range map[string][]tokens.Credential{"no credential": nil, "an ended one": {ended(clusterKey)}} {
		s := newStore(t)
		saved := saveSession(t, s, session())
		for _, c := range stored {
			saveCredential(t, s, c)
		}
		p := provider(t, s)
		var asked tokens.Session
		p.Renew = func(_ context.Context, session tokens.Session, key tokens.Key) (tokens.Credential, error) {
			asked = session
			fresh := credential(key, "fresh")
			fresh.Session = "not known to who renews"
			return fresh, nil
		}
		got, err := p.Get(t.Context(), clusterKey, false)
		if err != nil || got.Token.Reveal() != "fresh" || got.Session != saved.ID {
			t.Fatalf("%s: got %+v, %v", name, got, err)
		}
		if diff := cmp.Diff(saved, asked); diff != "" {
			t.Errorf("%s: renewed for another session: %s", name, diff)
		}
		// The next call is a hit: this provider fails when it renews.
		again, err := provider(t, s).Get(t.Context(), clusterKey, false)
		if err != nil || again != got {
			t.Errorf("%s: the next call gets %+v, %v", name, again, err)
		}
	}
}

// TestGetRenewsOnceForManyCallers keeps the one renewal under way until everybody else waits for it, so that no caller
// can come late and find the result without having waited.
func TestGetRenewsOnceForManyCallers(t *testing.T) {
	const callers = 20
	for name, force := range map[string]bool{"expired": false, "forced": true} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			saveSession(t, s, session())
			saveCredential(t, s, ended(clusterKey))
			var waiting sync.WaitGroup
			waiting.Add(callers - 1)
			var counter renewed
			p := provider(t, s)
			p.Waiting = func(tokens.Session) { waiting.Done() }
			p.Renew = func(ctx context.Context, session tokens.Session, key tokens.Key) (tokens.Credential, error) {
				waiting.Wait()
				return counter.renew(ctx, session, key)
			}
			got := make([]tokens.Credential, callers)
			errs := make([]error, callers)
			var all sync.WaitGroup
			for i := range callers {
				all.Go(func() { got[i], errs[i] = p.Get(t.Context(), clusterKey, force) })
			}
			all.Wait()
			if counter.calls != 1 {
				t.Errorf("%d renewals, want 1", counter.calls)
			}
			for i := range callers {
				if errs[i] != nil || got[i].Token.Reveal() != "fresh" {
					t.Errorf("caller %d got %v", i, errs[i])
				}
			}
		})
	}
}

func TestGetRenewsAGoodCredentialWhenForced(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	saveCredential(t, s, credential(clusterKey, "stored"))
	var counter renewed
	p := provider(t, s)
	p.Renew = counter.renew
	got, err := p.Get(t.Context(), clusterKey, true)
	if err != nil || got.Token.Reveal() != "fresh" || counter.calls != 1 {
		t.Errorf("%d renewals, %v", counter.calls, err)
	}
	if stored, found, err := s.Credential(clusterKey); !found || stored != got {
		t.Errorf("%+v is stored, %v", stored, err)
	}
}

func TestGetPassesTheErrorOfARenewalOnAndKeepsWhatThereWas(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	before := credential(clusterKey, "stored")
	saveCredential(t, s, before)
	p := provider(t, s)
	cause := errors.New("refused")
	p.Renew = func(context.Context, tokens.Session, tokens.Key) (tokens.Credential, error) {
		return credential(clusterKey, "half made"), cause
	}
	if got, err := p.Get(t.Context(), clusterKey, true); !errors.Is(err, cause) || got != (tokens.Credential{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if stored, found, err := s.Credential(clusterKey); !found || err != nil || stored != before {
		t.Errorf("%+v is stored, %v", stored, err)
	}
	// The lock is free again, or this would wait.
	p.Renew = (&renewed{}).renew
	if _, err := p.Get(t.Context(), clusterKey, true); err != nil {
		t.Error(err)
	}
}

func TestGetOnlyWarnsWhenTheResultCannotBeKept(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	// A file where the directory belongs: nothing can be saved, whoever the user is.
	overwrite(t, s.Dir()+"/"+credfile.Credentials, "")
	p := provider(t, s)
	p.Renew = (&renewed{}).renew
	var warnings []error
	p.Warn = func(err error) { warnings = append(warnings, err) }
	got, err := p.Get(t.Context(), clusterKey, false)
	if err != nil || got.Token.Reveal() != "fresh" {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(warnings) != 1 {
		t.Errorf("got %v, want one warning", warnings)
	}
	p.Warn = nil
	if _, err := p.Get(t.Context(), clusterKey, false); err != nil {
		t.Errorf("without somebody to warn: %v", err)
	}
}

func TestGetStopsWaitingWhenTheContextEnds(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	unlock, err := s.LockAccount(t.Context(), session().Account, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	p := provider(t, s)
	waited := 0
	p.Waiting = func(got tokens.Session) {
		waited++
		if got.Account != session().Account {
			t.Errorf("it waits for %q", got.Account)
		}
		cancel()
	}
	if _, err := p.Get(ctx, clusterKey, false); !errors.Is(err, context.Canceled) || waited != 1 {
		t.Errorf("it waited %d times, %v", waited, err)
	}
}

// Where a renewal has the lock of its credential alone, one that takes long keeps others from that credential only.
func TestGetOfAnotherCredentialDoesNotWait(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	began, end := make(chan struct{}), make(chan struct{})
	p := provider(t, s)
	p.OwnLock = func(got tokens.Session) bool { return got.Account == session().Account }
	p.Renew = func(_ context.Context, _ tokens.Session, key tokens.Key) (tokens.Credential, error) {
		if key == clusterKey {
			close(began)
			<-end
		}
		return credential(key, "new"), nil
	}
	slow := make(chan error, 1)
	go func() {
		_, err := p.Get(t.Context(), clusterKey, false)
		slow <- err
	}()
	<-began
	if _, err := p.Get(t.Context(), supervisorKey, false); err != nil {
		t.Error(err)
	}
	same := provider(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	same.OwnLock, same.Waiting = p.OwnLock, func(tokens.Session) { cancel() }
	if _, err := same.Get(ctx, clusterKey, false); !errors.Is(err, context.Canceled) {
		t.Errorf("the same credential: %v", err)
	}
	close(end)
	if err := <-slow; err != nil {
		t.Error(err)
	}
}

// A renewal that fails for everybody is tried once, however many wait for it; who comes later tries again.
func TestGetSharesAFailure(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	away := errors.New("no answer within 30s")
	began, end, waits := make(chan struct{}), make(chan struct{}), make(chan struct{})
	holder := provider(t, s)
	holder.Now, holder.Outage = time.Now, func(err error) bool { return errors.Is(err, away) }
	holder.Renew = func(context.Context, tokens.Session, tokens.Key) (tokens.Credential, error) {
		close(began)
		<-end
		return tokens.Credential{}, away
	}
	held := make(chan error, 1)
	go func() {
		_, err := holder.Get(t.Context(), clusterKey, false)
		held <- err
	}()
	<-began
	waiter := provider(t, s) // It renews nothing.
	waiter.Now, waiter.Waiting = time.Now, func(tokens.Session) { close(waits) }
	waited := make(chan error, 1)
	go func() {
		_, err := waiter.Get(t.Context(), clusterKey, false)
		waited <- err
	}()
	<-waits
	close(end)
	var failed *tokens.FailedError
	if err := <-held; !errors.Is(err, away) || errors.As(err, &failed) {
		t.Errorf("who tried: %v", err)
	}
	if err := <-waited; !errors.As(err, &failed) || failed.Reason != away.Error() {
		t.Errorf("who waited: %v", err)
	}
	later := provider(t, s)
	later.Now = time.Now
	later.Renew = func(_ context.Context, _ tokens.Session, key tokens.Key) (tokens.Credential, error) {
		return credential(key, "new"), nil
	}
	if _, err := later.Get(t.Context(), clusterKey, false); err != nil {
		t.Errorf("who came later: %v", err)
	}
}

// A server that asks to wait is not asked before, for a minute at most, unless a person forces it. Another credential's server is asked. Where
// the renewal has the account's lock, it keeps such a pause itself.
func TestAServerThatAsksToWait(t *testing.T) {
	busy := errors.New("503")
	for _, c := range []struct {
		asked, pause time.Duration
		own          bool
	}{{20 * time.Second, 20 * time.Second, true}, {time.Hour, time.Minute, true}, {0, 0, true}, {time.Hour, 0, false}} {
		s := newStore(t)
		saveSession(t, s, session())
		p := provider(t, s)
		at, tried := now, 0
		p.Now = func() time.Time { return at }
		p.OwnLock = func(tokens.Session) bool { return c.own }
		p.Outage = func(err error) bool { return errors.Is(err, busy) }
		p.Wait = func(error) time.Duration { return c.asked }
		p.Renew = func(context.Context, tokens.Session, tokens.Key) (tokens.Credential, error) {
			tried++
			return tokens.Credential{}, busy
		}
		ask := func(key tokens.Key, force bool, want int) {
			t.Helper()
			_, err := p.Get(t.Context(), key, force)
			var failed *tokens.FailedError
			if held := errors.As(err, &failed); held != (tried < want) && tried != want || held && (failed.Reason != "503" || !failed.Until.Equal(now.Add(c.pause))) {
				t.Errorf("%v: %d tries: %v", c, tried, err)
			}
			if tried != want {
				t.Errorf("%v: %d tries and not %d", c, tried, want)
			}
		}
		ask(clusterKey, false, 1)
		if c.pause > 0 {
			at = now.Add(c.pause - 1)
			ask(clusterKey, false, 1)
			ask(supervisorKey, false, 2)
			tried = 1
		}
		at = now.Add(c.pause)
		ask(clusterKey, false, 2)
		ask(clusterKey, true, 3)
		at = now.Add(-time.Hour) // Somebody sets the clock.
		ask(clusterKey, false, 4)
	}
}

func TestDueListsTheAgingCredentialsOfASession(t *testing.T) {
	s := newStore(t)
	saved := saveSession(t, s, session())
	saveCredential(t, s, credential(supervisorKey, "young"))
	old := credential(clusterKey, "old")
	old.Issued = now.Add(-2 * time.Hour)
	saveCredential(t, s, old)
	foreign := old
	foreign.Key.Cluster, foreign.Session = "team-b/two", "another"
	saveCredential(t, s, foreign)
	if diff := cmp.Diff([]tokens.Key{clusterKey}, s.Due(saved, now)); diff != "" {
		t.Error(diff)
	}
}

func TestHostAccountDoesNotTellCases(t *testing.T) {
	a, b := tokens.HostAccount(tokens.Key{Server: "s", User: "Ada"}), tokens.HostAccount(tokens.Key{Server: "s", User: "ADA", Cluster: "n/c"})
	if a != b || a == tokens.HostAccount(tokens.Key{Server: "s", User: "bob"}) {
		t.Errorf("%q and %q", a, b)
	}
}

// A logout waits for nobody: what a renewal gets after it is not kept, and not handed out.
func TestGetKeepsNothingAfterALogout(t *testing.T) {
	for name, when := range map[string]func(p *tokens.Provider, s *tokens.Store, logout func()){
		"while it renews": func(p *tokens.Provider, _ *tokens.Store, logout func()) {
			p.Renew = func(_ context.Context, _ tokens.Session, key tokens.Key) (tokens.Credential, error) {
				logout()
				return credential(key, "fresh"), nil
			}
		},
		"while it waits": func(p *tokens.Provider, s *tokens.Store, logout func()) {
			unlock, err := s.LockAccount(t.Context(), session().Account, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			p.Waiting = func(tokens.Session) { logout(); unlock() }
		},
	} {
		s := newStore(t)
		saved := saveSession(t, s, session())
		saveCredential(t, s, ended(clusterKey))
		p := provider(t, s)
		when(p, s, func() {
			if err := s.DeleteSession(saved.ID); err != nil {
				t.Error(err)
			}
		})
		var required *tokens.LoginRequiredError
		if c, err := p.Get(t.Context(), clusterKey, false); !errors.As(err, &required) || c.Token != "" {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		if _, found, _ := s.Credential(clusterKey); found {
			t.Errorf("%s: a credential is left", name)
		}
	}
}
