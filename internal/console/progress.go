package console

import (
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/term"
)

// Progress is one line on a terminal that is written over and removed at the end. In a pipe it is silent.
type Progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody is watching
	step  string
	shown time.Time
	quiet bool // somebody is asked
	now   func() time.Time
}

// progressEvery is how often the line changes: often enough to be alive, seldom enough not to cost anything.
const progressEvery = 100 * time.Millisecond

// NewProgress is a line on standard error, if that is a terminal.
func (e *Env) NewProgress() *Progress {
	p := &Progress{now: e.Now}
	if f, ok := e.ErrOut.(interface{ Fd() uintptr }); ok && term.IsTerminal(int(f.Fd())) {
		p.out = e.ErrOut
	}
	return p
}

// Show is called as a step begins and as parts of it are settled, from several goroutines.
func (p *Progress) Show(step string, done, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.quiet || step == p.step && now.Sub(p.shown) < progressEvery {
		return
	}
	p.step, p.shown = step, now
	if total == 0 {
		fmt.Fprintf(p.out, "\r%s …\x1b[K", step)
		return
	}
	fmt.Fprintf(p.out, "\r%s: %d of %d\x1b[K", step, done, total)
}

// Pause removes the line until resume, so that a question can be asked.
func (p *Progress) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = true
	p.Done()
}

// Resume shows the next step again.
func (p *Progress) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = false
}

// Done removes the line.
func (p *Progress) Done() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
