package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// callback is the page that the browser comes back to. It takes one answer, redeems it, and shows the result.
type callback struct {
	attempt attempt
	host    string // of the redirect URI; a page of another site that reaches this port under its own name is refused
	title   string // of its pages
	origin  string // of the issuer, whose page may post the answer
	redeem  func(redact.Secret) error

	mu   sync.Mutex
	over bool
	err  error
	done chan struct{} // closed when it is over and the browser has its page
}

func newCallback(a attempt, issuer string, redeem func(redact.Secret) error) *callback {
	c := &callback{attempt: a, redeem: redeem, done: make(chan struct{})}
	if u, err := url.Parse(a.redirect); err == nil {
		c.host = strings.TrimSuffix(u.Host, ":80") // Browsers leave out the default port.
	}
	if u, err := url.Parse(issuer); err == nil {
		c.origin = u.Scheme + "://" + u.Host
	}
	return c
}

// maxAnswer bounds a request of a browser, in bytes.
const maxAnswer = 1 << 20

// serve takes requests from l until the login is over, or ctx ends.
func (c *callback) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: c, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: maxAnswer,
		ErrorLog: discard,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	defer func() { // say has sent its page. Idle connections and unfinished requests are not waited for.
		_ = server.Close()
		<-failed    //nolint:errcheck // It says that the server was closed.
		c.mu.Lock() // A redemption under way ends with ctx. No other begins afterwards.
		defer c.mu.Unlock()
		c.over = true
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return c.err
	case err := <-failed:
		failed <- err
		return fmt.Errorf("listen for the browser: %w", err)
	}
}

// ServeHTTP checks host, path, method and state, in this order, before anything else.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	switch {
	case r.Host != c.host:
		c.say(w, http.StatusForbidden, "This is no page of that host.")
		return
	case r.URL.Path != "/callback":
		c.say(w, http.StatusNotFound, "There is nothing here.")
		return
	}
	if r.Header.Get("Origin") == c.origin {
		h.Set("Vary", "*")
		h.Set("Access-Control-Allow-Origin", c.origin)
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	switch r.Method {
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
			h.Set("Access-Control-Allow-Headers", "content-type")
		}
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		c.answer(w, r.URL.Query())
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
		if err := r.ParseForm(); err != nil {
			c.say(w, http.StatusBadRequest, "The answer cannot be read.")
			return
		}
		c.answer(w, r.PostForm)
	default:
		h.Set("Allow", "GET, POST, OPTIONS")
		c.say(w, http.StatusMethodNotAllowed, "A login does not end this way.")
	}
}

// answer takes the first answer that belongs to this login. It redeems the code before it replies, so that the page
// shows the result.
func (c *callback) answer(w http.ResponseWriter, params url.Values) {
	code, err := c.attempt.code(params)
	if errors.Is(err, errState) {
		c.say(w, http.StatusForbidden, "This answer is not to the login that is under way. Nothing was done with it.")
		return
	}
	switch err := c.settle(code, err); {
	case errors.Is(err, errOver):
		c.say(w, http.StatusConflict, "This login was answered before. Look at the terminal for how it went.")
	case err != nil:
		c.say(w, http.StatusBadRequest, "You are not logged in: "+err.Error())
		c.finish()
	default:
		c.say(w, http.StatusOK, "You are logged in. You can close this page and go back to the terminal.")
		c.finish()
	}
}

// errOver means that the login has its answer already.
var errOver = errors.New("the login was answered before")

// settle ends the login with a code, which it redeems, or with the error of an answer without one. Only the first
// call counts.
func (c *callback) settle(code redact.Secret, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return errOver
	}
	c.over = true
	if err == nil {
		err = c.redeem(code)
	}
	c.err = err
	return err
}

// finish lets serve return. Only the caller whose settle counted calls it.
func (c *callback) finish() { close(c.done) }

// say sends a page without scripts and without anything from another server. It is sent whole, so that the server may
// be closed at once.
func (c *callback) say(w http.ResponseWriter, status int, text string) {
	title := html.EscapeString(cmp.Or(c.title, "Login"))
	page := `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>` + title + `</title></head>
<body><h1>` + title + `</h1><p>` + html.EscapeString(text) + `</p></body></html>
`
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page)
	_ = http.NewResponseController(w).Flush()
}
