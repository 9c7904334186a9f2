package wire_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// The forms of Retry-After. A server's date counts from its own clock, which may be wrong.
func TestRetryAfter(t *testing.T) {
	const day = 24 * time.Hour
	const clock = "Mon, 05 Jan 2015 10:00:00 GMT"
	for name, tc := range map[string]struct {
		values []string
		date   string
		want   time.Duration
	}{
		"none":                        {nil, clock, 0},
		"seconds":                     {[]string{"120"}, clock, 2 * time.Minute},
		"zero":                        {[]string{"0"}, clock, 0},
		"negative":                    {[]string{"-5"}, clock, 0},
		"signed":                      {[]string{"+5"}, clock, 0},
		"a fraction":                  {[]string{"1.5"}, clock, 0},
		"a unit":                      {[]string{"5s"}, clock, 0},
		"blank":                       {[]string{""}, clock, 0},
		"garbage":                     {[]string{"soon"}, clock, 0},
		"other digits":                {[]string{"\u0665"}, clock, 0},
		"days":                        {[]string{"864000"}, clock, day},
		"huge":                        {[]string{"99999999999999999999999999"}, clock, day},
		"as large as an int":          {[]string{"9223372036854775807"}, clock, day},
		"a date":                      {[]string{"Mon, 05 Jan 2015 10:00:30 GMT"}, clock, 30 * time.Second},
		"a date of RFC 850":           {[]string{"Monday, 05-Jan-15 10:00:30 GMT"}, clock, 30 * time.Second},
		"a date of C":                 {[]string{"Mon Jan  5 10:00:30 2015"}, clock, 30 * time.Second},
		"a date that is over":         {[]string{"Mon, 05 Jan 2015 09:00:00 GMT"}, clock, 0},
		"a date in a thousand years":  {[]string{"Mon, 05 Jan 3015 10:00:00 GMT"}, clock, day},
		"a date, over by this clock":  {[]string{"Mon, 05 Jan 2015 10:00:30 GMT"}, "", 0},
		"a date, and no good clock":   {[]string{"Mon, 05 Jan 2015 10:00:30 GMT"}, "now", 0},
		"twice":                       {[]string{"5", "7"}, clock, 7 * time.Second},
		"twice, once as garbage":      {[]string{"x", "7"}, clock, 7 * time.Second},
		"twice in one":                {[]string{"5, 7"}, clock, 0},
		"a date of another time zone": {[]string{"Mon, 05 Jan 2015 10:00:30 +0200"}, clock, 0},
	} {
		for _, status := range []int{429, 503, 200, 301, 401, 500, 502} {
			r := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": tc.values, "Date": {tc.date}}}
			want := tc.want
			if status != 429 && status != 503 {
				want = 0
			}
			if got := wire.RetryAfter(r); got != want {
				t.Errorf("%s, %d: %s, not %s", name, status, got, want)
			}
		}
	}
}

// The error of a reply has it, below others too, and says it.
func TestErrorsSayHowLongToWait(t *testing.T) {
	for status, want := range map[int]time.Duration{503: 90 * time.Second, 429: 90 * time.Second, 500: 0} {
		c, url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(status)
		})
		failed := fails(t, c, get(url), wire.ErrServer)
		if got := wire.Wait(fmt.Errorf("ask: %w", failed)); got != want {
			t.Errorf("%d: %s", status, got)
		}
		asks := fmt.Sprintf("%s (%d)", map[int]string{503: "service unavailable", 429: "too many requests", 500: "internal server error"}[status], status)
		if want > 0 {
			asks += ", and asks to wait 1m30s"
		}
		if failed.Message != asks {
			t.Errorf("%q, not %q", failed.Message, asks)
		}
	}
	if wire.Wait(nil) != 0 || wire.Wait(wire.ErrServer) != 0 {
		t.Error("nobody said so")
	}
}
