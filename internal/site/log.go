package site

import (
	"fmt"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// requestLog prints the lines of --verbose: one for each request, without query, header or body.
type requestLog struct {
	next http.RoundTripper
	say  func(format string, args ...any)
	now  func() time.Time
}

// Unwrap returns the transport that is logged (trust.Verifies).
func (l *requestLog) Unwrap() http.RoundTripper { return l.next }

// RoundTrip implements http.RoundTripper.
func (l *requestLog) RoundTrip(r *http.Request) (*http.Response, error) {
	start := l.now()
	resp, err := l.next.RoundTrip(r)
	outcome := "failed"
	if err == nil {
		outcome = fmt.Sprint(resp.StatusCode)
	}
	l.say("%s https://%s%s %s (%d ms)", r.Method, safetext.Line(r.URL.Host, 300), safetext.Line(r.URL.EscapedPath(), 1000), outcome, l.now().Sub(start).Milliseconds())
	return resp, err
}
