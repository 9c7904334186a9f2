package e2e

import (
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// Whatever ends the program at a password prompt, the terminal shows again what is typed, and nothing was sent.
func TestSignalsAtThePrompt(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGINT} {
		h, u := newHome(t), newUser(t, "ns1")
		term := h.onTerminal(t, "kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA)
		term.expect("Password: ")
		if term.echo() {
			t.Errorf("%s: the password would be shown", signal)
		}
		if err := term.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if code := term.wait(); code != 130 {
			t.Errorf("%s: exit code %d:\n%s", signal, code, term.output())
		}
		if !term.echo() {
			t.Errorf("%s: the terminal does not echo any more", signal)
		}
		if got := logins(t, u); len(got) > 0 {
			t.Errorf("%s: sent %q", signal, got)
		}
	}
}

// A terminal that gets another size at a prompt, narrower than the question, changes nothing about it.
func TestResizeAtThePrompt(t *testing.T) {
	t.Parallel()
	h, u := newHome(t), newUser(t, "ns1")
	term := h.onTerminal(t, "kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA)
	term.expect("Password: ")
	half := len(u.Password) / 2
	term.enter(u.Password[:half])
	for _, columns := range []uint16{5, 200, 40} {
		if err := pty.Setsize(term.master, &pty.Winsize{Rows: 10, Cols: columns}); err != nil { // The kernel sends SIGWINCH.
			t.Fatal(err)
		}
		if term.echo() {
			t.Error("the password would be shown")
		}
	}
	term.enter(u.Password[half:] + "\r")
	if code := term.wait(); code != 0 || strings.Count(term.output(), "Password: ") != 1 || strings.Contains(term.output(), u.Password[half:]) {
		t.Errorf("exit code %d:\n%s", code, term.output())
	}
	if !term.echo() {
		t.Error("the terminal does not echo any more")
	}
}
