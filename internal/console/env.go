// Package console is what a command touches of the world: streams, terminal, clock, environment, network, programs. A test
// fills an Env with fakes and runs a whole command in memory.
package console

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Env is the world of one run of the program. Commands and this package alone write to its streams.
type Env struct {
	genericiooptions.IOStreams
	// Terminal is where a person is asked: standard input when that is a terminal, else nil.
	Terminal *os.File
	Getenv   func(string) string
	Home     string // the user's home directory; empty when it is not known
	Root     string // the root of the file system for paths of the system; empty: /
	GOOS     string
	Now      func() time.Time

	// LookPath finds a program on PATH, and Executable is the path of this one.
	LookPath   func(name string) (string, error)
	Executable func() (string, error)
	// Proxy and Dial are the way to a server, as in http.Transport. A nil Dial is the network's.
	Proxy func(*http.Request) (*url.URL, error)
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)

	// Timeout bounds each request. Verbose writes a line for each to standard error.
	Timeout time.Duration
	Verbose bool

	unread *secret.Unread // one terminal, one reader
}

// System is the world of a real process.
func System() *Env {
	home, _ := os.UserHomeDir()
	e := &Env{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:    os.Getenv, Home: home, GOOS: runtime.GOOS, Now: time.Now,
		LookPath: exec.LookPath, Executable: os.Executable, Proxy: http.ProxyFromEnvironment,
		unread: new(secret.Unread),
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		e.Terminal = os.Stdin
	}
	return e
}

// Quiet is the same world with nobody to ask and nothing to read.
func (e *Env) Quiet() *Env {
	quiet := *e
	quiet.Terminal, quiet.ErrOut = nil, io.Discard
	return &quiet
}

// Unattended is the same world with nobody to ask.
func (e *Env) Unattended() *Env {
	alone := *e
	alone.Terminal = nil
	return &alone
}

// OpenStore opens the store of sessions and credentials at its place.
func (e *Env) OpenStore() (*tokens.Store, error) {
	dir, err := credfile.Dir(e.Getenv, e.GOOS)
	if err != nil {
		return nil, err
	}
	return tokens.Open(dir)
}

// SystemPath is an absolute path of the system below Root.
func (e *Env) SystemPath(path string) string { return filepath.Join(e.Root, path) }

// Warn writes a warning: something is wrong that does not end the command.
func (e *Env) Warn(err error) { fmt.Fprintf(e.ErrOut, "warning: %v\n", err) }

// Notef writes a note: something that a person should know.
func (e *Env) Notef(format string, args ...any) { fmt.Fprintf(e.ErrOut, "note: "+format+"\n", args...) }

// Tellf writes a line to standard error.
func (e *Env) Tellf(format string, args ...any) { fmt.Fprintf(e.ErrOut, format+"\n", args...) }

// Printf writes a line to standard output, which is the command's result.
func (e *Env) Printf(format string, args ...any) { fmt.Fprintf(e.Out, format+"\n", args...) }

// SurviveParent lets a login go on when whoever began it has gone: what it says goes nowhere, and the session is there for the
// next one. The signal is caught, and not ignored, since programs that we start would inherit that.
func SurviveParent() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
