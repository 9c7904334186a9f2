package browser

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

func TestBrowserCommands(t *testing.T) {
	env := map[string]string{}
	e := &console.Env{GOOS: "linux", Getenv: func(name string) string { return env[name] }}
	if got, _ := commands(e, nil); got != nil {
		t.Errorf("without a display: %v", got)
	}
	env["DISPLAY"] = ":0"
	if got, _ := commands(e, nil); len(got) == 0 || got[0][0] != "xdg-open" {
		t.Errorf("with a display: %v", got)
	}
	env["WSL_DISTRO_NAME"] = "Debian"
	if got, _ := commands(e, nil); got[0][0] != "wslview" {
		t.Errorf("in WSL: %v", got)
	}
	for variable, readable := range map[string]bool{`firefox -P "my profile" %s:w3m`: true, `firefox -P "my profile" %s: :x 'y:w3m`: false} {
		env["BROWSER"] = variable
		got, err := commands(e, nil)
		if diff := cmp.Diff([][]string{{"firefox", "-P", "my profile", "%s"}, {"w3m"}}, got); diff != "" || (err == nil) != readable {
			t.Error(diff, err)
		}
	}
	got, err := commands(e, []string{"mine"})
	if diff := cmp.Diff([][]string{{"mine"}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// noting is a browser that writes down what it opens.
func noting(t *testing.T) (script string, page func() string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the browsers are shell scripts, which Windows does not run")
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
		e := &console.Env{GOOS: "linux", LookPath: exec.LookPath, Getenv: func(string) string { return before + script }}
		if err := Open(t.Context(), e, Page{URL: "https://x", Failed: func(err error) { t.Error(err) }}); err != nil || page() != "https://x" {
			t.Errorf("%q: %v, opened %s", before, err, page())
		}
	}
	failed := make(chan error, 2)
	e := &console.Env{GOOS: "linux", LookPath: exec.LookPath, Getenv: func(string) string { return "false:/nonexistent" }}
	if err := Open(t.Context(), e, Page{URL: "https://x", Failed: func(err error) { failed <- err }}); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err.Error() != `$BROWSER is "false:/nonexistent": false: exit status 1` {
		t.Error(err)
	}
}

// A browser, and what it runs, gets no password.
func TestBrowserGetsNoPassword(t *testing.T) {
	script, page := noting(t)
	t.Setenv("KUBECTL_VSPHERE_PASSWORD", "S3CRET")
	e := &console.Env{GOOS: "linux", LookPath: exec.LookPath, Getenv: func(string) string { return "" }}
	command := []string{"/bin/sh", "-c", script + ` "${KUBECTL_VSPHERE_PASSWORD-none}"`}
	if err := Open(t.Context(), e, Page{URL: "https://x", Command: command, Failed: func(err error) { t.Error(err) }}); err != nil || page() != "none" {
		t.Errorf("%v, it gets %s", err, page())
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

func TestCheckListen(t *testing.T) {
	for address, ok := range map[string][2]bool{ // without --listen-remote, with it
		"": {true, true}, "127.0.0.1:0": {true, true}, "[::1]:18000": {false, false}, "127.0.0.2:1": {false, false}, "localhost:18000": {true, true},
		"LOCALHOST:18007": {true, true}, "127.0.0.1:99999": {false, false}, ":abc": {false, false}, ":-1": {false, false}, "localhost:": {false, false},
		"0.0.0.0:18000": {false, true}, ":18000": {false, true}, "10.0.0.1:1": {false, true}, "127.0.0.1": {false, false}, "host": {false, false},
	} {
		for i, remote := range []bool{false, true} {
			if err := CheckAddress(address, remote); (err == nil) != ok[i] {
				t.Errorf("%q, %t: %v", address, remote, err)
			}
		}
	}
	if err := CheckAddress(":-1", true); err == nil || err.Error() != `"-1" is not a port: want 0 to 65535` {
		t.Error(err)
	}
}

// A name and an address that are not this machine's have nothing to do with other programs.
func TestListenForBrowser(t *testing.T) {
	l, err := Listen(t.Context(), "LOCALHOST:0")
	if err != nil || !strings.HasPrefix(l.Addr().String(), "127.0.0.1:") {
		t.Fatal(l, err)
	}
	defer l.Close()
	_, taken := Listen(t.Context(), l.Addr().String())
	_, elsewhere := Listen(t.Context(), "192.0.2.1:0") // RFC 5737
	unknown := notListening("x:0", &net.OpError{Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}})
	for err, want := range map[error]string{taken: "Another program", elsewhere: "an address of this machine", unknown: "an address of this machine"} {
		if !strings.Contains(failure.NextStep(err), want) {
			t.Errorf("%v: %s", err, failure.NextStep(err))
		}
	}
}
