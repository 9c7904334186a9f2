package tokens_test

import (
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// The pauses grow, up to a minute, and never reach beyond it; the first is longer than kubectl's five runs.
func TestOutageGrows(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, chance := range []float64{0, 0.5, 1} {
		var o tokens.Outage
		began, before := now, time.Duration(0)
		for try := 1; try <= 100; try++ {
			o = o.Again(now, 0, true, chance)
			pause := o.Next.Sub(now)
			switch {
			case o.Tries != try || !o.Since.Equal(began) || !o.Last.Equal(now):
				t.Fatalf("try %d: %+v", try, o)
			case pause < before || pause > time.Minute || try == 1 && pause < 3*time.Second || try > 5 && pause < time.Minute*3/4:
				t.Fatalf("chance %v, try %d: a pause of %s after %s", chance, try, pause, before)
			case !o.Holds(now) || !o.Holds(o.Next.Add(-1)) || o.Holds(o.Next) || o.Holds(now.Add(-time.Second)):
				t.Fatalf("try %d: it holds at the wrong time", try)
			}
			before, now = pause, o.Next
		}
		now = began
	}
	if o := (tokens.Outage{}).Again(now, 0, false, 0); o.Refused || o.Next.Sub(now) != time.Second || o.Again(o.Next, 0, false, 0).Next.Sub(o.Next) != 2*time.Second {
		t.Errorf("of an issuer that is not well: %+v", o)
	}
	if o := (tokens.Outage{Since: now, Last: now, Tries: 3}).Again(now.Add(-time.Hour), 0, false, 0); o.Tries != 1 || !o.Since.Equal(now.Add(-time.Hour)) {
		t.Errorf("after the clock was set back: %+v", o)
	}
}

// An issuer may ask for a longer pause. It gets no shorter one than without, and none that is longer than the longest.
func TestOutageWaitsAsAsked(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for wait, want := range map[time.Duration]time.Duration{
		-time.Hour: 8 * time.Second, 0: 8 * time.Second, time.Second: 8 * time.Second, 9 * time.Second: 9 * time.Second,
		time.Minute: time.Minute, time.Hour: time.Minute, 1000 * time.Hour: time.Minute, 1<<63 - 1: time.Minute,
	} {
		o := tokens.Outage{Since: now, Last: now, Tries: 3}
		if got := o.Again(now, wait, false, 0).Next.Sub(now); got != want {
			t.Errorf("asked for %s: %s", wait, got)
		}
		if got := o.Again(now, wait, false, 1).Next.Sub(now); got < want*3/4 || got < min(wait, time.Minute) {
			t.Errorf("asked for %s, by chance: %s", wait, got)
		}
	}
}

// Other processes see an outage; a logout and the end of the outage leave none.
func TestOutageIsStored(t *testing.T) {
	store := newStore(t)
	s := saveSession(t, store, tokens.Session{Server: "10.0.0.1", User: "dev"})
	for name, end := range map[string]func() error{
		"its end":                     func() error { return store.EndOutage(s.ID) },
		"a logout":                    func() error { return store.DeleteSession(s.ID) },
		"a logout of every session":   store.Clear,
		"the end of one that is none": func() error { return store.EndOutage("none") },
	} {
		want := tokens.Outage{}.Again(time.Unix(1_800_000_000, 0).UTC(), 0, true, 0)
		want.Reason = "no answer"
		if err := store.SetOutage(s.ID, want); err != nil {
			t.Fatal(err)
		}
		again, err := tokens.Open(store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		got := again.Outage(s.ID)
		if want.Version = got.Version; got != want {
			t.Errorf("%s: %+v", name, got)
		}
		if err := end(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if gone := store.Outage(s.ID) == (tokens.Outage{}); gone != (name != "the end of one that is none") {
			t.Errorf("%s: gone: %t", name, gone)
		}
	}
}
