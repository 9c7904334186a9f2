package oidc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

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
