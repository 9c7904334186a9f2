// Package console gives commands their environment: streams, terminal, clock, variables, network, programs. A test fills an Env
// with fakes and runs a whole command in memory.
package console

import (
	"context"
	"crypto/rsa"
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
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Env is the environment of one run of the program. Only commands and this package write to its streams.
type Env struct {
	genericiooptions.IOStreams
	// Terminal is standard input if it is a terminal, else nil. Questions need it.
	Terminal *os.File
	Getenv   func(string) string
	// Hide takes variables that hold secrets out of the environment that children inherit. Getenv still knows them. It may be nil.
	Hide func(names ...string)
	// Agent is how the program names itself to servers and proxies (RFC 9110, section 10.1.5); empty: wire.UserAgent.
	Agent  string
	Home   string // the user's home directory; empty if it is not known
	Root   string // root of the file system for system paths; empty: /
	GOOS   string
	Now    func() time.Time
	Uptime func() time.Duration // a clock that nobody sets; nil: secret.Uptime
	// Slept, if set, is called in place of a wait that only passes time.
	Slept func(time.Duration)

	// After is called in place of time.After by Timer; nil: time.After.
	After func(time.Duration) <-chan time.Time

	// NewKey makes an RSA key, which takes a second; nil: rsa.GenerateKey.
	NewKey func(bits int) (*rsa.PrivateKey, error)

	// LookPath finds a program on PATH. Executable returns the path of this program.
	LookPath   func(name string) (string, error)
	Executable func() (string, error)
	Called     string // how this program was called (argv[0]): a name, or a path that may be a link; may be empty
	// Proxy and Dial work as in http.Transport. A nil Dial uses the network.
	Proxy func(*http.Request) (*url.URL, error)
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	// Lookup finds the addresses of a name; nil: as the system does.
	Lookup func(ctx context.Context, host string) ([]string, error)

	// Timeout bounds each request. With Verbose, each request prints a line to standard error.
	Timeout time.Duration
	Verbose bool
	// Conns bounds the connections to one server; 0: as many as a command has requests under way.
	Conns int

	unread *secret.Unread // input that the reader of the terminal has buffered
}

// System returns the environment of a real process. It hides the password variable from all children, and so comes before the first one.
func System() *Env {
	getenv := process.WithHome(process.Environment())
	process.Hide(process.PasswordVariable)
	e := &Env{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:    getenv, Hide: process.Hide, Home: process.Home(), GOOS: runtime.GOOS, Now: time.Now,
		LookPath: exec.LookPath, Executable: os.Executable, Called: os.Args[0], Proxy: http.ProxyFromEnvironment,
		unread: new(secret.Unread),
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		e.Terminal = os.Stdin
	}
	e.Protect()
	return e
}

// Quiet returns the same environment without a terminal and without standard error.
func (e *Env) Quiet() *Env {
	quiet := *e
	quiet.Terminal, quiet.ErrOut = nil, io.Discard
	return &quiet
}

// Unattended returns the same environment without a terminal: nobody is asked.
func (e *Env) Unattended() *Env {
	unattended := *e
	unattended.Terminal = nil
	return &unattended
}

// HideVariables hides the variables with secrets that a session names (see Hide).
func (e *Env) HideVariables(names ...string) {
	if e.Hide != nil {
		e.Hide(names...)
	}
}

// OpenStore opens the user's store of sessions and credentials (see credfile.Dir).
func (e *Env) OpenStore() (*tokens.Store, error) {
	dir, err := credfile.Dir(e.Getenv, e.GOOS)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); err != nil && e.Getenv(credfile.HomeVariable) == "" { // The variable is a decision.
		if err := CheckGuest(e.Getenv, dir); err != nil {
			return nil, err
		}
	}
	return tokens.Open(dir)
}

// Attach gives a program that talks to the user itself the terminal and the streams of this process, as they are.
func Attach(e *Env, c *exec.Cmd) {
	c.Stdin, c.Stdout, c.Stderr = e.In, below(e.Out), below(e.ErrOut)
	if e.Terminal != nil {
		c.Stdin = e.Terminal
	}
}

// SystemPath returns an absolute system path below Root.
func (e *Env) SystemPath(path string) string { return filepath.Join(e.Root, path) }

// Warn writes a warning: something is wrong, and the command goes on.
func (e *Env) Warn(err error) { e.Tellf("warning: %v", err) }

// Notef writes a note: nothing is wrong, and the user should know it.
func (e *Env) Notef(format string, args ...any) { e.Tellf("note: "+format, args...) }

// Tellf writes a line to standard error. Like all methods that take a format, it keeps line ends only in the format and in safetext.Lines:
// a name cannot begin a line.
func (e *Env) Tellf(format string, args ...any) {
	fmt.Fprintf(Prose(e.ErrOut), format+"\n", safetext.Args(args)...)
}

// Printf writes a line to standard output: the command's result.
func (e *Env) Printf(format string, args ...any) {
	fmt.Fprintf(Prose(e.Out), format+"\n", safetext.Args(args)...)
}

// SurviveParent lets a login finish after its parent process has ended: writes to a closed pipe no longer end this process, and the
// next command finds the session. SIGPIPE is caught and not ignored, since child processes inherit an ignored signal.
func SurviveParent() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
