package browser

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

const secretPage = "https://sup.example.com/console?ticket=t1"

// asked asks a handover as a browser does.
func asked(t *testing.T, method, url, host string) (status int, location string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{DisableKeepAlives: true}}
	reply, err := client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	if strings.Contains(string(text), "ticket") {
		t.Errorf("the page is in the body: %s", text)
	}
	return reply.StatusCode, reply.Header.Get("Location")
}

// The first who asks for the whole path is sent on. Nobody else learns the page.
func TestHandover(t *testing.T) {
	h := &handover{path: "/nonce", page: redact.Secret(secretPage), fetched: make(chan struct{})}
	l, err := Listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	defer func() { _ = server.Close(); <-done }()
	at := "http://" + l.Addr().String()
	for _, c := range []struct {
		method, path, host string
		status             int
		location           string
	}{
		{"GET", "/", "", 404, ""}, {"GET", "/favicon.ico", "", 404, ""}, {"HEAD", "/nonce", "", 404, ""}, {"POST", "/nonce", "", 404, ""},
		{"GET", "/nonce", "rebound.example.com:80", 404, ""}, {"GET", "/nonce", "", 302, secretPage}, {"GET", "/nonce", "", 410, ""},
	} {
		if status, location := asked(t, c.method, at+c.path, c.host); status != c.status || location != c.location {
			t.Errorf("%+v: %d %s", c, status, location)
		}
	}
}

// The address of the page is among nobody's arguments, and the wait for the browser has an end.
func TestHandoverEnds(t *testing.T) {
	script, opened := noting(t)
	e := &console.Env{GOOS: "linux", Getenv: func(name string) string { return map[string]string{browserVariable: script}[name] }, LookPath: exec.LookPath, Now: time.Now}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() { got <- Handover(ctx, e, secretPage, time.Now().Add(time.Minute)) }()
	page := opened()
	if !strings.HasPrefix(page, "http://127.0.0.1:") || strings.Contains(page, "ticket") {
		t.Error(page)
	}
	if status, location := asked(t, http.MethodGet, page, ""); status != http.StatusFound || location != secretPage {
		t.Error(status, location)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	// Nobody waits for these browsers, so they write nothing.
	e.Getenv = func(string) string { return "true" }
	go func() { got <- Handover(ctx, e, secretPage, time.Now().Add(time.Minute)) }()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := Handover(t.Context(), e, secretPage, time.Now()); !errors.Is(err, ErrNotFetched) {
		t.Error(err)
	}
	e.Getenv = func(string) string { return "" }
	if err := Handover(t.Context(), e, secretPage, time.Now().Add(time.Minute)); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
