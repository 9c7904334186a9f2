package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Lines arrive one by one, while the reply is under way, for longer than the client's timeout. One that is cut off is left out.
func TestLines(t *testing.T) {
	seen := make(chan string)
	c, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token.Reveal() {
			t.Errorf("%q", r.Header)
		}
		fmt.Fprint(w, "one\r\n\ntw")
		w.(http.Flusher).Flush()
		if got := <-seen; got != "one" {
			t.Errorf("%q", got)
		}
		if got := <-seen; got != "" {
			t.Errorf("%q", got)
		}
		time.Sleep(1200 * time.Millisecond)
		fmt.Fprint(w, "o\nthr")
	})
	c.Timeout = time.Second
	var all []string
	err := c.Lines(t.Context(), wire.Request{Method: http.MethodGet, URL: url, Bearer: held(url, token)}, func(line []byte) error {
		if all = append(all, string(line)); len(all) < 3 {
			seen <- string(line)
		}
		return nil
	})
	if err != nil || !slices.Equal(all, []string{"one", "", "two"}) {
		t.Errorf("%q %v", all, err)
	}
}

// What does not begin, breaks off or is refused is an error as of every exchange; so is that of who reads, and of who stops it.
func TestLinesThatFail(t *testing.T) {
	enough := errors.New("enough")
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    error
		text    string
	}{
		"403":       {reply(403, "application/json", `{"message":"you may not"}`), wire.ErrForbidden, "you may not"},
		"no answer": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, wire.ErrUnreachable, "no answer within 100ms"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "one\nhalf")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, wire.ErrUnreachable, "closed before the reply was complete"},
		"the reader": {reply(200, "", "stop\n"), enough, "enough"},
	} {
		c, url := serve(t, tc.handler)
		if name == "no answer" {
			c.Timeout = 100 * time.Millisecond
		}
		var all []string
		err := c.Lines(t.Context(), get(url), func(line []byte) error {
			if all = append(all, string(line)); string(line) == "stop" {
				return enough
			}
			return nil
		})
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) || slices.Contains(all, "half") {
			t.Errorf("%s: %v %q", name, err, all)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "one")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	if err := c.Lines(ctx, get(url), func([]byte) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A line that does not end is cut off.
func TestLinesAreBounded(t *testing.T) {
	sent := make(chan int, 1)
	c, url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk, n := []byte(strings.Repeat("x", 1<<16)), 0
		for n < 1<<30 {
			if _, err := w.Write(chunk); err != nil {
				break
			}
			n += len(chunk)
		}
		sent <- n
	})
	err := c.Lines(t.Context(), get(url), func([]byte) error { return errors.New("a line") })
	if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), "a line of more than 4 MiB") {
		t.Error(err)
	}
	if n := <-sent; n > 64<<20 { // What is under way when the client leaves counts.
		t.Errorf("%d MiB", n>>20)
	}
}
