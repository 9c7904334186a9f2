// Package consoletest gives tests a world in memory in which a whole command runs: streams that are captured, a private home, store
// and kubeconfig, a clock, a person at a terminal, a network that holds only what the test serves, a Supervisor and its identity
// provider. A command takes milliseconds in it.
package consoletest

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// World is what the commands of one test touch. Its fields may be changed between runs.
type World struct {
	// Program is what Run runs; clitest.New sets the whole program.
	Program func(ctx context.Context, e *console.Env, args []string) int
	// Vars are the environment variables: nothing of the real environment is seen.
	Vars map[string]string
	// Programs are the programs on PATH, a path for each name. A path is found as it is.
	Programs map[string]string
	// Self is the path of the program itself, and Called the word by which it was called, if not by its name.
	Self, Called string
	Stdin        string
	// Columns, if not 0, make standard output and standard error a terminal that has so many.
	Columns int
	// NoHome says that there is no home directory, in no user database either.
	NoHome bool
	// Hidden are the environment variables that children do not get.
	Hidden map[string]bool
	// Between, if set before a run, answers each request in place of the server that is asked; it may ask that one.
	Between func(w http.ResponseWriter, r *http.Request, server http.Handler)
	// Asleep, if set, is called when a command has slept: the clock has moved on.
	Asleep func(time.Duration)
	// Timer, if set, is what a wait among others waits for; nil: such waits do not end by themselves.
	Timer func(time.Duration) <-chan time.Time
	// Hear and HearError, if set, are called with all that was written to standard output, or standard error, so far.
	Hear, HearError func(all string)
	// Through is the proxy for a request, as http.Transport.Proxy; nil: all servers are reached directly.
	Through func(*http.Request) (*url.URL, error)
	CA      *CA    // of all that is served, unless a test names another one
	CAFile  string // CA in PEM
	Dir     string // the home directory; store and kubeconfig are below it

	t      testing.TB
	person []Answer // nil: there is no terminal

	mu      sync.Mutex
	between func(http.ResponseWriter, *http.Request, http.Handler) // of the present run: a request of one that has ended may still come
	hosts   map[string]*host
	others  map[string]string // see Reach
	asked   map[string]bool   // environment variables
	agents  map[string]int    // see Agents
	later   time.Duration
	serving atomic.Int32       // requests that a server is answering
	cancel  context.CancelFunc // of the present run
}

// New makes a world with nobody at the terminal and nothing on the network.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{t: t, Dir: t.TempDir(), hosts: map[string]*host{}, asked: map[string]bool{}, agents: map[string]int{}, Hidden: map[string]bool{}, CA: NewCA(t, "vcenter-ca")}
	w.Self = w.WriteFile("bin/kubectl-vsphere", "#!/bin/sh\n", 0o755)
	w.CAFile = w.WriteFile("ca.pem", w.CA.PEM, 0o644)
	w.Programs = map[string]string{"kubectl-vsphere": w.Self}
	w.Vars = map[string]string{
		"HOME": w.Dir, credfile.HomeVariable: filepath.Join(w.Dir, "store"), "KUBECONFIG": w.Kubeconfig(),
	}
	if err := os.Mkdir(w.Vars[credfile.HomeVariable], 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

// Kubeconfig returns the path of the user's kubeconfig. The file does not exist at first.
func (w *World) Kubeconfig() string { return filepath.Join(w.Dir, "kubeconfig") }

// WriteFile writes a file below the home directory and returns its path.
func (w *World) WriteFile(name, text string, mode os.FileMode) string {
	w.t.Helper()
	path := filepath.Join(w.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// ReadKubeconfig returns the text of the user's kubeconfig. It is empty if the file does not exist.
func (w *World) ReadKubeconfig() string {
	w.t.Helper()
	text, err := os.ReadFile(w.Kubeconfig())
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return string(text)
}

// Store opens the store of sessions and credentials.
func (w *World) Store() *tokens.Store {
	w.t.Helper()
	store, err := tokens.Open(w.Vars[credfile.HomeVariable])
	if err != nil {
		w.t.Fatal(err)
	}
	return store
}

// Session is the only session of the store.
func (w *World) Session() tokens.Session {
	w.t.Helper()
	all, unreadable := w.Store().Sessions()
	if len(all) != 1 || len(unreadable) > 0 {
		w.t.Fatalf("there are %d sessions, not one; %v", len(all), unreadable)
	}
	return all[0]
}

// Now is the time in this world: the real one, moved by Advance. What servers say is of the same time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.later)
}

// uptime moves with Now: in this world nobody sets a clock.
func (w *World) uptime() time.Duration { return time.Duration(w.Now().UnixNano()) }

// Advance moves the clock.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.later += d
}

// Interrupt is Ctrl-C during a run.
func (w *World) Interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel()
}

// sleep is a wait that takes no time.
func (w *World) sleep(d time.Duration) {
	w.Advance(d)
	if w.Asleep != nil {
		w.Asleep(d)
	}
}

// Env is the environment of one run. Out and ErrOut are *Stream.
func (w *World) Env() *console.Env {
	system := "linux" // whatever Unix the tests run on, or Windows, where paths are others
	if runtime.GOOS == "windows" {
		system = runtime.GOOS
	}
	e := &console.Env{
		Getenv: w.getenv, Hide: w.hide,
		Home: w.Dir, Root: filepath.Join(w.Dir, "root"), GOOS: system, Now: w.Now, Uptime: w.uptime, Slept: w.sleep, LookPath: w.lookPath,
		Executable: func() (string, error) { return w.Self, nil }, Called: w.Called,
		Proxy: w.proxy,
		Dial:  w.dial, Lookup: w.lookup, Timeout: 5 * time.Second, After: w.after, NewKey: newKey,
	}
	if w.NoHome {
		e.Home = ""
	}
	e.In, e.Out, e.ErrOut = strings.NewReader(w.Stdin), &Stream{columns: w.Columns, hear: w.Hear}, &Stream{columns: w.Columns, hear: w.HearError}
	return e
}

func (w *World) after(d time.Duration) <-chan time.Time {
	if w.Timer == nil {
		return nil
	}
	return w.Timer(d)
}

func (w *World) proxy(r *http.Request) (*url.URL, error) {
	if w.Through == nil {
		return nil, nil
	}
	return w.Through(r)
}

func (w *World) getenv(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[name] = true
	if w.NoHome && name == "HOME" {
		return ""
	}
	return w.Vars[name]
}

func (w *World) hide(names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		w.Hidden[name] = true
	}
}

// Asked returns the names of all environment variables that were read so far, sorted.
func (w *World) Asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.asked))
}

func (w *World) lookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return exec.LookPath(name)
	}
	if path, ok := w.Programs[name]; ok {
		return path, nil
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

// Stream is an output stream that is kept.
type Stream struct {
	mu   sync.Mutex
	text bytes.Buffer
	hear func(all string) // called with all that was written so far

	columns int
}

// Columns makes the stream a terminal for console.Columns, if it is not 0.
func (s *Stream) Columns() int { return s.columns }

// Write keeps p.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	if s.hear != nil {
		s.hear(s.text.String())
	}
	return n, err
}

// String is all that was written.
func (s *Stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
