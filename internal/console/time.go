package console

import (
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// Until words a point in time for a person: the local time, and how far away that is.
func (e *Env) Until(t time.Time) string {
	left := t.Sub(e.Now())
	when := t.Local().Format("2006-01-02 15:04:05 MST")
	if left < 0 {
		return when + " (" + Span(-left) + " ago)"
	}
	return when + " (in " + Span(left) + ")"
}

// Span words a duration as kubectl words an age: 7d, 10h, 7h58m, 12m or 40s. From ten minutes on it is rounded to minutes, so
// that a token of ten hours reads 10h a second after it was made.
func Span(d time.Duration) string {
	if d >= 10*time.Minute {
		d = d.Round(time.Minute)
	}
	return duration.HumanDuration(d)
}
