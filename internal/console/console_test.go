package console_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
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
		"even":         {21, "xterm", "\rConnecting to a-very\x1b[K" + removed + "\rGetting credentials:\x1b[K" + removed},
		"narrow":       {20, "xterm", "\rConnecting to a-ver\x1b[K" + removed + "\rGetting credentials\x1b[K" + removed},
		"wide":         {80, "xterm", "\rConnecting to a-very-long-name …\x1b[K" + removed + "\rGetting credentials: 1 of 3\x1b[K" + removed},
		"without size": {0, "xterm", "\rConnecting to a-very-long-name …\x1b[K" + removed + "\rGetting credentials: 1 of 3\x1b[K" + removed},
		"dumb":         {20, "dumb", "Connecting to\r\na-very-long-name …\r\nGetting credentials\r\n…\r\n"},
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

// A step with wide characters is cut where the line ends on the screen.
func TestProgressWithWideCharacters(t *testing.T) {
	shown := atTerminal(t, 20, func(e *console.Env, _ func(uint16)) {
		p := e.NewProgress()
		p.Show("Connecting to 서버서버서버", 0, 0)
	})
	if want := "\rConnecting to 서버\x1b[K"; shown != want {
		t.Errorf("%q", shown)
	}
}

// atTerminal returns what is shown on a terminal that is standard output and standard error.
func atTerminal(t *testing.T, columns uint16, do func(e *console.Env, resize func(columns uint16))) string {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Skip("there are no pseudo terminals here: mount devpts: ", err)
	}
	defer keyboard.Close()
	resize := func(columns uint16) {
		if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
			t.Error(err)
		}
	}
	resize(columns)
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(keyboard) // It ends with the terminal.
		shown <- string(text)
	}()
	e := &console.Env{Now: time.Now, Getenv: func(string) string { return "xterm" }}
	e.Out, e.ErrOut = tty, tty
	e.Protect()
	do(e, resize)
	_ = e.Finish()
	_ = tty.Close()
	return <-shown
}

// A terminal gets prose in lines that fit, at the width that it has then. A command to type stays one line.
func TestProseAtATerminal(t *testing.T) {
	const sentence = "this Supervisor has several identity providers, and you have chosen none of them"
	say := func(e *console.Env) {
		e.Notef("%s", sentence)
		e.Printf("The session of %s has ended; type: %s", "김철수\x1b[31m@corp.example", "kubectl vsphere login --server 10.0.0.1")
	}
	for columns, want := range map[uint16]string{
		0: "note: " + sentence + "\r\nThe session of 김철수\\x1b[31m@corp.example has ended; type: kubectl vsphere login --server 10.0.0.1\r\n",
		40: "note: this Supervisor has several\r\nidentity providers, and you have chosen\r\nnone of them\r\n" +
			"The session of\r\n김철수\\x1b[31m@corp.example has ended;\r\ntype:\r\nkubectl vsphere login --server 10.0.0.1\r\n",
		70: "note: this Supervisor has several identity providers, and you have\r\nchosen none of them\r\n" +
			"The session of 김철수\\x1b[31m@corp.example has ended; type:\r\nkubectl vsphere login --server 10.0.0.1\r\n",
		120: "note: " + sentence + "\r\nThe session of 김철수\\x1b[31m@corp.example has ended; type: kubectl vsphere login --server 10.0.0.1\r\n",
	} {
		if got := atTerminal(t, columns, func(e *console.Env, _ func(uint16)) { say(e) }); got != want {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
	resized := atTerminal(t, 120, func(e *console.Env, resize func(uint16)) {
		e.Tellf("%s", sentence)
		resize(60)
		e.Tellf("%s", sentence)
	})
	if want := sentence + "\r\nthis Supervisor has several identity providers, and you\r\nhave chosen none of them\r\n"; resized != want {
		t.Errorf("%q", resized)
	}
	asked := atTerminal(t, 60, func(e *console.Env, _ func(uint16)) {
		fmt.Fprint(e.Prompter().Out, sentence+"? [y/N] ")
	})
	if want := "this Supervisor has several identity providers, and you\r\nhave chosen none of them? [y/N] "; asked != want {
		t.Errorf("%q", asked)
	}
	w := consoletest.New(t)
	e := w.Env()
	say(e)
	if got := e.ErrOut.(*consoletest.Stream).String(); got != "note: "+sentence+"\n" {
		t.Errorf("in a pipe: %q", got)
	}
}

// A table is no prose, and its columns are aligned also below wide characters. A terminal that is too narrow gets lines that end between
// columns; a still narrower one a block of lines for each row.
func TestTableAtATerminal(t *testing.T) {
	for columns, want := range map[uint16]string{
		0:  "USER             SERVER            STATE\n김 철 수\\u202e   sup.example.com   ready\ndev              10.0.0.1          -\n",
		42: "USER             SERVER            STATE\n김 철 수\\u202e   sup.example.com   ready\ndev              10.0.0.1          -\n",
		36: "USER             SERVER\n  STATE\n김 철 수\\u202e   sup.example.com\n  ready\ndev              10.0.0.1\n",
		22: "USER    김 철\n  수\\u202e\nSERVER\n  sup.example.com\nSTATE   ready\n\nUSER    dev\nSERVER  10.0.0.1\n",
	} {
		got := atTerminal(t, columns, func(e *console.Env, _ func(uint16)) {
			e.Getenv = func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] }
			table := e.NewTable("USER", "SERVER", "STATE")
			table.Row("김\t철\n수\u202e", "sup.example.com", "ready")
			table.Row("dev", "10.0.0.1", "-")
			if err := table.Print(); err != nil {
				t.Error(err)
			}
		})
		if got = strings.ReplaceAll(got, "\r\n", "\n"); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", columns, got, want)
		}
	}
}

// A table can be printed while its rows come: the headings once, and the columns only grow.
func TestTableInPieces(t *testing.T) {
	for columns, want := range map[uint16]string{
		80: "{1}NAME{0}   {1}STATE{0}                 {1}AGE{0}\na      {32}ready: and the rest{0}   1d\nlonger-name   gone by               -\nb             {33}pending{0}               2d\n",
		28: "{1}NAME{0}   {1}STATE{0}\n  {1}AGE{0}\na      {32}ready: and the rest{0}\n  1d\nlonger-name   gone by\nb             {33}pending{0}\n  2d\n",
		20: "NAME   a\nSTATE  {32}ready: and\n  the rest{0}\nAGE    1d\n\nNAME   longer-name\nSTATE  gone by\n\nNAME   b\nSTATE  {33}pending{0}\nAGE    2d\n",
	} {
		want = strings.NewReplacer("{", "\x1b[", "}", "m").Replace(want)
		got := atTerminal(t, columns, func(e *console.Env, _ func(uint16)) {
			e.Getenv = func(string) string { return "" }
			table := e.NewTable("NAME", "STATE", "AGE")
			table.Row("a", "ready: and the rest", "1d")
			_ = table.Print()
			_ = table.Print() // Nothing is new.
			table.Row("longer-name", "gone by", "-")
			table.Row("b", "pending", "2d")
			_ = table.Print()
		})
		if got = strings.ReplaceAll(got, "\r\n", "\n"); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", columns, got, want)
		}
	}
}

// Headings are a server's words, as cells are: they draw nothing, and a line end in one is no row.
func TestHostileHeadings(t *testing.T) {
	got := atTerminal(t, 200, func(e *console.Env, _ func(uint16)) {
		e.Getenv = func(string) string { return "" }
		table := e.NewTable("NAME", "A\x1b]0;x\aB\nforged   row", "C\u202eD")
		table.Row("a", "b", "c")
		_ = table.Print()
	})
	if lines := strings.Count(got, "\n"); lines != 2 || strings.Contains(got, "\x1b]") || strings.Contains(got, "\u202e") {
		t.Errorf("%d lines: %q", lines, got)
	}
}

// page writes all that has a style.
func page(e *console.Env) {
	p := console.Page{Env: e}
	p.Headingf("Cluster %s", "클러스터\x1b[32m")
	p.Labelf(console.Bad, "Wrong:", "it is %s", "\x1b[31mred\nWrong: forged")
	p.Labelf(console.Plain, "skipped:", "nothing")
	p.Facts([][2]string{{"State", "ready"}, {"서버", "\x1b]0;x\a\nForged: yes"}})
	table := e.NewTable("NAME", "STATE", "TOKEN", "AGE")
	for _, state := range []string{"ready", "not ready: Why", "Pending", "failed", "readyish", "\x1b[32mready", ""} {
		table.Row("failed", state, "good for 10h", "1d")
	}
	_ = table.Print()
}

const plainPage = `Cluster 클러스터\x1b[32m
Wrong: it is \x1b[31mred Wrong: forged
skipped: nothing
State: ready
서버:  \x1b]0;x\x07 Forged: yes
NAME     STATE            TOKEN          AGE
failed   ready            good for 10h   1d
failed   not ready: Why   good for 10h   1d
failed   Pending          good for 10h   1d
failed   failed           good for 10h   1d
failed   readyish         good for 10h   1d
failed   \x1b[32mready    good for 10h   1d
failed                    good for 10h   1d
`

const paintedPage = "{1}Cluster 클러스터\\x1b[32m{0}\n{1;31}Wrong:{0} it is \\x1b[31mred Wrong: forged\nskipped: nothing\nState: ready\n서버:  \\x1b]0;x\\x07 Forged: yes\n" +
	"{1}NAME{0}     {1}STATE{0}            {1}TOKEN{0}          {1}AGE{0}\n" +
	"failed   {32}ready{0}            {32}good for 10h{0}   1d\n" +
	"failed   {1;31}not ready: Why{0}   {32}good for 10h{0}   1d\n" +
	"failed   {33}Pending{0}          {32}good for 10h{0}   1d\n" +
	"failed   {1;31}failed{0}           {32}good for 10h{0}   1d\n" +
	"failed   readyish         {32}good for 10h{0}   1d\n" +
	"failed   \\x1b[32mready    {32}good for 10h{0}   1d\n" +
	"failed                    {32}good for 10h{0}   1d\n"

// Colours are for a terminal that shows them and a person who has not said no. They repeat what words say, and change no column.
func TestColours(t *testing.T) {
	painted := strings.NewReplacer("{", "\x1b[", "}", "m").Replace(paintedPage)
	for name, tc := range map[string]struct {
		vars map[string]string
		want string
	}{
		"terminal":       {map[string]string{"TERM": "xterm"}, painted},
		"empty NO_COLOR": {map[string]string{"TERM": "xterm", "NO_COLOR": ""}, painted}, // As https://no-color.org says.
		"NO_COLOR":       {map[string]string{"TERM": "xterm", "NO_COLOR": "0"}, plainPage},
		"dumb":           {map[string]string{"TERM": "dumb"}, plainPage},
	} {
		got := atTerminal(t, 80, func(e *console.Env, _ func(uint16)) {
			e.Getenv = func(name string) string { return tc.vars[name] }
			page(e)
		})
		if got = strings.ReplaceAll(got, "\r\n", "\n"); got != tc.want {
			t.Errorf("%s:\n%q\nwant\n%q", name, got, tc.want)
		}
	}
	e := consoletest.New(t).Env()
	pipe := e.Out.(*consoletest.Stream)
	e.Protect()
	page(e)
	if got := pipe.String(); got != plainPage {
		t.Errorf("in a pipe:\n%s", got)
	}
}

// What has styles fits a narrow terminal, and a command to type stays whole.
func TestPageAtANarrowTerminal(t *testing.T) {
	got := atTerminal(t, 40, func(e *console.Env, _ func(uint16)) {
		e.Getenv = func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] }
		p := console.Page{Env: e}
		p.Headingf("Cluster %s at %s", "ns1/a-cluster-with-a-name", "10.0.0.1")
		p.Labelf(console.Bad, "Wrong:", "The virtual machine tkc1-vm-1: its storage is not there: quota")
		p.Labelf(console.Bold, "To do:", "See what is left: kubectl vsphere list storage --namespace ns1")
		p.Facts([][2]string{{"Network (CNI)", "antrea and a longer text about it"}, {"A name that leaves no room", "its value is here"}})
	})
	want := "Cluster ns1/a-cluster-with-a-name at\n  10.0.0.1\nWrong: The virtual machine tkc1-vm-1:\n  its storage is not there: quota\n" +
		"To do: See what is left:\n  kubectl vsphere list storage --namespace ns1\n" +
		"Network (CNI):              antrea and\n  a longer text about it\nA name that leaves no room: its value\n  is here\n"
	if got = strings.ReplaceAll(got, "\r\n", "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// widest remembers the longest of its writes.
type widest struct{ most, rows int }

func (w *widest) Write(p []byte) (int, error) {
	w.most, w.rows = max(w.most, len(p)), w.rows+bytes.Count(p, []byte("\n"))
	return len(p), nil
}

// One row that is wide makes all others so: they are not in memory at once.
func TestRowsOfATableAtOnce(t *testing.T) {
	to := new(widest)
	e := &console.Env{Getenv: func(string) string { return "" }}
	e.Out = to
	table := e.NewTable("A", "B")
	table.Row(strings.Repeat("x", 10_000), "b")
	for range 999 {
		table.Row("a", "b")
	}
	if err := table.Print(); err != nil || to.rows != 1001 || to.most > 3_000_000 {
		t.Errorf("%v %+v", err, to)
	}
}

// gone is a terminal that nobody reads any more.
type gone struct{}

func (gone) Columns() int              { return 80 }
func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// The error of a write is not lost, in colour or not.
func TestColoursOfAClosedTerminal(t *testing.T) {
	for _, no := range []string{"", "1"} {
		e := &console.Env{Getenv: func(string) string { return no }}
		e.Out = gone{}
		e.Protect()
		console.Page{Env: e}.Headingf("Cluster")
		if err := e.Finish(); !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	}
}
