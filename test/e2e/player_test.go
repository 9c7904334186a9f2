package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// logInAt opens a page as a person does, and returns the last page.
func logInAt(t *testing.T, page, username, password string) string {
	t.Helper()
	text, err := browse(t, page, username, password)
	if err != nil {
		t.Errorf("the browser: %v", err)
	}
	return text
}

// visit opens one page, whatever its status.
func visit(t *testing.T, page string) string {
	t.Helper()
	resp, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
