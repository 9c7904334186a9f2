package secret

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// again is how long a refused secret is not sent again by itself. vCenter counts five refusals within 180 s.
const again = 5 * time.Minute

// Marks is where an account's refusals are remembered; *tokens.Store is one.
type Marks interface {
	Mark(account string) tokens.Mark
	SetMark(account string, m tokens.Mark) error
	ClearMark(account string) error
}

// Guard stands between the sources of a password and the server. It sends at most one secret per call, never one that the
// server refused a moment ago, and keeps the callers quiet that would ask the same again.
type Guard struct {
	Marks   Marks
	Account string
	Now     func() time.Time
	Parent  Parent
	// Explicit is a person's own command: no quiet holds it back from asking.
	Explicit bool
	// Force sends a refused secret again.
	Force bool
	// Lock, if set, is held from the look at the mark until the outcome is noted. The one who asks may hold it already.
	Lock func(ctx context.Context) (unlock func(), err error)
	// Warn is told what could not be remembered.
	Warn func(error)
}

// NoPasswordError is the end of the sources without anything to send.
type NoPasswordError struct {
	Reasons []string // in words, one for each source that might have had one
	Known   bool     // there was one, and the server had refused it a moment ago
}

// Error gives the last reason, which is the one nearest to the user.
func (e *NoPasswordError) Error() string {
	if len(e.Reasons) == 0 {
		return "there is no password to send"
	}
	return e.Reasons[len(e.Reasons)-1]
}

// Is makes a refused secret that was not sent again a refusal.
func (e *NoPasswordError) Is(target error) bool { return e.Known && target == wire.ErrRefused }

// RefusedError is a secret that the server refused just now. It wraps the server's answer.
type RefusedError struct {
	Source string
	Err    error
}

// Error is the server's.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives the server's answer.
func (e *RefusedError) Unwrap() error { return e.Err }

// Sender sends a password to the server once.
type Sender func(ctx context.Context, password redact.Secret, from Source) error

// Send goes through the sources, and sends the first password that may be sent. send's error is returned as it is, but for
// wire.ErrRefused, which becomes a *RefusedError. Without a password the error is a *NoPasswordError, or the reason why a
// person did not type one (ErrCancelled, ErrEmpty).
func (g *Guard) Send(ctx context.Context, sources []Source, send Sender) error {
	none := &NoPasswordError{}
	before := g.Marks.Mark(g.Account) // What this very call leaves must not keep it from asking the next source.
	for _, source := range sources {
		if g.quiet(before, source) {
			none.Reasons = append(none.Reasons, before.Reason)
			continue
		}
		password, err := source.Get(ctx)
		var missing *NoneError
		switch {
		case errors.As(err, &missing):
			g.declined(source, missing.Error())
			none.Reasons = append(none.Reasons, missing.Error())
			continue
		case err != nil:
			g.gaveUp(source, err)
			return err
		}
		var known *knownError
		if err := g.try(ctx, source, password, send); !errors.As(err, &known) {
			return err
		}
		g.declined(source, known.Error())
		none.Reasons, none.Known = append(none.Reasons, known.Error()), true
	}
	return none
}

// quiet tells whether a source must not be asked now, and what to say instead. What is there without asking anybody is
// always looked at: it may be another secret than the refused one.
func (g *Guard) quiet(mark tokens.Mark, source Source) bool {
	return !g.Explicit && source.Kind != Given && mark.Blocks(g.Parent.PID, g.Parent.Start, g.Now())
}

// knownError is a secret that is not sent, since the server refused it a moment ago.
type knownError struct {
	source string
	at     time.Time
}

func (e *knownError) Error() string {
	return fmt.Sprintf("the password of %s was refused at %s, and is not sent again for %d minutes",
		e.source, e.at.Local().Format(time.TimeOnly), int(again.Minutes()))
}

// try sends one password under the lock, unless it is the refused one, and notes the outcome.
func (g *Guard) try(ctx context.Context, source Source, password redact.Secret, send Sender) error {
	if g.Lock != nil {
		unlock, err := g.Lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	mark := g.Marks.Mark(g.Account)
	if r := mark.Refused; r != nil && source.Kind != Typed && !g.Force && recent(r.Time, g.Now()) && matches(r, password) {
		return &knownError{source.Name, r.Time}
	}
	err := send(ctx, password, source)
	switch {
	case errors.Is(err, wire.ErrRefused):
		g.refused(source, password)
		return &RefusedError{source.Name, err}
	case err == nil && !mark.Time.IsZero():
		g.warn(g.Marks.ClearMark(g.Account))
	}
	return err
}

// recent is whether a refusal still counts. A clock that was set back must not make it count for long.
func recent(refused, now time.Time) bool {
	age := now.Sub(refused)
	return age > -again && age < again
}

// refused remembers a secret that the server refused. A command or variable may be mended at once, so only the caller's
// own runs are quiet then; a prompt is quiet for everybody.
func (g *Guard) refused(source Source, password redact.Secret) {
	mark := g.mark(source)
	mark.Reason = fmt.Sprintf("the password of %s was refused a moment ago", source.Name)
	if source.Kind == Typed {
		mark.Reason = "the password was refused a moment ago"
	}
	if g.Explicit { // It is no answer to a prompt of kubectl's.
		mark.ParentPID, mark.ParentStart, mark.Everybody = 0, "", false
	}
	mark.Refused = hash(password, g.Now())
	g.warn(g.Marks.SetMark(g.Account, mark))
}

// gaveUp remembers a prompt that was cancelled or left empty.
func (g *Guard) gaveUp(source Source, err error) {
	switch {
	case errors.Is(err, ErrCancelled):
		g.declined(source, "the password prompt was cancelled a moment ago")
	case errors.Is(err, ErrEmpty):
		g.declined(source, "no password was typed a moment ago")
	}
}

// declined remembers a source that something was done for in vain.
func (g *Guard) declined(source Source, reason string) {
	if g.Explicit || source.Kind == Given {
		return
	}
	mark := g.mark(source)
	mark.Reason = reason
	mark.Refused = g.Marks.Mark(g.Account).Refused
	g.warn(g.Marks.SetMark(g.Account, mark))
}

// mark is one of this caller, now.
func (g *Guard) mark(source Source) tokens.Mark {
	return tokens.Mark{Time: g.Now(), ParentPID: g.Parent.PID, ParentStart: g.Parent.Start, Everybody: source.Kind == Typed}
}

func (g *Guard) warn(err error) {
	if err != nil && g.Warn != nil {
		g.Warn(err)
	}
}
