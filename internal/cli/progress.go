package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress is one line on a terminal that is written over and removed at the end. In a pipe it is silent.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody is watching
	what  string
	shown time.Time
	now   func() time.Time
}

// progressEvery is how often the line changes: often enough to be alive, seldom enough not to cost anything.
const progressEvery = 100 * time.Millisecond

func (a *App) newProgress(what string) *progress {
	p := &progress{what: what, now: a.Now, shown: a.Now()}
	if f, ok := a.ErrOut.(interface{ Fd() uintptr }); ok && term.IsTerminal(int(f.Fd())) {
		p.out = a.ErrOut
	}
	return p
}

// show is called as parts are settled, from several goroutines.
func (p *progress) show(done, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.shown) >= progressEvery {
		p.shown = now
		fmt.Fprintf(p.out, "\r%s: %d of %d\x1b[K", p.what, done, total)
	}
}

// done removes the line.
func (p *progress) done() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
