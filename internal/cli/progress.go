package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
)

// progress is one line on a terminal that is written over and removed at the end. In a pipe it is silent.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody is watching
	step  login.Step
	shown time.Time
	quiet bool // somebody is asked
	now   func() time.Time
}

// progressEvery is how often the line changes: often enough to be alive, seldom enough not to cost anything.
const progressEvery = 100 * time.Millisecond

func (a *App) newProgress() *progress {
	p := &progress{now: a.Now}
	if f, ok := a.ErrOut.(interface{ Fd() uintptr }); ok && term.IsTerminal(int(f.Fd())) {
		p.out = a.ErrOut
	}
	return p
}

// show is called as a step begins and as parts of it are settled, from several goroutines.
func (p *progress) show(step login.Step, done, total int) {
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

// pause removes the line until resume, so that a question can be asked.
func (p *progress) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = true
	p.done()
}

func (p *progress) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = false
}

// done removes the line.
func (p *progress) done() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
