package oidc

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// login is one that waits for its answer.
type login struct {
	t        *testing.T
	i        *issuer
	page     url.Values // of the authorization request
	back     string     // the redirect URI
	pasted   chan string
	refused  chan error
	claims   chan Claims
	err      chan error
	cancel   func()
	listener net.Listener
}

// begin starts a login in which the token endpoint would answer n codes.
func begin(t *testing.T, formPost bool) *login {
	t.Helper()
	i := newIssuer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	in := &login{t: t, i: i, pasted: make(chan string), refused: make(chan error, 8), claims: make(chan Claims, 1), err: make(chan error, 1), cancel: cancel, listener: l}
	shown := make(chan struct{})
	go func() {
		claims, err := i.client.Browse(ctx, Browser{
			Listener: l, FormPost: formPost,
			Show: func(_ context.Context, page string) error {
				u, err := url.Parse(page)
				in.page = u.Query()
				in.back = in.page.Get("redirect_uri")
				i.answers = []answer{i.tokens(1, in.page.Get("nonce"))}
				close(shown)
				return err
			},
			Paste: func(ctx context.Context) (string, error) {
				select {
				case s, ok := <-in.pasted:
					if !ok {
						return "", io.EOF
					}
					return s, nil
				case <-ctx.Done():
					return "", ctx.Err()
				}
			},
			Refused: func(err error) { in.refused <- err },
		})
		in.claims <- claims
		in.err <- err
	}()
	<-shown
	return in
}

func (in *login) answer() url.Values {
	return url.Values{"code": {"pin_ac_123456789"}, "state": {in.page.Get("state")}}
}

// ask is what a browser sends, without following anything.
func (in *login) ask(method, address string, body string, header http.Header) (int, http.Header, string) {
	in.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		in.t.Fatal(err)
	}
	req.Close = true
	for name, values := range header {
		req.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(text)
}

func (in *login) ended() (Claims, error) {
	in.t.Helper()
	select {
	case err := <-in.err:
		return <-in.claims, err
	case <-time.After(10 * time.Second):
		in.t.Fatal("the login does not end")
		return Claims{}, nil
	}
}

func TestBrowse(t *testing.T) {
	in := begin(t, false)
	if mode := in.page.Get("response_mode"); mode != "query" {
		t.Errorf("response_mode is %q", mode)
	}
	if !strings.HasPrefix(in.back, "http://127.0.0.1:") || !strings.HasSuffix(in.back, "/callback") {
		t.Errorf("redirect_uri is %q", in.back)
	}
	status, header, page := in.ask("GET", in.back+"?"+in.answer().Encode(), "", nil)
	if status != 200 || !strings.Contains(page, "You are logged in") {
		t.Errorf("%d %s", status, page)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "http") || !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") ||
		header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v %s", header, page)
	}
	claims, err := in.ended()
	if err != nil || claims.Username != "alice@corp.example" {
		t.Errorf("%+v %v", claims, err)
	}
	if _, err := net.Dial("tcp", in.listener.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

// TestCallbackTurnsAway: none of these ends the login, and none reaches the token endpoint; the right answer still works after each.
func TestCallbackTurnsAway(t *testing.T) {
	for name, tc := range map[string]struct {
		method, path string
		header       http.Header
		state        string
		want         int
	}{
		"another host":          {"GET", "/callback", http.Header{"Host": {"evil.example"}}, "", 403},
		"the name localhost":    {"GET", "/callback", http.Header{"Host": {"localhost:80"}}, "", 403},
		"another path":          {"GET", "/", nil, "", 404},
		"a favicon":             {"GET", "/favicon.ico", nil, "", 404},
		"another state":         {"GET", "/callback", nil, "theirs", 403},
		"an empty state":        {"GET", "/callback", nil, "-", 403},
		"another method":        {"PUT", "/callback", nil, "", 405},
		"HEAD":                  {"HEAD", "/callback", nil, "", 405},
		"POST with another one": {"POST", "/callback", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, "theirs", 403},
	} {
		t.Run(name, func(t *testing.T) {
			in := begin(t, false)
			params := in.answer()
			switch tc.state {
			case "":
			case "-":
				params.Del("state")
			default:
				params.Set("state", tc.state)
			}
			address, body := strings.TrimSuffix(in.back, "/callback")+tc.path, ""
			if tc.method == "POST" {
				body = params.Encode()
			} else {
				address += "?" + params.Encode()
			}
			if status, _, page := in.ask(tc.method, address, body, tc.header); status != tc.want || strings.Contains(page, "pin_ac_123456789") {
				t.Errorf("%d %s", status, page)
			}
			if len(in.i.forms) > 0 {
				t.Error("the code was redeemed")
			}
			if status, _, _ := in.ask("GET", in.back+"?"+in.answer().Encode(), "", nil); status != 200 {
				t.Errorf("then: %d", status)
			}
			if _, err := in.ended(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The port that http has anyhow is not in what a browser sends.
func TestCallbackAtPort80(t *testing.T) {
	back := newCallback(attempt{state: "s", redirect: "http://127.0.0.1:80/callback"}, "https://issuer", func(redact.Secret) error { return nil })
	for host, status := range map[string]int{"127.0.0.1": 200, "127.0.0.1:80": 403, "localhost": 403, "127.0.0.1:8080": 403} {
		back.over, back.done = false, make(chan struct{})
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/callback?state=s&code=c", nil)
		r.Host = host
		back.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: %d", host, w.Code)
		}
		if !w.Flushed || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Error("the server may be closed before the page is sent whole")
		}
	}
}

// pipes is a listener in memory, so that a whole server can stand in a bubble of testing/synctest.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error { close(p); return nil }
func (pipes) Addr() net.Addr { return nil }

// dial opens a connection and sends what a browser does.
func (p pipes) dial(sent string) net.Conn {
	browser, server := net.Pipe()
	p <- server
	_, _ = io.WriteString(browser, sent)
	return browser
}

// Browsers open spare connections, and a page may leave a request without its end: neither is waited for, by the clock of the bubble. The
// browser that is answered gets its page whole.
func TestCallbackEndsAtOnce(t *testing.T) {
	for name, want := range map[string]error{"an answer": nil, "Ctrl-C": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, ended := make(pipes), make(chan error, 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				back := newCallback(attempt{state: "s", redirect: "http://127.0.0.1:7/callback"}, "https://issuer", func(redact.Secret) error { return nil })
				go func() { ended <- back.serve(ctx, l) }()
				others := []net.Conn{
					l.dial(""), l.dial("POST /callback HTTP/1.1\r\nHost: 127.0.0.1:7\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n"),
				}
				synctest.Wait()
				began := time.Now()
				if want != nil {
					cancel()
				} else {
					resp, err := http.ReadResponse(bufio.NewReader(l.dial("GET /callback?state=s&code=c HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n")), nil)
					if err != nil {
						t.Fatal(err)
					}
					if page, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(page), "You are logged in") || !strings.HasSuffix(string(page), "</html>\n") {
						t.Errorf("%q %v", page, err)
					}
				}
				if err := <-ended; !errors.Is(err, want) || time.Since(began) > 0 {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				if err := back.settle("c", nil); !errors.Is(err, errOver) {
					t.Errorf("a code that comes afterwards: %v", err)
				}
				for _, c := range others {
					if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
						t.Errorf("a connection is left: %v", err)
					}
				}
			})
		})
	}
}

// A caller that waited for the end of a login may read what a code gave.
func TestCallbackEndsWithItsCode(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	redeemed := 0
	back := newCallback(attempt{state: "s", redirect: RedirectURI(l)}, "https://issuer", func(redact.Secret) error {
		cancel()
		time.Sleep(50 * time.Millisecond)
		redeemed++
		return ctx.Err()
	})
	go func() { _, _ = http.Get(RedirectURI(l) + "?state=s&code=c") }()
	if err := back.serve(ctx, l); !errors.Is(err, context.Canceled) || redeemed != 1 {
		t.Errorf("%v, redeemed %d times", err, redeemed)
	}
}

func TestCallbackBoundsTheAnswer(t *testing.T) {
	in := begin(t, true)
	params := in.answer()
	params.Set("more", strings.Repeat("x", 2<<20))
	status, _, _ := in.ask("POST", in.back, params.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	if status != 400 || len(in.i.forms) > 0 {
		t.Errorf("%d", status)
	}
	in.cancel()
	if _, err := in.ended(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A page of the issuer may post the answer: only that origin is told so.
func TestFormPost(t *testing.T) {
	in := begin(t, true)
	if mode := in.page.Get("response_mode"); mode != "form_post" {
		t.Errorf("response_mode is %q", mode)
	}
	origin := strings.TrimSuffix(in.i.url, "/wcp/pinniped")
	preflight := http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"content-type"}}
	status, header, _ := in.ask("OPTIONS", in.back, "", preflight)
	if status != 204 || header.Get("Access-Control-Allow-Origin") != origin || header.Get("Vary") != "*" || !strings.Contains(header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("%d %v", status, header)
	}
	preflight.Set("Origin", "https://evil.example")
	if _, header, _ := in.ask("OPTIONS", in.back, "", preflight); header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin is told that it may: %v", header)
	}
	status, header, _ = in.ask("POST", in.back, in.answer().Encode(), http.Header{"Origin": {origin}, "Content-Type": {"application/x-www-form-urlencoded"}})
	if status != 200 || header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("%d %v", status, header)
	}
	if _, err := in.ended(); err != nil {
		t.Error(err)
	}
}

func TestDenied(t *testing.T) {
	in := begin(t, false)
	answer := url.Values{"state": {in.page.Get("state")}, "error": {"access_denied"}, "error_description": {"<b>No</b>"}}
	status, _, page := in.ask("GET", in.back+"?"+answer.Encode(), "", nil)
	if status != 400 || !strings.Contains(page, "not logged in") || strings.Contains(page, "<b>") {
		t.Errorf("%d %s", status, page)
	}
	if _, err := in.ended(); !errors.Is(err, wire.ErrRefused) {
		t.Error(err)
	}
}

// The page tells how it went at the token endpoint, too.
func TestThePageTellsOfATokenThatIsNotBelieved(t *testing.T) {
	in := begin(t, false)
	in.i.answers = []answer{in.i.tokens(1, "another nonce")}
	status, _, page := in.ask("GET", in.back+"?"+in.answer().Encode(), "", nil)
	if status != 400 || !strings.Contains(page, "another login") {
		t.Errorf("%d %s", status, page)
	}
	var distrusted *TokenError
	if _, err := in.ended(); !errors.As(err, &distrusted) {
		t.Error(err)
	}
}

// Two tabs: one of them is redeemed.
func TestTwoAnswers(t *testing.T) {
	in := begin(t, false)
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 8 {
		all.Go(func() {
			resp, err := http.Get(in.back + "?" + in.answer().Encode())
			if err != nil {
				return // It is closed by then.
			}
			defer resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[resp.StatusCode]++
		})
	}
	if _, err := in.ended(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if statuses[200] != 1 || len(in.i.forms) != 1 {
		t.Errorf("%v, %d codes redeemed", statuses, len(in.i.forms))
	}
}

func TestPaste(t *testing.T) {
	for name, text := range map[string]func(in *login) string{
		"the code":              func(*login) string { return " pin_ac_123456789\n" },
		"the address":           func(in *login) string { return in.back + "?" + in.answer().Encode() },
		"the query":             func(in *login) string { return in.answer().Encode() },
		"the address with more": func(in *login) string { return in.back + "?scope=a+b&" + in.answer().Encode() },
	} {
		in := begin(t, false)
		in.pasted <- text(in)
		if _, err := in.ended(); err != nil || in.i.forms[0].Get("code") != "pin_ac_123456789" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What cannot be a code is told, and the next one is taken.
func TestPasteWrongThings(t *testing.T) {
	in := begin(t, false)
	other := in.answer()
	other.Set("state", "theirs")
	for _, text := range []string{"", "two words", "https://issuer.example/login", in.back + "?" + other.Encode(), strings.Repeat("x", 10<<10), strings.Repeat("x", 4095), "\x1b[2J"} {
		in.pasted <- text
		if err := <-in.refused; err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if len(in.i.forms) > 0 {
		t.Error("one was redeemed")
	}
	in.pasted <- "pin_ac_123456789"
	if _, err := in.ended(); err != nil {
		t.Error(err)
	}
}

// Without anybody to paste the browser still counts.
func TestPasteEnds(t *testing.T) {
	in := begin(t, false)
	close(in.pasted)
	if status, _, _ := in.ask("GET", in.back+"?"+in.answer().Encode(), "", nil); status != 200 {
		t.Error(status)
	}
	if _, err := in.ended(); err != nil {
		t.Error(err)
	}
}

func TestPasteDenied(t *testing.T) {
	in := begin(t, false)
	in.pasted <- in.back + "?error=access_denied&state=" + in.page.Get("state")
	if _, err := in.ended(); !errors.Is(err, wire.ErrRefused) {
		t.Error(err)
	}
}

func TestBrowseIsCancelled(t *testing.T) {
	in := begin(t, false)
	in.cancel()
	if _, err := in.ended(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestResponseMode(t *testing.T) {
	for _, tc := range []struct {
		offered  []string
		formPost bool
		want     string
	}{
		{nil, true, ""}, {[]string{"query"}, true, "query"}, {[]string{"query", "form_post"}, false, "query"},
		{[]string{"query", "form_post"}, true, "form_post"}, {[]string{"form_post"}, false, "form_post"}, {[]string{"fragment"}, false, ""},
	} {
		c := &Client{Session: Session{Provider: Provider{ResponseModes: tc.offered}}}
		if got := c.responseMode(tc.formPost); got != tc.want {
			t.Errorf("%v, %t: %q", tc.offered, tc.formPost, got)
		}
	}
}
