package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// played makes this test program play vsphere-lab: the value says how.
const played = "PLAYED_LAB"

func TestMain(m *testing.M) {
	if how := os.Getenv(played); how != "" {
		os.Exit(play(how, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// play writes its arguments beside lab.json, and ends by SIGTERM or at the end of its input.
func play(how string, args []string) int {
	if how == "broken" {
		fmt.Fprintln(os.Stderr, "vsphere-lab: no free network")
		return 1
	}
	dir := args[slices.Index(args, "--dir")+1]
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	write(dir, "arguments", strings.Join(args, " "))
	if how == "slow" {
		<-ctx.Done()
		return 0
	}
	write(dir, "lab.json", `{"supervisors":[{"server":"127.77.1.11","addresses":["127.77.1.12"],"clusters":[{"name":"tkc1"}]}],"vcenter":{"host":"127.77.1.2"},"admin":"`+how+`"}`)
	<-ctx.Done()
	if how == "crashing" {
		fmt.Fprintln(os.Stderr, "vsphere-lab: etcd is gone")
		return 1
	}
	write(dir, "ended", "")
	return 0
}

func write(dir, name, text string) {
	temp := filepath.Join(dir, "."+name)
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(temp, filepath.Join(dir, name)); err != nil {
		panic(err)
	}
}

func playedAs(t *testing.T, how string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(Program, self)
	t.Setenv(played, how)
}

func TestStart(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/faults" {
			http.Error(w, "no such path", http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id":%q}`, r.Method+" "+string(body))
	}))
	defer api.Close()
	playedAs(t, api.URL+"/")
	var dir string
	t.Run("while the test runs", func(t *testing.T) {
		l := Start(t, "--fake-clusters", "3")
		dir = l.Dir
		sup := l.Supervisors[0]
		if sup.Server != "127.77.1.11" || !slices.Equal(sup.Addresses, []string{"127.77.1.12"}) || sup.Clusters[0].Name != "tkc1" || l.VCenter.Host != "127.77.1.2" || l.Registry != nil {
			t.Errorf("%+v", l)
		}
		var out struct{ ID string }
		if err := l.Do(t.Context(), Request{Method: http.MethodPost, Path: "faults", Body: map[string]int{"status": 503}, Into: &out}); err != nil || out.ID != `POST {"status":503}` {
			t.Errorf("%+v %v", out, err)
		}
		if err := l.Do(t.Context(), Request{Method: http.MethodGet, Path: "elsewhere"}); err == nil || !strings.Contains(err.Error(), "no such path") {
			t.Errorf("an unknown path: %v", err)
		}
		if args, err := os.ReadFile(filepath.Join(dir, "arguments")); err != nil || string(args) != "up --quiet --until-eof --dir "+dir+" --fake-clusters 3" {
			t.Errorf("%s %v", args, err)
		}
		t.Cleanup(func() { // It runs before the lab ends.
			if _, err := os.Stat(filepath.Join(dir, "ended")); err == nil {
				t.Error("the lab has ended before the test")
			}
		})
	})
	if _, err := os.Stat(dir); err == nil {
		t.Error("the lab's files are there after the test")
	}
}

func TestTheLabEnds(t *testing.T) {
	playedAs(t, "x")
	for how, end := range map[string]func(*Lab) error{
		"by Close":                       (*Lab).Close,
		"with the program that opens it": func(l *Lab) error { err := l.input.Close(); <-l.ended; return err },
	} {
		dir := t.TempDir()
		l, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(l); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "ended")); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		if err := l.Close(); err == nil {
			t.Errorf("%s: closed twice without an error", how)
		}
	}
}

func TestALabThatDoesNotStart(t *testing.T) {
	playedAs(t, "broken")
	if _, err := Open(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no free network") {
		t.Errorf("what the program says is missing: %v", err)
	}
	t.Setenv(Program, filepath.Join(t.TempDir(), "missing"))
	if _, err := Open(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), Program) {
		t.Errorf("no program: %v", err)
	}
	playedAs(t, "slow")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, t.TempDir()); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("not ready in time: %v", err)
	}
}

func TestALabThatEndsByItself(t *testing.T) {
	playedAs(t, "crashing")
	l, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_ = l.input.Close()
	<-l.ended
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "etcd is gone") {
		t.Errorf("what the program says is missing: %v", err)
	}
}

// The README's example is TestTool, which make lab-test runs with the real program.
func TestReadmeHasTheExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "```go\n")
	example, _, _ := strings.Cut(after, "```\n")
	code, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(example, "func TestTool(") || !strings.Contains(string(code), "\n"+example+"\n") {
		t.Errorf("readme_test.go has another example than the README:\n%s", example)
	}
}
