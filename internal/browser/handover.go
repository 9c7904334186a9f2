package browser

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// ErrNotFetched is the error of a page that no browser has come for.
var ErrNotFetched = errors.New("no browser has come for the page")

// Handover opens a page whose address is a secret, until a time at most. All users of a machine see the arguments of its programs, so the
// browser gets another address: of this program, on this machine. There it is sent on to the page, once. Handover returns when that is done.
func Handover(ctx context.Context, e *console.Env, page redact.Secret, until time.Time) error {
	l, err := Listen(ctx, "")
	if err != nil {
		return err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // It never fails.
	h := &handover{path: "/" + base64.RawURLEncoding.EncodeToString(nonce), page: page, fetched: make(chan struct{})}
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerTime}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		defer cancel()
		if server.Shutdown(ending) != nil {
			_ = server.Close()
		}
		serving.Wait()
	}()
	failed := make(chan error, 1)
	if err := Open(ctx, e, Page{URL: "http://" + l.Addr().String() + h.path, Failed: func(err error) { failed <- err }}); err != nil {
		return err
	}
	select {
	case <-h.fetched:
		return nil
	case err := <-failed:
		return err
	case <-console.Timer(e, until.Sub(e.Now())):
		return ErrNotFetched
	case <-ctx.Done():
		return ctx.Err()
	}
}

const (
	headerTime = 5 * time.Second
	endTime    = time.Second // for the reply to be sent
)

// handover sends the first who asks for a path on to a page.
type handover struct {
	path    string
	page    redact.Secret
	fetched chan struct{}
	once    sync.Once
}

// ServeHTTP answers the browser.
func (h *handover) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.Host)
	status := http.StatusGone
	if r.URL.Path != h.path || r.Method != http.MethodGet || host != "127.0.0.1" {
		http.NotFound(w, r)
		return
	}
	h.once.Do(func() {
		status = http.StatusFound
		w.Header().Set("Location", h.page.Reveal())
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		close(h.fetched)
	})
	w.WriteHeader(status)
}
