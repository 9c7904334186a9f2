// Package secret gets a password from where the user said that it is (a variable, standard input, a command, the
// keychain, a person at the terminal), and guards it: a refused secret is not sent again by itself, and nobody is
// asked again too soon.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// The errors of a prompt.
var (
	ErrNoTerminal = errors.New("there is no terminal to ask on")
	ErrCancelled  = errors.New("interrupted")
	ErrEmpty      = errors.New("nothing was typed")
)

// Prompter asks a person.
type Prompter struct {
	In  *os.File  // a terminal; nil or anything else is ErrNoTerminal
	Out io.Writer // where the question goes: standard error, since standard output belongs to kubectl
	// Unread, if set, keeps a line that is still being typed for an abandoned question: the next question gets it.
	Unread *Unread
}

// Unread is an abandoned read from a terminal.
type Unread struct{ line chan answer }

// answer is a line that was typed.
type answer struct {
	line  string
	err   error
	ended time.Time
}

// maxLine bounds a typed line, in bytes. A terminal in line mode passes no more on at once.
const maxLine = 4096

// Password asks without echo. When ctx ends (Ctrl-C) it returns ErrCancelled at once, with the terminal restored.
// Without a terminal the error is ErrNoTerminal, and ErrEmpty when nothing was typed.
func (p Prompter) Password(ctx context.Context, question string) (redact.Secret, error) {
	line, err := p.prompt(ctx, question, hidden)
	return redact.Secret(Bare(line)), err // A mark may come along when a password is pasted.
}

// Line asks with echo. It drops blank space around the answer. The errors are those of Password.
func (p Prompter) Line(ctx context.Context, question string) (string, error) {
	return p.line(ctx, question, shown)
}

// Fresh is Line for a question that a person must see before they answer: it throws away keys that were typed before.
func (p Prompter) Fresh(ctx context.Context, question string) (string, error) {
	return p.line(ctx, question, fresh)
}

func (p Prompter) line(ctx context.Context, question string, m manner) (string, error) {
	line, err := p.prompt(ctx, question, m)
	line = strings.TrimSpace(line)
	if err == nil && line == "" {
		err = ErrEmpty
	}
	return line, err
}

// manner is how a question is asked.
type manner int

const (
	shown  manner = iota // the terminal shows what is typed
	hidden               // it does not
	fresh                // it does, and only what is typed after the question counts
)

// prompt reads a line while it watches ctx. A read from a terminal cannot be interrupted, so on cancellation it is left
// behind, for the next question or the end of the program; the terminal must echo again, though. Echo is turned off
// before the reader starts, so that the two cannot race.
func (p Prompter) prompt(ctx context.Context, question string, m manner) (string, error) {
	if p.In == nil || !term.IsTerminal(int(p.In.Fd())) {
		return "", ErrNoTerminal
	}
	fd := int(p.In.Fd())
	before, err := term.GetState(fd)
	if err == nil && m == hidden {
		err = echoOff(fd)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoTerminal, err)
	}
	defer term.Restore(fd, before) //nolint:errcheck // Nothing is left to do about it.
	resumed, end := resumption()
	defer end()
	if m == fresh {
		_ = dropInput(fd) // If it cannot, the time below decides.
	}
	fmt.Fprint(p.Out, question)
	asked := time.Now()
	answered := p.read()
	for {
		select {
		case <-ctx.Done():
			if p.Unread != nil {
				p.Unread.line = answered
			}
			fmt.Fprintln(p.Out)
			return "", ErrCancelled
		case <-resumed:
			p.askAgain(question, m)
		case a := <-answered:
			if m == fresh && a.ended.Before(asked) {
				answered = p.read()
				continue
			}
			if m == hidden {
				fmt.Fprintln(p.Out) // The line end that was typed was not echoed either.
			}
			return judge(a.line, a.err)
		}
	}
}

// askAgain asks after Ctrl-Z: a shell gives the terminal back as it likes it, which is with echo.
func (p Prompter) askAgain(question string, m manner) {
	fd := int(p.In.Fd())
	if !inForeground(fd) {
		return
	}
	if m == hidden {
		_ = echoOff(fd)
	}
	fmt.Fprint(p.Out, question)
}

// read starts to read a line, or continues an abandoned read.
func (p Prompter) read() chan answer {
	if p.Unread != nil && p.Unread.line != nil {
		answered := p.Unread.line
		p.Unread.line = nil
		return answered
	}
	answered := make(chan answer, 1)
	go func() {
		line, err := readLine(p.In)
		answered <- answer{line, err, time.Now()}
	}()
	return answered
}

func judge(line string, err error) (string, error) {
	line = strings.TrimSuffix(line, "\r")
	switch {
	case errors.Is(err, io.EOF) || err == nil && line == "":
		return "", ErrEmpty
	case err != nil:
		return "", fmt.Errorf("read from the terminal: %w", err)
	case len(line) > maxLine:
		return "", errors.New("the answer is too long")
	}
	return line, nil
}

// readLine reads byte by byte, so that a line typed ahead stays for the next question.
func readLine(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for len(line) <= maxLine {
		n, err := in.Read(b[:])
		if n == 1 {
			if b[0] == '\n' {
				break
			}
			line = append(line, b[0])
			continue
		}
		if err != nil {
			return string(line), err
		}
	}
	return string(line), nil
}
