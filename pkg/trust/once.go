package trust

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// transports are the ways to a server.
type transports struct {
	kept  *http.Transport // keeps connections, and net/http repeats a request when the server closes a reused one
	posts *http.Transport // keeps connections of HTTP/1.1, on which net/http repeats no POST
	once  *http.Transport // a new connection for each request, so that nothing is ever repeated

	wanted *atomic.Bool // the server has asked for the client certificate; nil: there is none
}

// ErrNoCertificate means that a server took no client certificate, so that it does not know who asks: something before it ends TLS, as the
// front of a Supervisor does.
var ErrNoCertificate = errors.New("it does not ask for the client certificate that proves who you are")

// send sends a request. If the server did not ask for the client certificate, its answer is for a stranger, and an ErrNoCertificate.
func (t transports) send(r *http.Request) (*http.Response, error) {
	resp, err := t.of(r).RoundTrip(watched(r))
	if err != nil || t.wanted == nil || t.wanted.Load() {
		return resp, err
	}
	_ = resp.Body.Close()
	return nil, ErrNoCertificate
}

// postIdle is how long a connection for passwords waits for another one: a server that closes it at that moment leaves an unknown outcome.
const postIdle = 5 * time.Second

// newTransports returns the ways to a server. Requests with a password, which the server may count, must go out once or not at all.
// net/http sends a GET or DELETE again if a reused connection breaks before the reply, and a POST only if nothing of it was written
// (Request.isReplayable, persistConn.shouldRetryRequest in net/http/transport.go). HTTP/2 sends any request again that the server says it
// did not process (RFC 9113, section 8.7). So passwords go over HTTP/1.1, and all but POST over a new connection. A login sends a POST for
// each cluster: with new connections, one to 1,000 clusters took half as long again.
func newTransports(kept *http.Transport) transports {
	posts := kept.Clone()
	posts.IdleConnTimeout = postIdle
	posts.ForceAttemptHTTP2 = false
	posts.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	posts.TLSClientConfig.NextProtos = nil
	posts.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	once := posts.Clone()
	once.DisableKeepAlives = true
	return transports{kept: kept, posts: posts, once: once}
}

// of returns the way for a request.
func (t transports) of(r *http.Request) *http.Transport {
	switch {
	case !carriesPassword(r):
		return t.kept
	case r.Method == http.MethodPost && len(r.Header["Idempotency-Key"])+len(r.Header["X-Idempotency-Key"]) == 0:
		return t.posts
	}
	return t.once
}

func (t transports) closeIdle() {
	t.kept.CloseIdleConnections()
	t.posts.CloseIdleConnections()
	t.once.CloseIdleConnections()
}

type onceKey struct{}

// Once marks the requests of a context: their body holds a password, so a Transport sends each at most once. A password in a header
// needs no mark.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// carriesPassword reports whether a server may count a request as an attempt to log in: HTTP Basic authentication (RFC 7617), the
// header of Pinniped's password flow, or a body that Once marks.
func carriesPassword(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Basic") || r.Header.Get("Pinniped-Password") != "" || r.Context().Value(onceKey{}) != nil
}

// Watch learns how many requests with a password of its context may have reached a server.
type Watch struct {
	tried, connected atomic.Int32
	of               *Watch // of the context before; it learns the same
}

type watchKey struct{}

// Watching returns a context whose requests with a password are watched. A watch of ctx learns of them too.
func Watching(ctx context.Context) (context.Context, *Watch) {
	of, _ := ctx.Value(watchKey{}).(*Watch)
	w := &Watch{of: of}
	return context.WithValue(ctx, watchKey{}, w), w
}

// Unsent reports whether there were requests with a password, and none got a connection on which to send it: no server, no route, no
// trust.
func (w *Watch) Unsent() bool { return w.tried.Load() > 0 && w.connected.Load() == 0 }

// Sent returns how many requests with a password got a connection.
func (w *Watch) Sent() int { return int(w.connected.Load()) }

// watched returns the request with a trace for the watch of its context, if that has one.
func watched(r *http.Request) *http.Request {
	w, _ := r.Context().Value(watchKey{}).(*Watch)
	if w == nil || !carriesPassword(r) {
		return r
	}
	for w := w; w != nil; w = w.of {
		w.tried.Add(1)
	}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		for w := w; w != nil; w = w.of {
			w.connected.Add(1)
		}
	}}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
}
