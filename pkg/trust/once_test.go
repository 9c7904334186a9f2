package trust

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Only a request that got no connection cannot have been counted.
func TestWatchKnowsWhatWasSent(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // It accepts connections and speaks no TLS.
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	basic := func(r *http.Request) { r.SetBasicAuth("ada", "wrong") }
	for name, c := range map[string]struct {
		url    string
		mode   Mode
		with   func(*http.Request)
		unsent bool
	}{
		"an answer":                     {server.URL, Insecure, basic, false},
		"a port where nobody is":        {"https://127.0.0.1:1", Insecure, basic, true},
		"no such host":                  {"https://nobody.invalid", Insecure, basic, true},
		"a stranger":                    {server.URL, System, basic, true},
		"no TLS":                        {"https://" + deaf.Addr().String(), Insecure, basic, true},
		"a request without one":         {"https://127.0.0.1:1", Insecure, func(*http.Request) {}, false},
		"Pinniped's header":             {"https://127.0.0.1:1", Insecure, func(r *http.Request) { r.Header.Set("Pinniped-Password", "wrong") }, true},
		"a body that is marked":         {"https://127.0.0.1:1", Insecure, func(r *http.Request) { *r = *r.WithContext(Once(r.Context())) }, true},
		"a bearer token is no password": {"https://127.0.0.1:1", Insecure, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, false},
	} {
		patience := time.Minute
		if name == "no TLS" { // It is waited for in vain.
			patience = 200 * time.Millisecond
		}
		h, err := Trust{Mode: c.mode}.Client(Options{Timeout: patience})
		if err != nil {
			t.Fatal(err)
		}
		outer, around := Watching(t.Context())
		ctx, watch := Watching(outer)
		ctx, cancel := context.WithTimeout(ctx, 5*patience)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		c.with(r)
		if resp, err := h.Do(r); err == nil {
			_ = resp.Body.Close()
		}
		cancel()
		if got := watch.Unsent(); got != c.unsent {
			t.Errorf("%s: unsent: %t", name, got)
		}
		if around.Unsent() != watch.Unsent() || around.Sent() != watch.Sent() {
			t.Errorf("%s: the watch around it knows something else", name)
		}
		h.CloseIdleConnections()
	}
	_, watch := Watching(t.Context())
	if watch.Unsent() {
		t.Error("without any request, nobody knows")
	}
}
