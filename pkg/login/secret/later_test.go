package secret

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// waiting has the scene wait for a refused secret until a time from now, and returns the waits.
func (s *scene) waiting(most time.Duration) (waits *[]time.Duration) {
	waits = new([]time.Duration)
	until := s.now.Add(most)
	s.Later = func(_ context.Context, d time.Duration) error {
		if s.now.Add(d).After(until) {
			return ErrTooLate
		}
		*waits = append(*waits, d)
		s.now = s.now.Add(d)
		return nil
	}
	return waits
}

// The guard decides when a refused secret is sent again: soon at first, then as rarely as three at a time need.
func TestARefusedSecretIsSentLater(t *testing.T) {
	s := newScene(t)
	held := s.locked(t)
	waits := s.waiting(11 * time.Minute)
	later := s.Later
	s.Later = func(ctx context.Context, d time.Duration) error {
		if *held {
			t.Error("others wait meanwhile")
		}
		return later(ctx, d)
	}
	var refused *RefusedError
	if err := s.send(t, s.source(Given, "wrong", nil)); !errors.As(err, &refused) {
		t.Error(err)
	}
	want := []time.Duration{10, 50, 240, 50, 50, 200, 50} // In seconds: at 0, 10, 60, 300, 350, 400, 600 and 650.
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(*waits, want) || len(s.sent) != 1+len(want) || len(s.asked) != 1 {
		t.Errorf("%v, sent %d", *waits, len(s.sent))
	}
}

// What others had refused counts: one of the four is left to them. A secret of which nothing is known is sent at once.
func TestAPatientSecretLeavesRoom(t *testing.T) {
	s := newScene(t)
	for i := range 3 {
		_ = s.send(t, s.source(Given, fmt.Sprint("other-", i), nil))
		s.next()
		s.now = s.now.Add(time.Minute)
	}
	waits := s.waiting(10 * time.Minute)
	if err := s.send(t, s.source(Given, "right", nil)); err != nil || !slices.Equal(*waits, []time.Duration{2 * time.Minute}) {
		t.Errorf("%v, %v", err, *waits)
	}
	s = newScene(t)
	waits = s.waiting(10 * time.Minute)
	if err := s.send(t, s.source(Given, "right", nil)); err != nil || len(*waits) != 0 {
		t.Errorf("%v, %v", err, *waits)
	}
}

// Without time nothing is sent, and the error says when it would be. Another error than a refusal, and Ctrl-C, end the wait. A typed secret
// is not sent again.
func TestALaterThatDoesNotCome(t *testing.T) {
	s := newScene(t)
	_ = s.send(t, s.source(Given, "wrong", nil))
	s.waiting(9 * time.Second)
	var none *NoPasswordError
	err := s.send(t, s.source(Given, "wrong", nil))
	if !errors.As(err, &none) || !none.Known || len(s.sent) != 1 || err.Error() != "the password from given is not sent before "+
		s.now.Add(10*time.Second).Local().Format(time.TimeOnly)+", since it or another one was refused" {
		t.Errorf("%v, sent %d", err, len(s.sent))
	}
	s.Later = func(context.Context, time.Duration) error { return context.Canceled }
	if err := s.send(t, s.source(Given, "wrong", nil)); !errors.Is(err, context.Canceled) || len(s.sent) != 1 {
		t.Errorf("%v, sent %d", err, len(s.sent))
	}
	s = newScene(t)
	s.waiting(time.Hour)
	if err := s.send(t, s.source(Given, "broken", nil)); !errors.Is(err, wire.ErrUnreachable) || len(s.sent) != 1 {
		t.Errorf("%v, sent %d", err, len(s.sent))
	}
	s = newScene(t)
	s.waiting(time.Hour)
	if err := s.send(t, s.source(Typed, "wrong", nil)); !errors.Is(err, wire.ErrRefused) || len(s.sent) != 1 {
		t.Errorf("%v, sent %d", err, len(s.sent))
	}
}

// Clocks that are set make no wait shorter than three at a time need, and none longer than five minutes.
func TestLaterByTwoClocks(t *testing.T) {
	for clock, offset := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		s := newScene(t)
		real := s.now
		jump := time.Duration(0)
		s.Now = func() time.Time { return real.Add(jump) }
		s.Uptime = func() time.Duration { return real.Sub(noon) + time.Hour }
		var at []time.Time // in real time
		s.Later = func(_ context.Context, d time.Duration) error {
			if d > again {
				t.Errorf("%s: it waits %s", clock, d)
			}
			jump = offset
			real = real.Add(d)
			if len(at) == 12 {
				return ErrTooLate
			}
			return nil
		}
		err := s.Send(t.Context(), []Source{s.source(Given, "wrong", nil)}, func(context.Context, redact.Secret, Source) error {
			at = append(at, real)
			return wire.ErrRefused
		})
		if !errors.Is(err, wire.ErrRefused) || len(at) != 12 {
			t.Errorf("%s: %v, sent at %v", clock, err, at)
		}
		for i := 3; i < len(at); i++ {
			if d := at[i].Sub(at[i-3]); d < again {
				t.Errorf("%s: four in %s: %v", clock, d, at)
			}
		}
	}
}
