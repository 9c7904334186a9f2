package federated

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
)

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
		e := &console.Env{GOOS: "linux", LookPath: exec.LookPath, Getenv: func(name string) string { return map[string]string{"BROWSER": tc.variable, "DISPLAY": ":0"}[name] }}
		e.ErrOut = &out
		p := page{env: e, listener: &net.TCPAddr{}}
		if tc.given != "" {
			p.way.Command = []string{tc.given}
		}
		_, err := p.open(t.Context(), "https://x")
		if failure.Code(err) != failure.Usage || !strings.Contains(err.Error(), tc.want) || !strings.HasSuffix(err.Error(), ", and there is no terminal") || out.Len() > 0 {
			t.Errorf("%q: %v %s", tc.variable, err, &out)
		}
		e.Terminal = terminal
		shown, err := p.open(t.Context(), "https://x")
		text := out.String()
		if err != nil || !shown || strings.Contains(text, tc.want) != (tc.variable != "") || !strings.Contains(text, "https://x\n") || strings.Contains(text, "\x1b") || len(text) > 600 {
			t.Errorf("%q at a terminal: %v %s", tc.variable, err, text)
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
		e := &console.Env{Terminal: terminal, GOOS: "linux", Now: time.Now, Getenv: func(string) string { return "" }}
		e.ErrOut = writerFunc(func(p []byte) { text.Write(p); cancel() })
		c := &oidc.Client{Session: oidc.Session{Provider: oidc.Provider{Authorize: "https://x/authorize", ResponseModes: []string{"query", "form_post"}}}}
		_, err := browse(ctx, e, c, oidc.BrowserWay{None: true})
		if !errors.Is(err, context.Canceled) || !strings.Contains(text.String(), "response_mode="+mode) {
			t.Errorf("%v %s", err, &text)
		}
	}
}
