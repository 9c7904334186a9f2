package secret

import (
	"io"
	"sync"
	"time"
)

// Notes say where a password command's standard error goes.
type Notes struct {
	To io.Writer
	// Quiet keeps it back, unless the command fails: some clients take any text for a failure of ours.
	Quiet bool
	// Person means that somebody may have to do something, as to touch a key: what a command says that takes longer than 2 s is shown.
	Person bool
}

// patience is how long the notes of a command are kept back.
const patience = 2 * time.Second

// note is the standard error of one command.
type note struct {
	to    io.Writer
	timer *time.Timer

	mu   sync.Mutex
	kept []byte
	open bool
}

func (n Notes) begin() *note {
	s := &note{to: n.To, open: !n.Quiet}
	if n.Quiet && n.Person {
		s.timer = time.AfterFunc(patience, s.show)
	}
	return s
}

// Write implements io.Writer. It keeps at most maxOutput bytes back.
func (s *note) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		return s.to.Write(p)
	}
	s.kept = append(s.kept, p[:min(len(p), maxOutput-len(s.kept))]...)
	return len(p), nil
}

// show writes the notes so far, and from now on each as it comes.
func (s *note) show() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.to.Write(s.kept)
	s.kept, s.open = nil, true
}

// end is for a command that has ended.
func (s *note) end(failed bool) {
	if s.timer != nil {
		s.timer.Stop()
	}
	if failed {
		s.show()
	}
}
