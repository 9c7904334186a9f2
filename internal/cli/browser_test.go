package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBrowserCommands(t *testing.T) {
	env := map[string]string{}
	a := &App{Getenv: func(name string) string { return env[name] }}
	if got := a.browserCommands(nil); got != nil {
		t.Errorf("without a display: %v", got)
	}
	env["DISPLAY"] = ":0"
	if got := a.browserCommands(nil); len(got) == 0 || got[0][0] != "xdg-open" {
		t.Errorf("with a display: %v", got)
	}
	env["WSL_DISTRO_NAME"] = "Debian"
	if got := a.browserCommands(nil); got[0][0] != "wslview" {
		t.Errorf("in WSL: %v", got)
	}
	env["BROWSER"] = `firefox -P "my profile" %s:w3m`
	if diff := cmp.Diff([][]string{{"firefox", "-P", "my profile", "%s"}, {"w3m"}}, a.browserCommands(nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"mine"}}, a.browserCommands([]string{"mine"})); diff != "" {
		t.Error(diff)
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
		"0.0.0.0:18000": {false, true}, ":18000": {false, true}, "10.0.0.1:1": {false, true}, "127.0.0.1": {false, false}, "host": {false, false},
	} {
		for i, remote := range []bool{false, true} {
			if err := checkListen(address, remote); (err == nil) != ok[i] {
				t.Errorf("%q, %t: %v", address, remote, err)
			}
		}
	}
}
