package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience bounds how long a terminal is watched for a text. It is for broken programs and busy machines only.
const patience = 30 * time.Second

// terminal is a program on a pseudo terminal, as a person would use it.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File

	mu   sync.Mutex
	text strings.Builder
	read chan struct{} // closed at the end of the output

	expected int // bytes of the output, up to the last text that was expected
}

// onTerminal starts a program with a terminal as its standard input, output and error.
func (h *home) onTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	return watch(t, h.command(args...))
}

func watch(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, cmd: cmd, master: master, read: make(chan struct{})}
	go term.collect()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = master.Close()
	})
	return term
}

func (m *terminal) collect() {
	defer close(m.read)
	buf := make([]byte, 4096)
	for {
		n, err := m.master.Read(buf)
		m.mu.Lock()
		m.text.Write(buf[:n])
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (m *terminal) output() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

// expect waits for a text, after the one that was expected before: the second question is not mistaken for the first one, and nothing is
// typed before it is asked, which the programs ignore.
func (m *terminal) expect(text string) {
	m.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		output := m.output()
		if at := strings.Index(output[m.expected:], text); at >= 0 {
			m.expected += at + len(text)
			return
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("waited for %q, after %q got:\n%s", text, output[:m.expected], output[m.expected:])
		}
	}
}

// expectHidden waits until the terminal does not show what is typed.
func (m *terminal) expectHidden() {
	m.t.Helper()
	for deadline := time.Now().Add(patience); m.echo(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("the terminal shows what is typed:\n%q", m.output())
		}
	}
}

// enter types keys.
func (m *terminal) enter(keys string) {
	m.t.Helper()
	if _, err := m.master.WriteString(keys); err != nil {
		m.t.Fatal(err)
	}
}

// echo tells whether the terminal shows what is typed.
func (m *terminal) echo() bool {
	m.t.Helper()
	state, err := unix.IoctlGetTermios(int(m.master.Fd()), unix.TCGETS)
	if err != nil {
		m.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// wait returns the exit code.
func (m *terminal) wait() int {
	m.t.Helper()
	done := make(chan error, 1)
	go func() { done <- m.cmd.Wait() }()
	select {
	case err := <-done:
		select {
		case <-m.read:
		case <-time.After(time.Second): // A child left the terminal open.
		}
		return exitCode(err)
	case <-time.After(patience):
		m.t.Fatalf("it does not end:\n%s", m.output())
		return 0
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// home is a home directory of one test.
type home struct {
	dir string
	env []string
}

func newHome(t *testing.T, env ...string) *home {
	t.Helper()
	dir := t.TempDir()
	return &home{dir: dir, env: append([]string{
		"HOME=" + dir, "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "TERM=xterm", "LANG=C.UTF-8",
	}, env...)}
}

func (h *home) command(args ...string) *exec.Cmd {
	name := args[0]
	if name == "kubectl" || name == "kubectl-vsphere" {
		name = bin + "/" + name
	}
	cmd := exec.CommandContext(context.Background(), name, args[1:]...)
	cmd.Env, cmd.Dir = h.env, h.dir
	return cmd
}

// run runs a program without a terminal.
func (h *home) run(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	out, err := h.command(args...).CombinedOutput()
	return string(out), exitCode(err)
}

// login logs a user in; the environment is as given.
func (h *home) login(t *testing.T, u user, flags ...string) (output string) {
	t.Helper()
	cmd := h.command(append([]string{
		"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA,
	}, flags...)...)
	cmd.Env = append(cmd.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("login: %v\n%s", err, out)
	}
	return string(out)
}

// interrupt sends Ctrl-C and returns the exit code and how long the program took to end.
func (m *terminal) interrupt() (code int, took time.Duration) {
	m.t.Helper()
	start := time.Now()
	m.enter("\x03")
	code = m.wait()
	return code, time.Since(start)
}
