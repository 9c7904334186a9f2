package wire

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds what a server can ask for. Callers have bounds of their own, which are shorter.
const longestWait = 24 * time.Hour

// RetryAfter returns how long a reply asks to wait before the next request, if its status is 429 or 503 (RFC 9110, section 10.2.3). It is 0
// if the reply does not say so, or says it in no form of the RFC, and a day at most. A date is compared with the server's own clock. If
// there are several values, the longest counts.
func RetryAfter(r *http.Response) (wait time.Duration) {
	if r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	for _, text := range r.Header.Values("Retry-After") {
		wait = max(wait, parseWait(text, now))
	}
	return min(wait, longestWait)
}

// parseWait reads seconds or an HTTP date.
func parseWait(text string, now time.Time) time.Duration {
	if text != "" && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseUint(text, 10, 32)
		if err != nil { // Out of range.
			return longestWait
		}
		return time.Duration(seconds) * time.Second
	}
	if until, err := http.ParseTime(text); err == nil {
		return until.Sub(now)
	}
	return 0
}

// Wait returns how long the server that gave an error asks to wait before the next request; 0 if it does not say.
func Wait(err error) time.Duration {
	var said interface {
		error
		Wait() time.Duration
	}
	if errors.As(err, &said) {
		return said.Wait()
	}
	return 0
}
