package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// locked gives the scene a lock of the name, and reports whether it is held.
func (s *scene) locked(t *testing.T) (held *bool) {
	held = new(bool)
	s.LockName = func(context.Context) (func(), error) {
		if *held {
			t.Error("the lock is taken twice")
		}
		*held = true
		return func() { *held = false }, nil
	}
	return held
}

// settled sends a secret that a server accepts, and calls then.
func (s *scene) settled(t *testing.T, kind Kind, then func(ctx context.Context)) {
	t.Helper()
	err := s.Send(t.Context(), []Source{s.source(kind, "right", nil)}, func(ctx context.Context, password redact.Secret, _ Source) error {
		s.sent = append(s.sent, password)
		s.Settle()
		then(ctx)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func (s *scene) refusals() []tokens.Refusal { return s.marks.all["name"].Refusals }

func refuse(context.Context) error { return fmt.Errorf("POST: %w", wire.ErrRefused) }

// Once the outcome is noted nothing is held, until the secret goes to somebody new.
func TestTheLockOfANameIsHeldForAProofOnly(t *testing.T) {
	s := newScene(t)
	held := s.locked(t)
	s.settled(t, Given, func(ctx context.Context) {
		if *held || len(s.refusals()) != 0 {
			t.Errorf("settled: held %t, %v", *held, s.refusals())
		}
		further := s.Further(ctx, []string{"far"})
		if !*held || len(s.refusals()) != 1 {
			t.Errorf("a new server: held %t, %v", *held, s.refusals())
		}
		further.Done(map[string]bool{"far": true})
		if *held || len(s.refusals()) != 0 {
			t.Errorf("a yes: held %t, %v", *held, s.refusals())
		}
		_ = s.Repeat(ctx, func(context.Context) error {
			if *held || len(s.refusals()) != 1 || !s.refusals()[0].Underway {
				t.Errorf("again: held %t, %v", *held, s.refusals())
			}
			return nil
		})
		if *held || len(s.refusals()) != 0 {
			t.Errorf("in the end: held %t, %v", *held, s.refusals())
		}
	})
}

// Requests to further servers are noted before they are sent. They leave room for the next login, whatever comes of them, unless a person
// types the password. Those that a killed process has sent count.
func TestFurtherServersCount(t *testing.T) {
	for before, want := range []int{3, 2, 1, 0} {
		for _, kind := range []Kind{Given, Typed} {
			s := newScene(t)
			for i := range before {
				_ = s.send(t, s.source(Given, fmt.Sprint("wrong-", i), nil))
				s.next()
			}
			if kind == Typed {
				want = max(want, 1)
			}
			kill := before%2 == 0
			func() {
				defer func() { _ = recover() }()
				s.settled(t, kind, func(ctx context.Context) {
					f := s.Further(ctx, []string{"a", "b", "c", "d", "e"})
					if f.Allowed != want || len(f.Servers) != 5 || len(s.refusals()) != before+want {
						t.Errorf("%d before: %+v, %d noted", before, f, len(s.refusals()))
					}
					if kill {
						panic("killed")
					}
					answers := map[string]bool{}
					for _, server := range f.Servers[:f.Allowed] {
						answers[server] = false
					}
					f.Done(answers)
				})
			}()
			if n := len(s.refusals()); n != before+want {
				t.Errorf("%d before: %d noted in the end", before, n)
			}
		}
	}
	s := newScene(t)
	s.Warn = func(error) {}
	s.settled(t, Given, func(ctx context.Context) {
		s.marks.write = errRead
		if f := s.Further(ctx, []string{"a"}); f.Allowed != 0 || len(f.Servers) != 0 || f.Withheld["a"] == nil {
			t.Errorf("without a memory: %+v", f)
		}
		if err := s.Repeat(ctx, refuse); !errors.Is(err, errRead) {
			t.Errorf("without a memory: %v", err)
		}
		s.marks.write, s.marks.read = nil, errRead
		if f := s.Further(ctx, []string{"a"}); f.Allowed != 0 || f.Withheld["a"] == nil {
			t.Errorf("with one that cannot be read: %+v", f)
		}
	})
}

// A server that gives no yes is left out of what a script does, longer each time. Meanwhile it costs nothing, and others come first.
func TestAFurtherServerThatGivesNoYesIsLeftOut(t *testing.T) {
	s := newScene(t)
	try := func(bad ...string) Further {
		var f Further
		s.settled(t, Given, func(ctx context.Context) {
			f = s.Further(ctx, []string{"bad", "good"})
			answers := map[string]bool{}
			for _, server := range f.Servers {
				answers[server] = len(bad) == 0 || server != bad[0]
			}
			f.Done(answers)
		})
		return f
	}
	var paused *PausedError
	for range 2 { // Once is no reason.
		try("bad")
		s.now = s.now.Add(again)
		if f := try(); len(f.Withheld) != 0 || len(f.Servers) != 2 {
			t.Errorf("after one failure: %+v", f)
		}
	}
	try("bad")
	s.now = s.now.Add(again)
	for _, pause := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour, time.Hour} {
		if f := try("bad"); len(f.Withheld) != 0 || len(f.Servers) != 2 {
			t.Errorf("%s: %+v", pause, f)
		}
		s.now = s.now.Add(pause - time.Second)
		if f := try("bad"); !errors.As(f.Withheld["bad"], &paused) || len(f.Servers) != 1 || f.Servers[0] != "good" {
			t.Errorf("%s: not left out: %+v", pause, f)
		}
		s.Person = true
		s.settled(t, Given, func(ctx context.Context) {
			f := s.Further(ctx, []string{"bad", "good"})
			if len(f.Servers) != 2 || f.Servers[0] != "good" || len(f.Withheld) != 0 {
				t.Errorf("%s: a person: %+v", pause, f)
			}
			f.Done(nil)
		})
		s.Person = false
		s.now = s.now.Add(time.Second)
	}
	s.Account = "of another Supervisor"
	if f := try(); len(f.Withheld) != 0 {
		t.Errorf("another Supervisor: %+v", f)
	}
	s.Account = "ada"
	s.now = s.now.Add(-24 * time.Hour) // A clock that was set back leaves nobody out.
	if f := try(); len(f.Withheld) != 0 {
		t.Errorf("%+v", f)
	}
	s.now = s.now.Add(24 * time.Hour)
	try("bad") // After a yes the pauses begin anew.
	if f := try(); len(f.Withheld) != 0 {
		t.Errorf("%+v", f)
	}
}

// A refusal of a secret that was accepted before counts, however many requests were under way, and so does a killed process.
func TestARefusedRepeatCounts(t *testing.T) {
	s := newScene(t)
	s.settled(t, Given, func(ctx context.Context) {
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() { _ = s.Repeat(ctx, refuse) })
		}
		group.Wait()
	})
	if got := s.refusals(); len(got) != 3 || got[0].Underway {
		t.Errorf("%v", got)
	}
	if err := s.send(t, s.source(Given, "right", nil)); err != nil {
		t.Errorf("it may be sent again: %v", err)
	}
	killed := newScene(t)
	func() {
		defer func() { _ = recover() }()
		killed.settled(t, Given, func(ctx context.Context) {
			_ = killed.Repeat(ctx, func(context.Context) error { panic("killed") })
		})
	}()
	if got := killed.refusals(); len(got) != 1 {
		t.Errorf("killed: %v", got)
	}
}

// After the Sender, as when a login waits for clusters, and after Ctrl-C.
func TestRepeatAfterwards(t *testing.T) {
	s := newScene(t)
	s.settled(t, Given, func(context.Context) {})
	if err := s.Repeat(t.Context(), refuse); !errors.Is(err, wire.ErrRefused) || len(s.refusals()) != 1 {
		t.Errorf("%v, %v", err, s.refusals())
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.LockName = func(ctx context.Context) (func(), error) { return func() {}, ctx.Err() }
	_ = s.Repeat(ctx, func(ctx context.Context) error { cancel(); return refuse(ctx) })
	if got := s.refusals(); len(got) != 2 || got[1].Underway {
		t.Errorf("%v", got)
	}
}

// The note of requests under way does not grow old before they end.
func TestTheNoteOfRepeatsIsRenewed(t *testing.T) {
	s := newScene(t)
	s.settled(t, Given, func(ctx context.Context) {
		_ = s.Repeat(ctx, func(ctx context.Context) error {
			for range 3 {
				s.now = s.now.Add(90 * time.Second)
				_ = s.Repeat(ctx, func(context.Context) error {
					if got := s.refusals(); len(got) != 1 || !got[0].Time.Equal(s.now) {
						t.Errorf("at %v: %v", s.now, got)
					}
					return nil
				})
			}
			return nil
		})
	})
	if len(s.refusals()) != 0 {
		t.Errorf("left: %v", s.refusals())
	}
}

// Where there is no room for a refusal an accepted secret is not sent again, unless a person typed it.
func TestRepeatWithoutRoom(t *testing.T) {
	for _, kind := range []Kind{Given, Typed} {
		s := newScene(t)
		s.settled(t, kind, func(ctx context.Context) {
			s.marks.all["name"] = tokens.Mark{Refusals: s.caller().unknown(nil, enough)} // of other processes
			sent := false
			err := s.Repeat(ctx, func(context.Context) error { sent = true; return nil })
			if sent != (kind == Typed) || sent == errors.Is(err, ErrTooMany) {
				t.Errorf("kind %d: sent %t, %v", kind, sent, err)
			}
		})
		if n := len(s.refusals()); n != enough {
			t.Errorf("kind %d: %d", kind, n)
		}
	}
}

// Honest logins that are under way stop nobody: a process waits for them. For those that were killed it waits two minutes.
func TestAProcessWaitsForOthersUnderWay(t *testing.T) {
	for _, killed := range []bool{false, true} {
		s := newScene(t)
		held, began := s.locked(t), s.now
		c := s.caller()
		for range enough {
			s.marks.all["name"] = tokens.Mark{Refusals: append(s.refusals(), tokens.Refusal{Time: c.now, Uptime: c.uptime, At: "bob", Underway: true})}
		}
		waits := 0
		s.Wait = func(context.Context) error {
			if *held {
				t.Error("it waits with the lock")
			}
			waits++
			s.now = s.now.Add(time.Second)
			if waits == 3 && !killed {
				s.marks.all["name"] = tokens.Mark{Refusals: s.refusals()[1:]}
			}
			return nil
		}
		err := s.send(t, s.source(Given, "right", nil))
		var none *NoPasswordError
		switch {
		case !killed && (err != nil || waits != 3):
			t.Errorf("%v after %d waits", err, waits)
		case killed && (!errors.As(err, &none) || !none.TooMany || s.now.Sub(began) != underwayFor):
			t.Errorf("killed: %v after %s", err, s.now.Sub(began))
		}
		if err := s.send(t, s.source(Typed, "right", nil)); err != nil || waits > 120 {
			t.Errorf("a person waits: %v", err)
		}
	}
	s := newScene(t)
	s.Wait = func(context.Context) error { return context.Canceled }
	s.marks.all["name"] = tokens.Mark{Refusals: []tokens.Refusal{{Time: s.now, Underway: true}, {Time: s.now}, {Time: s.now}, {Time: s.now}}}
	if err := s.send(t, s.source(Given, "right", nil)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
