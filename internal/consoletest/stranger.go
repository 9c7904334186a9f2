package consoletest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Stranger is a server that nobody should send anything to. It answers everything with 404, and keeps what it got.
type Stranger struct {
	mu  sync.Mutex
	got []string
}

// Stranger serves at addresses (HOST:PORT), with certificates that the world trusts; port 80 is without TLS.
func (w *World) Stranger(addresses ...string) *Stranger {
	w.t.Helper()
	s := &Stranger{}
	for _, address := range addresses {
		w.Serve(address, w.CA, s)
	}
	return s
}

// ServeHTTP keeps a request.
func (s *Stranger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, fmt.Sprintf("%s %s%s %v %s", r.Method, r.Host, r.RequestURI, r.Header, body))
	w.WriteHeader(http.StatusNotFound)
}

// Got returns the requests with their headers and bodies.
func (s *Stranger) Got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Redirect answers with a redirect that keeps method and body (307).
func Redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}
