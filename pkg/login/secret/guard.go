package secret

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	// again is how long a refused secret is not sent again by itself. vCenter counts five refusals within 180 s.
	again = 5 * time.Minute
	// enough is how many refusals, or requests without an answer, in that time end all sending by itself, whatever the secret: one more
	// might lock the account.
	enough = 4
)

// Marks is where an account's refusals are remembered; *tokens.Store is one.
type Marks interface {
	Mark(account string) (tokens.Mark, error)
	SetMark(account string, m tokens.Mark) error
	ClearMark(account string) error
}

// Guard stands between the sources of a password and the server. It sends at most one secret per call, never one that the
// server refused a moment ago, and keeps the callers quiet that would ask the same again.
type Guard struct {
	Marks   Marks
	Account string
	// Name, if set, is a second account under which refused secrets are known again: the user's name, since two Supervisors may be
	// of one vCenter before a login has told so.
	Name   string
	Now    func() time.Time
	Parent Parent
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
	before, unreadable := g.Marks.Mark(g.Account) // What this very call leaves must not keep it from asking the next source.
	for _, source := range sources {
		if unreadable != nil && source.Kind != Typed {
			none.Reasons = append(none.Reasons, fmt.Sprintf("%s: it is not sent, since what was refused before cannot be read: %v", source.Name, unreadable))
			continue
		}
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
		none.Reasons, none.Known = append(none.Reasons, known.Error()), none.Known || known.refused
	}
	return none
}

// Ask lets a person log in by other means than a password, unless one was asked a moment ago and nothing came of it. The error is
// then a *NoPasswordError with the reason of that time.
func (g *Guard) Ask(login func() error) error {
	person := Source{Name: "the login", Kind: Typed}
	before, err := g.Marks.Mark(g.Account)
	if err != nil {
		return err
	}
	if g.quiet(before, person) {
		return &NoPasswordError{Reasons: []string{before.Reason}}
	}
	if err := login(); err != nil {
		g.declined(person, "the login did not succeed a moment ago")
		return err
	}
	return nil
}

// quiet tells whether a source must not be asked now, and what to say instead. What is there without asking anybody is
// always looked at: it may be another secret than the refused one.
func (g *Guard) quiet(mark tokens.Mark, source Source) bool {
	return !g.Explicit && source.Kind != Given && mark.Blocks(g.Parent.PID, g.Parent.Start, g.Now())
}

// knownError is a secret that is not sent, since the server refused it, or too much, a moment ago.
type knownError struct {
	text    string
	refused bool // else there was no answer: the network is no refusal
}

func (e *knownError) Error() string { return e.text }

// try sends one password under the lock, unless it is a refused one, and notes the outcome. That it is sent is noted before: a
// refusal must not be forgotten because the program was killed, or nothing could be written.
func (g *Guard) try(ctx context.Context, source Source, password redact.Secret, send Sender) error {
	if g.Lock != nil {
		unlock, err := g.Lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	mark, err := g.Marks.Mark(g.Account)
	if err != nil && source.Kind != Typed {
		return err
	}
	mark.Refusals = g.recent(mark.Refusals)
	if source.Kind != Typed {
		if known := g.known(source, password, mark); known != nil && !g.Force {
			return known
		}
		if err := g.noteSending(mark); err != nil {
			return fmt.Errorf("%s is not sent, since a refusal of it could not be remembered: %w", source.secret(), err)
		}
	}
	err = send(ctx, password, source)
	switch {
	case errors.Is(err, wire.ErrRefused):
		g.refused(source, password, mark)
		return &RefusedError{source.Name, err}
	case err == nil:
		g.accepted(password, mark)
	case source.Kind != Typed && answered(err):
		g.warn(g.set(g.Account, mark))
	}
	return err
}

// noteSending notes that a secret is on its way. A person's own command goes on without it, and is warned.
func (g *Guard) noteSending(mark tokens.Mark) error {
	sending := mark
	sending.Refusals = append(slices.Clone(mark.Refusals), tokens.Refusal{Time: g.Now()})
	err := g.Marks.SetMark(g.Account, sending)
	if err != nil && g.Explicit {
		g.warn(err)
		return nil
	}
	return err
}

// known tells why a secret must not be sent by itself.
func (g *Guard) known(source Source, password redact.Secret, mark tokens.Mark) error {
	refusals := mark.Refusals
	if g.Name != "" {
		byName, err := g.Marks.Mark(g.Name)
		if err != nil {
			return err
		}
		refusals = append(slices.Clone(refusals), g.recent(byName.Refusals)...)
	}
	for _, r := range refusals {
		if matches(r, password) {
			return &knownError{fmt.Sprintf("%s was refused at %s, and is not sent again for %d minutes",
				source.secret(), r.Time.Local().Format(time.TimeOnly), int(again.Minutes())), true}
		}
	}
	if !g.Explicit && len(mark.Refusals) >= enough {
		refused := slices.ContainsFunc(mark.Refusals, func(r tokens.Refusal) bool { return len(r.Hash) > 0 })
		return &knownError{fmt.Sprintf("%s is not sent: %d were refused or had no answer in the last %d minutes",
			source.secret(), len(mark.Refusals), int(again.Minutes())), refused}
	}
	return nil
}

// answered tells whether an error proves that no refusal was counted: the server said something else, or was never reached.
func answered(err error) bool {
	var untrusted *trust.UntrustedError
	var network *net.OpError
	var name *net.DNSError
	return !errors.Is(err, wire.ErrUnreachable) && !errors.Is(err, context.Canceled) ||
		errors.As(err, &untrusted) || errors.As(err, &name) || errors.As(err, &network) && network.Op == "dial"
}

// accepted ends the quiet. Other secrets that were refused stay so: a wrong variable beside a right command would be sent again
// and again.
func (g *Guard) accepted(password redact.Secret, mark tokens.Mark) {
	others := func(all []tokens.Refusal) []tokens.Refusal {
		return slices.DeleteFunc(slices.Clone(all), func(r tokens.Refusal) bool { return matches(r, password) })
	}
	g.warn(g.set(g.Account, tokens.Mark{Refusals: others(mark.Refusals)}))
	if g.Name == "" {
		return
	}
	if byName, err := g.Marks.Mark(g.Name); err == nil && len(byName.Refusals) > 0 {
		g.warn(g.set(g.Name, tokens.Mark{Refusals: others(g.recent(byName.Refusals))}))
	}
}

// set writes a mark, or removes an empty one.
func (g *Guard) set(account string, mark tokens.Mark) error {
	if mark.Time.IsZero() && len(mark.Refusals) == 0 {
		return g.Marks.ClearMark(account)
	}
	return g.Marks.SetMark(account, mark)
}

// recent are the refusals that still count. A clock that was set back must not make one count for long.
func (g *Guard) recent(all []tokens.Refusal) []tokens.Refusal {
	var kept []tokens.Refusal
	for _, r := range all {
		if age := g.Now().Sub(r.Time); age > -again && age < again {
			kept = append(kept, r)
		}
	}
	return kept
}

// refused remembers a secret that the server refused. A command or variable may be mended at once, so only the caller's
// own runs are quiet then; a prompt is quiet for everybody.
func (g *Guard) refused(source Source, password redact.Secret, before tokens.Mark) {
	mark := g.mark(source)
	mark.Reason = fmt.Sprintf("%s was refused a moment ago", source.secret())
	if source.Kind == Typed {
		mark.Reason = "the password was refused a moment ago"
	}
	if g.Explicit { // It is no answer to a prompt of kubectl's.
		mark.ParentPID, mark.ParentStart, mark.Everybody = 0, "", false
	}
	refusal := hash(password, g.Now())
	mark.Refusals = append(slices.Clone(before.Refusals), refusal)
	g.warn(g.Marks.SetMark(g.Account, mark))
	g.refusedName(refusal)
}

// refusedName remembers the secret under the user's name as well.
func (g *Guard) refusedName(r tokens.Refusal) {
	if g.Name == "" {
		return
	}
	byName, _ := g.Marks.Mark(g.Name) // One that cannot be read is written anew.
	g.warn(g.Marks.SetMark(g.Name, tokens.Mark{Refusals: append(g.recent(byName.Refusals), r)}))
}

// Refused remembers a secret that was refused after it had been accepted: it was changed meanwhile, or the account is locked.
func (g *Guard) Refused(password redact.Secret) {
	mark, _ := g.Marks.Mark(g.Account) // One that cannot be read is written anew.
	mark.Refusals = append(g.recent(mark.Refusals), hash(password, g.Now()))
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
	before, _ := g.Marks.Mark(g.Account) // Send looked at it.
	mark.Refusals = g.recent(before.Refusals)
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
