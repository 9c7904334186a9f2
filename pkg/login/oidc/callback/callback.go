// Package callback is the page on this machine that a browser comes back to at the end of a login (RFC 8252, section 7.3). It listens where it is told
// to, takes one answer, and shows how the login went. It knows nothing of OpenID Connect: functions read and redeem the answer.
package callback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// Login is what a page knows of the login that it ends.
type Login struct {
	Redirect string // URL of the page; another site's page that reaches its port under another name is refused
	Issuer   string // URL, whose pages may post the answer
	Title    string // of the page; empty: "Login"
	// Code reads an answer. Its error is ErrState for one that belongs to another login; any other ends the login.
	Code func(url.Values) (redact.Secret, error)
	// Redeem uses the code, once. Its error is the outcome of the login.
	Redeem func(redact.Secret) error
}

// ErrState means that an answer belongs to another login.
var ErrState = errors.New("the answer is not to this login (state)")

// Page takes one answer, redeems it, and shows the result.
type Page struct {
	login  Login
	host   string // of the redirect URI
	origin string // of the issuer

	mu   sync.Mutex
	over bool
	err  error
	done chan struct{} // closed when it is over and the browser has its page
}

// New returns the page of a login.
func New(l Login) *Page {
	p := &Page{login: l, done: make(chan struct{})}
	if u, err := url.Parse(l.Redirect); err == nil {
		p.host = strings.TrimSuffix(u.Host, ":80") // Browsers leave out the default port.
	}
	if u, err := url.Parse(l.Issuer); err == nil {
		p.origin = u.Scheme + "://" + u.Host
	}
	return p
}

// discard drops the messages of net/http about browsers that close a connection.
var discard = log.New(io.Discard, "", 0)

// maxAnswer bounds a request of a browser, in bytes.
const maxAnswer = 1 << 20

// Serve takes requests from l until the login is over, or ctx ends.
func (p *Page) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: p, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: maxAnswer,
		ErrorLog: discard,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	defer func() { // say has sent its page. Idle connections and unfinished requests are not waited for.
		_ = server.Close()
		<-failed    //nolint:errcheck // It says that the server was closed.
		p.mu.Lock() // A redemption under way ends with ctx. No other begins afterwards.
		defer p.mu.Unlock()
		p.over = true
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
		return p.err
	case err := <-failed:
		failed <- err
		return fmt.Errorf("listen for the browser: %w", err)
	}
}

// ServeHTTP checks host, path, method and state, in this order, before anything else.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	switch {
	case r.Host != p.host:
		p.say(w, http.StatusForbidden, "This is no page of that host.")
		return
	case r.URL.Path != "/callback":
		p.say(w, http.StatusNotFound, "There is nothing here.")
		return
	}
	if r.Header.Get("Origin") == p.origin {
		h.Set("Vary", "*")
		h.Set("Access-Control-Allow-Origin", p.origin)
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
		p.answer(w, r.URL.Query())
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
		if err := r.ParseForm(); err != nil {
			p.say(w, http.StatusBadRequest, "The answer cannot be read.")
			return
		}
		p.answer(w, r.PostForm)
	default:
		h.Set("Allow", "GET, POST, OPTIONS")
		p.say(w, http.StatusMethodNotAllowed, "A login does not end this way.")
	}
}

// answer takes the first answer that belongs to this login. It redeems the code before it replies, so that the page
// shows the result.
func (p *Page) answer(w http.ResponseWriter, params url.Values) {
	code, err := p.login.Code(params)
	if errors.Is(err, ErrState) {
		p.say(w, http.StatusForbidden, "This answer is not to the login that is under way. Nothing was done with it.")
		return
	}
	switch err := p.Settle(code, err); {
	case errors.Is(err, ErrOver):
		p.say(w, http.StatusConflict, "This login was answered before. Look at the terminal for how it went.")
	case err != nil:
		p.say(w, http.StatusBadRequest, "You are not logged in: "+err.Error())
		p.finish()
	default:
		p.say(w, http.StatusOK, "You are logged in. You can close this page and go back to the terminal.")
		p.finish()
	}
}

// ErrOver means that the login has its answer already.
var ErrOver = errors.New("the login was answered before")

// Settle ends the login with a code, which it redeems, or with the error of an answer without one. Only the first
// call counts.
func (p *Page) Settle(code redact.Secret, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return ErrOver
	}
	p.over = true
	if err == nil {
		err = p.login.Redeem(code)
	}
	p.err = err
	return err
}

// finish lets Serve return. Only the caller whose Settle counted calls it.
func (p *Page) finish() { close(p.done) }

// say sends a page without scripts and without anything from another server. It is sent whole, so that the server may
// be closed at once.
func (p *Page) say(w http.ResponseWriter, status int, text string) {
	title := html.EscapeString(cmp.Or(p.login.Title, "Login"))
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
