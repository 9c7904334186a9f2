package disk

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestRetry(t *testing.T) {
	busy, broken := errors.New("busy"), errors.New("broken")
	for _, c := range []struct {
		name    string
		results []error // of the calls; the last one stays
		want    error
		calls   int
		waited  time.Duration
	}{
		{"works at once", []error{nil}, nil, 1, 0},
		{"works later", []error{busy, busy, nil}, nil, 3, 15 * time.Millisecond},
		{"fails for good", []error{broken}, broken, 1, 0},
		{"turns out to fail for good", []error{busy, broken}, broken, 2, 5 * time.Millisecond},
		{"stays busy", []error{busy}, busy, 8, 635 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			var pauses []time.Duration
			err := retry(func() error {
				calls++
				return c.results[min(calls, len(c.results))-1]
			}, func(err error) bool { return errors.Is(err, busy) }, func(d time.Duration) { pauses = append(pauses, d) })
			var waited time.Duration
			for _, d := range pauses {
				waited += d
			}
			if !errors.Is(err, c.want) || calls != c.calls || waited != c.waited || !slices.IsSorted(pauses) {
				t.Errorf("%v after %d calls and %s of %v", err, calls, waited, pauses)
			}
		})
	}
}
