package console

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Progress is a line on a terminal that shows the current step. Done removes it. In a pipe it prints nothing. A terminal that cannot remove
// a line (TERM=dumb, an old console of Windows) gets a line for each step.
type Progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: no terminal
	plain bool
	step  string
	shown time.Time
	quiet bool // a question is on the terminal
	now   func() time.Time
}

// progressEvery bounds how often the line is written: a person sees it move, and it costs nothing.
const progressEvery = 100 * time.Millisecond

// maxStep bounds a step, in characters: it holds the name of a server.
const maxStep = 200

// NewProgress returns a progress line on standard error, if that is a terminal.
func (e *Env) NewProgress() *Progress {
	p := &Progress{now: e.Now}
	if isTerminal(e.ErrOut) {
		p.out, p.plain = below(e.ErrOut), !draws(e, e.ErrOut)
	}
	return p
}

// Show shows a step, and how many of its parts are done. total 0 shows no numbers. Several goroutines may call it.
func (p *Progress) Show(step string, done, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.quiet || step == p.step && (p.plain || now.Sub(p.shown) < progressEvery) {
		return
	}
	p.step, p.shown = step, now
	step = safetext.Line(step, maxStep)
	switch {
	case p.plain:
		fmt.Fprintf(Prose(p.out), "%s …\n", step)
	case total == 0:
		fmt.Fprintf(p.out, "\r%s\x1b[K", p.fitting(step+" …"))
	default:
		fmt.Fprintf(p.out, "\r%s\x1b[K", p.fitting(fmt.Sprintf("%s: %d of %d", step, done, total)))
	}
}

// fitting returns as much of a line as the terminal shows in one: what wraps cannot be written over.
func (p *Progress) fitting(line string) string {
	if columns := Columns(p.out); columns > 1 {
		return layout.Cut(line, columns-1)
	}
	return line
}

// Pause removes the line until Resume, so that a question can be asked.
func (p *Progress) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = true
	p.Done()
}

// Resume ends Pause: the next step is shown again.
func (p *Progress) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = false
}

// Done removes the line.
func (p *Progress) Done() {
	if p.out != nil && !p.plain {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
