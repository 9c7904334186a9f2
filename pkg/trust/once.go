package trust

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// transports are the two ways to a server.
type transports struct {
	kept *http.Transport // keeps connections, and net/http repeats a request when the server closes a reused one
	once *http.Transport // a new connection for each request, so that nothing is ever repeated
}

// once is for requests with a password, which the server may count: a request must go out once or not at all. net/http sends a GET
// again if a reused connection breaks before the reply (Request.isReplayable, persistConn.shouldRetryRequest in net/http/transport.go),
// and HTTP/2 sends any request again that the server says it did not process (RFC 9113, section 8.7). Neither happens on a new
// connection of HTTP/1.1.
func once(kept *http.Transport) *http.Transport {
	t := kept.Clone()
	t.DisableKeepAlives = true
	t.ForceAttemptHTTP2 = false
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	t.TLSClientConfig.NextProtos = nil
	// A resumed session saves the certificates and their verification: the costly part of 1,000 connections.
	t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	return t
}

// of returns the way for a request.
func (t transports) of(r *http.Request) *http.Transport {
	if carriesPassword(r) {
		return t.once
	}
	return t.kept
}

func (t transports) closeIdle() {
	t.kept.CloseIdleConnections()
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
type Watch struct{ tried, connected atomic.Int32 }

type watchKey struct{}

// Watching returns a context whose requests with a password are watched.
func Watching(ctx context.Context) (context.Context, *Watch) {
	w := new(Watch)
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
	w.tried.Add(1)
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { w.connected.Add(1) }}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
}
