package console

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Until returns a time for a person to read: the local time, and how far away it is.
func (e *Env) Until(t time.Time) string {
	left := t.Sub(e.Now())
	when := t.Local().Format("2006-01-02 15:04:05 MST")
	if left < 0 {
		return when + " (" + Span(-left) + " ago)"
	}
	return when + " (in " + Span(left) + ")"
}

// Span returns a duration in the form of kubectl's ages: 7d, 10h, 7h58m, 12m or 40s. From ten minutes on it rounds to minutes: one
// second after login, a token of ten hours still shows 10h.
func Span(d time.Duration) string {
	switch {
	case d >= 8*time.Hour: // From there on it shows whole hours, and drops the rest.
		d = d.Round(time.Hour)
	case d >= 10*time.Minute:
		d = d.Round(time.Minute)
	}
	return duration.HumanDuration(d)
}

// Sleep waits, at most until ctx ends. Then the error is that of ctx.
func Sleep(ctx context.Context, e *Env, d time.Duration) error {
	if e.Slept != nil {
		e.Slept(d)
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Timer returns a channel that gets the time when d has passed, for a wait beside others.
func Timer(e *Env, d time.Duration) <-chan time.Time {
	if e.After != nil {
		return e.After(d)
	}
	return time.After(d)
}
