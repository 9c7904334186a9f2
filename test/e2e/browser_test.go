package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// player plays a browser without scripts: it follows redirects, and fills in the forms in which somebody logs in.
type player struct {
	t      *testing.T
	client *http.Client
}

func newPlayer(t *testing.T) *player {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(readFile(t, site.Supervisors[0].CA))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &player{t, &http.Client{Jar: jar, Transport: transport, Timeout: patience}}
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*>`)
	inputTag = regexp.MustCompile(`<input[^>]*>`)
	action   = regexp.MustCompile(`action="([^"]*)"`)
	nameOf   = regexp.MustCompile(`\bname="([^"]*)"`)
	valueOf  = regexp.MustCompile(`\bvalue="([^"]*)"`)
)

// open returns the page that a URL leads to, and where that is.
func (p *player) open(page string) (text string, at *url.URL, err error) {
	resp, err := p.client.Get(page)
	return p.read(resp, err)
}

func (p *player) read(resp *http.Response, err error) (string, *url.URL, error) {
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), resp.Request.URL, err
}

// logIn opens a page, fills in the form that it leads to, and returns the last page.
func (p *player) logIn(page, username, password string) string {
	p.t.Helper()
	text, at, err := p.open(page)
	if err == nil && formTag.MatchString(text) {
		text, _, err = p.submit(text, at, username, password)
	}
	if err != nil {
		p.t.Errorf("the browser: %v", err)
	}
	return text
}

func (p *player) submit(text string, at *url.URL, username, password string) (string, *url.URL, error) {
	fields := url.Values{}
	for _, tag := range inputTag.FindAllString(text, -1) {
		name, value := nameOf.FindStringSubmatch(tag), valueOf.FindStringSubmatch(tag)
		switch {
		case name == nil:
		case name[1] == "username" || name[1] == "login":
			fields.Set(name[1], username)
		case name[1] == "password":
			fields.Set(name[1], password)
		case value != nil:
			fields.Set(name[1], html.UnescapeString(value[1]))
		}
	}
	to := at
	if m := action.FindStringSubmatch(formTag.FindString(text)); m != nil && m[1] != "" {
		relative, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil {
			return "", nil, err
		}
		to = at.ResolveReference(relative)
	}
	resp, err := p.client.PostForm(to.String(), fields)
	return p.read(resp, err)
}

// fakeBrowser makes $BROWSER a program that only notes the pages that it is to open; opened lists them.
func (h *home) fakeBrowser(t *testing.T) (opened func() []string) {
	t.Helper()
	dir := t.TempDir()
	script, pages := filepath.Join(dir, "browser"), filepath.Join(dir, "pages")
	text := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$1\" >> '%s'\necho noise; echo noise >&2\n", pages)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "BROWSER="+script)
	return func() []string {
		text, _ := os.ReadFile(pages)
		return slices.DeleteFunc(strings.Split(string(text), "\n"), func(s string) bool { return s == "" })
	}
}

// page waits for the n-th page that the browser is to open.
func page(t *testing.T, opened func() []string, n int) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if all := opened(); len(all) >= n {
			return all[n-1]
		}
	}
	t.Fatalf("the browser was not opened %d times: %v", n, opened())
	return ""
}
