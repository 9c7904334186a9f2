package console_test

import (
	"io"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// kubectl says whether somebody is there; a person who runs the command by hand is.
func TestMayAsk(t *testing.T) {
	const info = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":`
	for name, tc := range map[string]struct {
		vars   map[string]string
		person bool
		want   bool
	}{
		"by hand":         {nil, true, true},
		"no terminal":     {nil, false, false},
		"interactive":     {map[string]string{"KUBERNETES_EXEC_INFO": info + "true}}"}, true, true},
		"not interactive": {map[string]string{"KUBERNETES_EXEC_INFO": info + "false}}"}, true, false},
		"garbled":         {map[string]string{"KUBERNETES_EXEC_INFO": "{"}, true, false},
		"forbidden":       {map[string]string{"KUBECTL_VSPHERE_INTERACTIVE": "never"}, true, false},
	} {
		w := consoletest.New(t)
		for k, v := range tc.vars {
			w.Vars[k] = v
		}
		if tc.person {
			w.Person()
		}
		e := w.Env()
		if tc.person {
			keyboard, tty, err := pty.Open()
			if err != nil {
				t.Skip("there are no pseudo terminals here; on Linux, mount devpts at /dev/pts: ", err)
			}
			defer keyboard.Close()
			defer tty.Close()
			e.Terminal = tty
		}
		if got := e.MayAsk(); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
		if e.Unattended().MayAsk() || e.Quiet().MayAsk() {
			t.Errorf("%s: somebody is asked who is not there", name)
		}
	}
}

func TestUntil(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := &console.Env{Now: func() time.Time { return now }}
	for in, want := range map[time.Duration]string{10*time.Hour - time.Second: "(in 10h)", -3 * time.Minute: "(3m ago)", 40 * time.Second: "(in 40s)"} {
		if got := e.Until(now.Add(in)); len(got) < len(want) || got[len(got)-len(want):] != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Progress is one line that is written over, gives way to a question, and is removed at the end. A pipe gets no progress.
func TestProgress(t *testing.T) {
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Skip("there are no pseudo terminals here; on Linux, mount devpts at /dev/pts: ", err)
	}
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(keyboard) // It ends with the terminal.
		shown <- string(text)
	}()
	now := time.Now()
	e := &console.Env{Now: func() time.Time { return now }}
	e.ErrOut = tty
	e.Protect()
	p := e.NewProgress()
	p.Show("List\x1bing", 0, 0)
	p.Show("Getting", 1, 3)
	p.Show("Getting", 2, 3) // Too soon.
	p.Pause()
	p.Show("Quiet", 0, 0)
	p.Resume()
	now = now.Add(time.Second)
	p.Show("Getting", 3, 3)
	p.Done()
	_ = tty.Close()
	const removed = "\r\x1b[K"
	if got, want := <-shown, "\rList\\x1bing …\x1b[K\rGetting: 1 of 3\x1b[K"+removed+"\rGetting: 3 of 3\x1b[K"+removed; got != want {
		t.Errorf("%q", got)
	}
	_ = keyboard.Close()
	pipe := &consoletest.Stream{}
	e.ErrOut = pipe
	p = e.NewProgress()
	p.Show("Listing", 0, 0)
	p.Done()
	if got := pipe.String(); got != "" {
		t.Errorf("in a pipe: %q", got)
	}
}

// A line that wraps could not be written over, and a terminal that can do nothing gets plain lines.
func TestProgressOfANarrowTerminal(t *testing.T) {
	const removed = "\r\x1b[K"
	for name, tc := range map[string]struct {
		columns uint16
		term    string
		want    string
	}{
		"narrow":       {20, "xterm", "\rConnecting to a-ver\x1b[K" + removed + "\rGetting credentials\x1b[K" + removed},
		"wide":         {80, "xterm", "\rConnecting to a-very-long-name …\x1b[K" + removed + "\rGetting credentials: 1 of 3\x1b[K" + removed},
		"without size": {0, "xterm", "\rConnecting to a-very-long-name …\x1b[K" + removed + "\rGetting credentials: 1 of 3\x1b[K" + removed},
		"dumb":         {20, "dumb", "Connecting to a-very-long-name …\r\nGetting credentials …\r\n"},
	} {
		keyboard, tty, err := pty.Open()
		if err != nil {
			t.Skip("there are no pseudo terminals here; on Linux, mount devpts at /dev/pts: ", err)
		}
		if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: tc.columns}); err != nil {
			t.Fatal(err)
		}
		shown := make(chan string)
		go func() {
			text, _ := io.ReadAll(keyboard) // It ends with the terminal.
			shown <- string(text)
		}()
		now := time.Now()
		e := &console.Env{Now: func() time.Time { return now }, Getenv: func(string) string { return tc.term }}
		e.ErrOut = tty
		e.Protect()
		p := e.NewProgress()
		p.Show("Connecting to a-very-long-name", 0, 0)
		p.Done()
		p.Show("Getting credentials", 1, 3)
		now = now.Add(time.Nanosecond)
		p.Show("Getting credentials", 2, 3)
		p.Done()
		_ = tty.Close()
		if got := <-shown; got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
		_ = keyboard.Close()
	}
}
