package callback

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
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

func TestMain(m *testing.M) { leak.Main(m) }

// newPage is the page of a login with the state s. Without redeem, every code is good.
func newPage(redirect string, redeem func(redact.Secret) error) *Page {
	if redeem == nil {
		redeem = func(redact.Secret) error { return nil }
	}
	return New(Login{Redirect: redirect, Issuer: "https://issuer", Redeem: redeem, Code: func(answer url.Values) (redact.Secret, error) {
		if answer.Get("state") != "s" {
			return "", ErrState
		}
		return redact.Secret(answer.Get("code")), nil
	}})
}

// The port that http has anyhow is not in what a browser sends.
func TestCallbackAtPort80(t *testing.T) {
	back := newPage("http://127.0.0.1:80/callback", nil)
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
				back := newPage("http://127.0.0.1:7/callback", nil)
				go func() { ended <- back.Serve(ctx, l) }()
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
				if err := back.Settle("c", nil); !errors.Is(err, ErrOver) {
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
	redeemed, redirect := 0, "http://"+l.Addr().String()+"/callback"
	back := newPage(redirect, func(redact.Secret) error {
		cancel()
		time.Sleep(50 * time.Millisecond)
		redeemed++
		return ctx.Err()
	})
	go func() { _, _ = http.Get(redirect + "?state=s&code=c") }()
	if err := back.Serve(ctx, l); !errors.Is(err, context.Canceled) || redeemed != 1 {
		t.Errorf("%v, redeemed %d times", err, redeemed)
	}
}
