package secret_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
)

// terminal is a terminal with somebody at the keyboard. The question goes to asked, not to the terminal, so that what
// the terminal shows is the echo alone.
type terminal struct {
	t        *testing.T
	tty      *os.File
	keyboard *os.File
	asked    chan string // a question, or the line end after the answer
	screen   chan []byte // all that was shown, once the terminal is closed
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Skip("there are no pseudo terminals here; on Linux, mount devpts at /dev/pts: ", err)
	}
	x := &terminal{t: t, tty: tty, keyboard: keyboard, asked: make(chan string, 8), screen: make(chan []byte, 1)}
	go func() {
		var shown bytes.Buffer
		_, _ = io.Copy(&shown, keyboard) // The error is how a terminal ends.
		x.screen <- shown.Bytes()
	}()
	t.Cleanup(func() {
		tty.Close()
		keyboard.Close()
	})
	return x
}

func (x *terminal) Write(p []byte) (int, error) {
	x.asked <- string(p)
	return len(p), nil
}

func (x *terminal) prompter() secret.Prompter { return secret.Prompter{In: x.tty, Out: x} }

func (x *terminal) typed(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.keyboard, keys); err != nil {
		x.t.Fatal(err)
	}
}

// flags are the terminal's local modes.
func (x *terminal) flags() uint32 {
	x.t.Helper()
	state, err := unix.IoctlGetTermios(int(x.tty.Fd()), unix.TCGETS)
	if err != nil {
		x.t.Fatal(err)
	}
	return state.Lflag
}

func (x *terminal) echoes() bool { return x.flags()&unix.ECHO != 0 }

// shown closes the terminal and tells what stood on it.
func (x *terminal) shown() string {
	x.tty.Close()
	return string(<-x.screen)
}

type outcome struct {
	text string
	err  error
}

// password asks in the background and returns once the question is out.
func (x *terminal) password(ctx context.Context) <-chan outcome {
	x.t.Helper()
	result := make(chan outcome, 1)
	go func() {
		s, err := x.prompter().Password(ctx, "Password: ")
		result <- outcome{s.Reveal(), err}
	}()
	if got := <-x.asked; got != "Password: " {
		x.t.Fatalf("asked %q", got)
	}
	return result
}

func TestPasswordIsReadWithoutEcho(t *testing.T) {
	x := newTerminal(t)
	before := x.flags()
	result := x.password(t.Context())
	if x.echoes() {
		t.Error("the terminal echoes while the password is asked for")
	}
	// Ctrl-C must stay a signal and a line must stay a line.
	if flags := x.flags(); flags&unix.ISIG == 0 || flags&unix.ICANON == 0 {
		t.Errorf("the local modes are %#x", flags)
	}
	x.typed("pässword 7 \n")
	if got := <-result; got.err != nil || got.text != "pässword 7 " {
		t.Errorf("got %q, %v", got.text, got.err)
	}
	if after := x.flags(); after != before {
		t.Errorf("the local modes were %#x and are %#x", before, after)
	}
	if end := <-x.asked; end != "\n" {
		t.Errorf("after the answer comes %q, want a line end", end)
	}
	if shown := x.shown(); strings.Contains(shown, "ssword") {
		t.Errorf("the terminal showed %q", shown)
	}
}

func TestPasswordTakesBackWhatWasErased(t *testing.T) {
	x := newTerminal(t)
	result := x.password(t.Context())
	x.typed("\ufeffpasx\x7fs\r") // The mark comes along with what is pasted; a terminal sends a carriage return for the Enter key
	if got := <-result; got.err != nil || got.text != "pass" {
		t.Errorf("got %q, %v", got.text, got.err)
	}
}

func TestPasswordLeavesWhatWasTypedAheadToTheNextQuestion(t *testing.T) {
	x := newTerminal(t)
	result := x.password(t.Context())
	x.typed("first\nsecond\n")
	if got := <-result; got.text != "first" || got.err != nil {
		t.Fatalf("got %q, %v", got.text, got.err)
	}
	<-x.asked // the line end
	if got := <-x.password(t.Context()); got.text != "second" || got.err != nil {
		t.Errorf("got %q, %v", got.text, got.err)
	}
}

func TestCancellationRestoresTheEchoAtOnce(t *testing.T) {
	x := newTerminal(t)
	before := x.flags()
	ctx, cancel := context.WithCancel(t.Context())
	result := x.password(ctx)
	x.typed("half a pass") // no line end: the read stays where it is
	cancel()
	if got := <-result; !errors.Is(got.err, secret.ErrCancelled) || got.text != "" {
		t.Errorf("got %q, %v; want ErrCancelled", got.text, got.err)
	}
	if after := x.flags(); after != before || !x.echoes() {
		t.Errorf("the local modes were %#x and are %#x", before, after)
	}
	if end := <-x.asked; end != "\n" {
		t.Errorf("after the question comes %q, want a line end", end)
	}
	x.typed("\n") // lets the reader that was left behind go
}

// After Ctrl-Z and fg, a shell has the terminal echo: the question comes anew, and nothing that is typed shows.
func TestPasswordAfterCtrlZ(t *testing.T) {
	x := newTerminal(t)
	result := x.password(t.Context())
	state, err := unix.IoctlGetTermios(int(x.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	state.Lflag |= unix.ECHO
	if err := unix.IoctlSetTermios(int(x.tty.Fd()), unix.TCSETS, state); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(os.Getpid(), unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if again := <-x.asked; again != "Password: " || x.echoes() {
		t.Errorf("asked %q; the terminal echoes: %v", again, x.echoes())
	}
	x.typed("sesame\n")
	if got := <-result; got.text != "sesame" || got.err != nil {
		t.Errorf("got %q, %v", got.text, got.err)
	}
	if shown := x.shown(); strings.Contains(shown, "sesame") {
		t.Errorf("the terminal showed %q", shown)
	}
}

// A question of trust gets only what is typed after it.
func TestFreshQuestion(t *testing.T) {
	x := newTerminal(t)
	unread := &secret.Unread{}
	ask := func(ctx context.Context, fresh bool) <-chan outcome {
		result := make(chan outcome, 1)
		p := x.prompter()
		p.Unread = unread
		go func() {
			question := p.Line
			if fresh {
				question = p.Fresh
			}
			text, err := question(ctx, "Trust it? ")
			result <- outcome{text, err}
		}()
		<-x.asked
		return result
	}
	x.typed("y\ny\n")
	result := ask(t.Context(), true)
	x.typed("no\n")
	if got := <-result; got.text != "no" || got.err != nil {
		t.Errorf("what was typed before answers: %q, %v", got.text, got.err)
	}
	// A line that was typed for a question that nobody waits for any more.
	ctx, cancel := context.WithCancel(t.Context())
	result = ask(ctx, false)
	cancel()
	<-result
	<-x.asked
	x.typed("y\n")
	result = ask(t.Context(), true)
	x.typed("no\n")
	if got := <-result; got.text == "y" || got.err != nil {
		t.Errorf("the line of an abandoned question answers: %q, %v", got.text, got.err)
	}
}

func TestNothingTypedIsAnErrorOfItsOwn(t *testing.T) {
	const endOfFile = "\x04"
	for name, keys := range map[string]string{"Enter": "\r", "a line end": "\n", "Ctrl-D": endOfFile} {
		x := newTerminal(t)
		result := x.password(t.Context())
		x.typed(keys)
		if got := <-result; !errors.Is(got.err, secret.ErrEmpty) || got.text != "" {
			t.Errorf("%s: got %q, %v; want ErrEmpty", name, got.text, got.err)
		}
		if !x.echoes() {
			t.Errorf("%s: the terminal stays silent", name)
		}
	}
}

func TestALineIsReadWithEcho(t *testing.T) {
	for keys, want := range map[string]outcome{
		"  ada@vsphere.local \n": {"ada@vsphere.local", nil},
		"   \n":                  {"", secret.ErrEmpty},
		"\n":                     {"", secret.ErrEmpty},
	} {
		x := newTerminal(t)
		result := make(chan outcome, 1)
		go func() {
			text, err := x.prompter().Line(t.Context(), "User: ")
			result <- outcome{text, err}
		}()
		if got := <-x.asked; got != "User: " || !x.echoes() {
			t.Errorf("asked %q, the terminal echoes: %v", got, x.echoes())
		}
		x.typed(keys)
		if got := <-result; got.text != want.text || !errors.Is(got.err, want.err) {
			t.Errorf("%q: got %q, %v", keys, got.text, got.err)
		}
		if shown := x.shown(); !strings.Contains(shown, strings.TrimSpace(want.text)) {
			t.Errorf("%q: the terminal showed %q", keys, shown)
		}
	}
}

// unasked fails the test when anything is asked.
type unasked struct{ t *testing.T }

func (u unasked) Write(p []byte) (int, error) {
	u.t.Errorf("asked %q", p)
	return len(p), nil
}

func TestWithoutATerminalNothingIsAsked(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	fmt.Fprintln(writer, "password from a pipe")
	for name, in := range map[string]*os.File{"nothing": nil, "the null device": null, "a pipe": reader} {
		p := secret.Prompter{In: in, Out: unasked{t}}
		if got, err := p.Password(t.Context(), "Password: "); !errors.Is(err, secret.ErrNoTerminal) || got != "" {
			t.Errorf("%s: Password gives %v", name, err)
		}
		if got, err := p.Line(t.Context(), "User: "); !errors.Is(err, secret.ErrNoTerminal) || got != "" {
			t.Errorf("%s: Line gives %v", name, err)
		}
	}
}

func TestTheParentIsThisTestsParent(t *testing.T) {
	got, again := secret.ParentProcess(), secret.ParentProcess()
	if got.PID != os.Getppid() || got.Start == "" || strings.Trim(got.Start, "0123456789") != "" || got != again {
		t.Errorf("got %+v, then %+v", got, again)
	}
}
