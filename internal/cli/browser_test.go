package cli

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
)

func TestBrowserCommands(t *testing.T) {
	env := map[string]string{}
	a := &App{Getenv: func(name string) string { return env[name] }}
	if got, _ := a.browserCommands(nil); got != nil {
		t.Errorf("without a display: %v", got)
	}
	env["DISPLAY"] = ":0"
	if got, _ := a.browserCommands(nil); len(got) == 0 || got[0][0] != "xdg-open" {
		t.Errorf("with a display: %v", got)
	}
	env["WSL_DISTRO_NAME"] = "Debian"
	if got, _ := a.browserCommands(nil); got[0][0] != "wslview" {
		t.Errorf("in WSL: %v", got)
	}
	for variable, readable := range map[string]bool{`firefox -P "my profile" %s:w3m`: true, `firefox -P "my profile" %s: :x 'y:w3m`: false} {
		env["BROWSER"] = variable
		got, err := a.browserCommands(nil)
		if diff := cmp.Diff([][]string{{"firefox", "-P", "my profile", "%s"}, {"w3m"}}, got); diff != "" || (err == nil) != readable {
			t.Error(diff, err)
		}
	}
	got, err := a.browserCommands([]string{"mine"})
	if diff := cmp.Diff([][]string{{"mine"}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// noting is a browser that writes down what it opens.
func noting(t *testing.T) (script string, page func() string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the browsers are shell scripts")
	}
	dir := t.TempDir()
	script, note := filepath.Join(dir, "browser"), filepath.Join(dir, "page")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf %s \"$1\" > "+note+".new && mv "+note+".new "+note+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return script, func() string {
		for range 500 {
			if text, err := os.ReadFile(note); err == nil {
				return string(text)
			}
			time.Sleep(10 * time.Millisecond)
		}
		return "nothing"
	}
}

// Of several browsers the next one is tried when one cannot be started, or ends badly at once.
func TestTheNextBrowser(t *testing.T) {
	for _, before := range []string{"", "false:", "/nonexistent:", "x 'y:", "false:/nonexistent:false: :"} {
		script, page := noting(t)
		a := &App{Getenv: func(string) string { return before + script }}
		if err := a.openBrowser(t.Context(), nil, "https://x", func(err error) { t.Error(err) }); err != nil || page() != "https://x" {
			t.Errorf("%q: %v, opened %s", before, err, page())
		}
	}
	a, failed := &App{Getenv: func(string) string { return "false:/nonexistent" }}, make(chan error, 2)
	if err := a.openBrowser(t.Context(), nil, "https://x", func(err error) { failed <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err.Error() != `$BROWSER is "false:/nonexistent": false: exit status 1` {
		t.Error(err)
	}
}

// What cannot be started is told with the variable that names it; without a terminal that is the end.
func TestABrowserThatCannotBeStarted(t *testing.T) {
	terminal, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	dir := t.TempDir()
	t.Setenv("PATH", dir) // Nothing that a system has.
	for _, tc := range []struct{ variable, given, want string }{
		{"/nonexistent", "", `$BROWSER is "/nonexistent": /nonexistent: no such file or directory`},
		{"nonexistent %s", "", `$BROWSER is "nonexistent %s": nonexistent: executable file not found in $PATH`},
		{dir, "", `$BROWSER is "` + dir + `": ` + dir + `: is a directory`},
		{"firefox 'x", "", `$BROWSER is "firefox 'x": Unterminated single-quoted string`},
		{":", "", `$BROWSER is ":": it names no command`},
		{"/\x1b[2Jnonexistent", "", `/\x1b[2Jnonexistent: no such file`},
		{"/" + strings.Repeat("x", 200), "", strings.Repeat("x", 79) + `…": /x`},
		{"/nonexistent", "/nowhere", "/nowhere: no such file or directory"},
		{"", "", "there is no browser here to log in with"},
	} {
		var out strings.Builder
		a := &App{Getenv: func(name string) string { return map[string]string{"BROWSER": tc.variable, "DISPLAY": ":0"}[name] }}
		a.ErrOut = &out
		o := oidcOptions{}
		if tc.given != "" {
			o.browser.Command = []string{tc.given}
		}
		_, err := a.showPage(t.Context(), "https://x", &net.TCPAddr{}, o)
		if exitCode(err) != exitUsage || !strings.Contains(err.Error(), tc.want) || !strings.HasSuffix(err.Error(), ", and no terminal to do it otherwise") || out.Len() > 0 {
			t.Errorf("%q: %v %s", tc.variable, err, &out)
		}
		a.Terminal = terminal
		shown, err := a.showPage(t.Context(), "https://x", &net.TCPAddr{}, o)
		text := out.String()
		if err != nil || !shown || strings.Contains(text, tc.want) != (tc.variable != "") || !strings.Contains(text, "https://x\n") || strings.Contains(text, "\x1b") || len(text) > 600 {
			t.Errorf("%q at a terminal: %v %s", tc.variable, err, text)
		}
	}
}

// The page is one argument, and holds nothing that a shell in somebody's own command could make something of.
func TestWithPage(t *testing.T) {
	const page, safe = "https://sup/authorize?a=b&c=$(touch /tmp/x);'d", "https://sup/authorize?a=b&c=%24%28touch%20/tmp/x%29%3B%27d"
	for _, tc := range []struct{ args, want []string }{
		{nil, []string{safe}},
		{[]string{"-P", "work"}, []string{"-P", "work", safe}},
		{[]string{"-c", "firefox '%s'"}, []string{"-c", "firefox '" + safe + "'"}},
		{[]string{"--url=%s", "-x"}, []string{"--url=" + safe, "-x"}},
	} {
		if diff := cmp.Diff(tc.want, withPage(tc.args, page)); diff != "" {
			t.Error(diff)
		}
	}
}

// writerFunc is what is done with a text.
type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// A page that posts shows a code where it cannot; that is of use where it can be pasted.
func TestFormPostIsForATerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for mode, terminal := range map[string]*os.File{"form_post": null, "query": nil} {
		ctx, cancel := context.WithCancel(t.Context())
		var text strings.Builder
		a := &App{Terminal: terminal, Getenv: func(string) string { return "" }}
		a.ErrOut = writerFunc(func(p []byte) { text.Write(p); cancel() })
		c := &oidc.Client{Session: oidc.Session{Provider: oidc.Provider{Authorize: "https://x/authorize", ResponseModes: []string{"query", "form_post"}}}}
		_, err := a.browse(ctx, c, oidcOptions{browser: oidc.BrowserWay{None: true}})
		if !errors.Is(err, context.Canceled) || !strings.Contains(text.String(), "response_mode="+mode) {
			t.Errorf("%v %s", err, &text)
		}
	}
}

func TestCheckListen(t *testing.T) {
	for address, ok := range map[string][2]bool{ // without --listen-remote, with it
		"": {true, true}, "127.0.0.1:0": {true, true}, "[::1]:18000": {false, false}, "127.0.0.2:1": {false, false}, "localhost:18000": {true, true},
		"LOCALHOST:18007": {true, true}, "127.0.0.1:99999": {false, false}, ":abc": {false, false}, ":-1": {false, false}, "localhost:": {false, false},
		"0.0.0.0:18000": {false, true}, ":18000": {false, true}, "10.0.0.1:1": {false, true}, "127.0.0.1": {false, false}, "host": {false, false},
	} {
		for i, remote := range []bool{false, true} {
			if err := checkListen(address, remote); (err == nil) != ok[i] {
				t.Errorf("%q, %t: %v", address, remote, err)
			}
		}
	}
	if err := checkListen(":-1", true); err == nil || err.Error() != `"-1" is not a port: want 0 to 65535` {
		t.Error(err)
	}
}

// A name and an address that are not this machine's have nothing to do with other programs.
func TestListenForBrowser(t *testing.T) {
	l, err := listenForBrowser(t.Context(), "LOCALHOST:0")
	if err != nil || !strings.HasPrefix(l.Addr().String(), "127.0.0.1:") {
		t.Fatal(l, err)
	}
	defer l.Close()
	_, taken := listenForBrowser(t.Context(), l.Addr().String())
	_, elsewhere := listenForBrowser(t.Context(), "192.0.2.1:0") // RFC 5737
	unknown := notListening("x:0", &net.OpError{Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}})
	for err, want := range map[error]string{taken: "Another program", elsewhere: "an address of this machine", unknown: "an address of this machine"} {
		if !strings.Contains(nextStep(err), want) {
			t.Errorf("%v: %s", err, nextStep(err))
		}
	}
}
