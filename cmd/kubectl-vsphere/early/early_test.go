package early

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// The test binary imports the package, so it is itself a program with an early answer: tests run it again, as a child
// that goes the long way when its init did not end it.
const (
	childVariable = "EARLY_TEST_CHILD"
	longWay       = "the long way"
	longWayCode   = 7
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		fmt.Print(longWay)
		os.Exit(longWayCode)
	}
	os.Exit(m.Run())
}

var key = credfile.Key{Server: "10.0.0.1", User: "ada@vsphere.local"}

// store is a directory with a good credential of key, whose token is so many bytes long.
func store(t *testing.T, length int) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	end := time.Now().Add(time.Hour).UTC()
	text, err := json.Marshal(credfile.File{
		Version: credfile.Version, Server: key.Server, User: key.User, Issued: time.Now(), Expires: end, Until: end,
		Status: json.RawMessage(fmt.Sprintf(`{"expirationTimestamp":%q,"token":%q}`, end.Format(time.RFC3339), strings.Repeat("t", length))),
	})
	if err != nil {
		t.Fatal(err)
	}
	file = credfile.Path(dir, key)
	err = errors.Join(os.Chmod(dir, 0o700), os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, text, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return dir, file
}

// child is this test binary with arguments of get-token.
func child(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = append(os.Environ(), childVariable+"=1", credfile.HomeVariable+"="+dir)
	return c
}

// code runs a child and returns its exit code, -1 after a signal.
func code(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

func TestAHitEndsTheProcess(t *testing.T) {
	dir, _ := store(t, 10)
	var out bytes.Buffer
	c := child(t, dir, key.Args()...)
	c.Stdout = &out
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d", got)
	}
	if text := out.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"token":"tttttttttt"`) || strings.Contains(text, longWay) {
		t.Errorf("it printed %q", text)
	}
}

func TestAnythingElseGoesTheLongWay(t *testing.T) {
	dir, _ := store(t, 10)
	for name, args := range map[string][]string{
		"no arguments":         nil,
		"another command":      {"login"},
		"another flag":         append(key.Args(), "--force-refresh"),
		"no such credential":   {credfile.Command, "--server", "10.0.0.2", "--user", key.User},
		"a test's flags first": append([]string{"-test.v"}, key.Args()...),
	} {
		var out bytes.Buffer
		c := child(t, dir, args...)
		c.Stdout = &out
		if got := code(t, c); got != longWayCode || out.String() != longWay {
			t.Errorf("%s: exit code %d, %q", name, got, out.String())
		}
	}
}

// When nothing could be printed, the long way explains it.
func TestAnAnswerThatCannotBePrintedGoesTheLongWay(t *testing.T) {
	dir, file := store(t, 10)
	readOnly, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	c := child(t, dir, key.Args()...)
	c.Stdout = readOnly
	if got := code(t, c); got != longWayCode {
		t.Errorf("exit code %d", got)
	}
}

// When a part was printed, nothing may follow it, and the exit code says that it is not all.
func TestHalfAnAnswerIsAFailure(t *testing.T) {
	dir, _ := store(t, 10)
	getenv := func(name string) string { return map[string]string{credfile.HomeVariable: dir}[name] }
	var said bytes.Buffer
	if code, answered := answer(key.Args(), getenv, half{}, &said); code != 1 || !answered || said.String() != "error: the disk is full\n" {
		t.Errorf("exit code %d, %v, %q", code, answered, said.String())
	}
}

// half writes the half of what it is given.
type half struct{}

func (half) Write(p []byte) (int, error) { return len(p) / 2, errors.New("the disk is full") }

func TestAReaderThatGoesAwayIsAFailure(t *testing.T) {
	dir, _ := store(t, 1<<20) // More than a pipe takes at once.
	c := child(t, dir, key.Args()...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if got := c.ProcessState.ExitCode(); got == 0 || got == longWayCode { // On Unix it dies of SIGPIPE.
		t.Errorf("exit code %d", got)
	}
}

// Go puts the null device in the place of a closed standard stream; without that the store's file would become standard output.
func TestAClosedStandardOutputDoesNoHarm(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no shell sh")
	}
	dir, file := store(t, 10)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := child(t, dir)
	c.Args = append([]string{"sh", "-c", `exec "$0" "$@" >&-`, c.Path}, key.Args()...)
	c.Path = "/bin/sh"
	if got := code(t, c); got != 0 {
		t.Errorf("exit code %d", got)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file became %q, %v", after, err)
	}
}

func TestWithoutFrameLog(t *testing.T) {
	for in, want := range map[string]string{
		"http2debug=2": "", "http2debug=1,netdns=go": "netdns=go", "netdns=go,http2debug=2,gctrace=1": "netdns=go,gctrace=1",
		"xhttp2debug=2": "", "netdns=go": "netdns=go", " http2debug=2 ": "", "http2debug=1,http2debug=2": "",
	} {
		if got := withoutFrameLog(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// What is imported is initialised before.
func TestImportsTheStandardLibraryOnly(t *testing.T) {
	const module = "github.com/kubectl-vsphere/kubectl-vsphere/"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := module + "pkg/tokens/credfile " + module + "cmd/kubectl-vsphere/early"
	if got := strings.Join(strings.Fields(string(out)), " "); got != want {
		t.Errorf("it links %s, want %s", got, want)
	}
}
