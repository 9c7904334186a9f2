package consoletest

import (
	"io"
	"os"
	"strings"
	"sync"

	"github.com/creack/pty"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// Answer is what a person types when a text appears on standard error: Keys and Enter, or Interrupt.
type Answer struct {
	To, Keys string
	// Reply, if set, makes Keys of all that stands there.
	Reply func(screen string) string
}

// Interrupt is Ctrl-C, as main turns it into the end of the context.
const Interrupt = "\x03"

// Person puts somebody at a terminal for the runs from now on, who answers in this order.
func (w *World) Person(answers ...Answer) { w.person = append([]Answer{}, answers...) }

// Nobody takes the terminal away.
func (w *World) Nobody() { w.person = nil }

// sit opens a terminal for one run. left closes it, and returns the answers that nobody asked for.
func (w *World) sit(e *console.Env, screen *Stream, interrupt func()) (left func() []Answer) {
	w.t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		w.t.Skip("there are no pseudo terminals here; on Linux, mount devpts at /dev/pts: ", err)
	}
	e.Terminal = tty
	var echoed sync.WaitGroup
	echoed.Go(func() { _, _ = io.Copy(io.Discard, keyboard) }) // It ends when the terminal is closed.
	p := &person{answers: w.person, keyboard: keyboard, interrupt: interrupt}
	screen.hear = p.hear
	return func() []Answer {
		screen.mu.Lock()
		defer screen.mu.Unlock()
		screen.hear = nil
		_, _ = io.WriteString(keyboard, "\n") // A read that was left behind ends.
		_ = tty.Close()
		_ = keyboard.Close()
		echoed.Wait()
		w.person = []Answer{}
		return p.answers
	}
}

// person reads the screen and types.
type person struct {
	answers   []Answer
	heard     int // how much of the screen was read
	keyboard  *os.File
	interrupt func()
}

func (p *person) hear(all string) {
	for len(p.answers) > 0 {
		at := strings.Index(all[p.heard:], p.answers[0].To)
		if at < 0 {
			return
		}
		p.heard += at + len(p.answers[0].To)
		keys, reply := p.answers[0].Keys, p.answers[0].Reply
		p.answers = p.answers[1:]
		if reply != nil {
			keys = reply(all)
		}
		if keys == Interrupt {
			p.interrupt()
			return
		}
		_, _ = io.WriteString(p.keyboard, keys+"\n")
	}
}
