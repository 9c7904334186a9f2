package secret

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Guard stands between the sources of a password and the server. It sends at most one secret per call, never one that
// the server refused a moment ago, and does not ask again too soon. decide.go holds its decisions, remember.go what
// it remembers for them.
type Guard struct {
	Marks   Marks
	Account string
	// Name, if set, is a second account under which refused secrets are recognized: the user's name, since two
	// Supervisors may belong to one vCenter before a login has shown that.
	Name   string
	Now    func() time.Time
	Parent Parent
	// Explicit is a person's own command: it asks however recently somebody was asked.
	Explicit bool
	// Force sends a refused secret again.
	Force bool
	// Lock, if set, is held from reading the mark until the outcome is noted. The caller may hold it already.
	Lock func(ctx context.Context) (unlock func(), err error)
	// Warn, if set, gets the error of a mark that could not be written.
	Warn func(error)

	hasher hasher
}

// Sender sends a password to the server once.
type Sender func(ctx context.Context, password redact.Secret, from Source) error

// Send goes through the sources, and sends the first password that may be sent. It returns send's error as it is, except
// wire.ErrRefused, which becomes a *RefusedError. Without a password the error is a *NoPasswordError, or the reason why a person
// did not type one (ErrCancelled, ErrEmpty).
func (g *Guard) Send(ctx context.Context, sources []Source, send Sender) error {
	none := &NoPasswordError{}
	before := g.memory().read() // Read once: a mark of this call must not keep it from asking the next source.
	for _, source := range sources {
		if d := g.caller().ask(before, source.Kind); d.verdict != proceed {
			none.Reasons = append(none.Reasons, d.says(source))
			continue
		}
		password, err := source.Get(ctx)
		var missing *NoneError
		switch {
		case errors.As(err, &missing):
			g.inVain(source, missing.Error())
			none.Reasons = append(none.Reasons, missing.Error())
			continue
		case err != nil:
			g.gaveUp(source, err)
			return err
		}
		d, err := g.try(ctx, source, password, send)
		if d.verdict == proceed || d.verdict == unreadable {
			return err
		}
		g.inVain(source, d.says(source))
		none.Reasons, none.Known = append(none.Reasons, d.says(source)), none.Known || d.refusal
	}
	return none
}

// Ask lets a person log in by other means than a password, unless one was asked a moment ago and nothing came of it. Then the error
// is a *NoPasswordError with the reason of that time.
func (g *Guard) Ask(login func() error) error {
	person := Source{Name: "the login", Kind: Typed}
	before := g.memory().read()
	if before.unread != nil {
		return before.unread
	}
	if d := g.caller().ask(before, person.Kind); d.verdict != proceed {
		return &NoPasswordError{Reasons: []string{d.says(person)}}
	}
	if err := login(); err != nil {
		g.inVain(person, "the login did not succeed a moment ago")
		return err
	}
	return nil
}

// Refused remembers a secret that was refused after it had been accepted: it was changed meanwhile, or the account is locked.
func (g *Guard) Refused(password redact.Secret) {
	c, m := g.caller(), g.memory()
	mark := m.read().mark // One that cannot be read is written anew.
	mark.Refusals = append(c.recent(mark.Refusals), g.hasher.refusal(password, c.now))
	m.save(mark)
}

// try sends one password under the lock, if that may be, and notes the outcome. The decision is proceed when it was sent, or could
// not be for another reason, which is the error.
func (g *Guard) try(ctx context.Context, source Source, password redact.Secret, send Sender) (decision, error) {
	if g.Lock != nil {
		unlock, err := g.Lock(ctx)
		if err != nil {
			return decision{}, err
		}
		defer unlock()
	}
	c, m, same := g.caller(), g.memory(), g.hasher.same(password)
	before := m.readAll()
	if d := c.send(before, source.Kind, same); d.verdict != proceed {
		return d, d.err
	}
	mark := before.mark
	mark.Refusals = c.recent(mark.Refusals)
	if source.Kind != Typed {
		if err := g.noteSending(mark); err != nil {
			return decision{}, fmt.Errorf("%s is not sent, since a refusal of it could not be remembered: %w", source.secret(), err)
		}
	}
	err := send(ctx, password, source)
	return decision{}, g.note(source, password, mark, err)
}

// noteSending notes that a secret is on its way, before it is: a refusal must not be forgotten because the program was killed, or
// nothing could be written. A person's own command goes on without the note, and is warned.
func (g *Guard) noteSending(mark tokens.Mark) error {
	err := g.memory().write(g.caller().sending(mark))
	if err != nil && g.Explicit {
		g.warn(err)
		return nil
	}
	return err
}

// note remembers the outcome of a secret that was sent; mark is the one before, err the error of sending. It returns
// the error for the caller.
func (g *Guard) note(source Source, password redact.Secret, mark tokens.Mark, err error) error {
	c, m := g.caller(), g.memory()
	switch outcomeOf(err) {
	case accepted:
		same := g.hasher.same(password)
		m.save(tokens.Mark{Refusals: c.without(mark.Refusals, same)})
		m.dropByName(c, same)
	case refused:
		refusal := g.hasher.refusal(password, c.now)
		m.save(c.refused(mark, source, refusal))
		m.addByName(c, refusal)
		return &RefusedError{source.Name, err}
	case uncounted:
		if source.Kind != Typed { // A typed secret was not noted before.
			m.save(mark)
		}
	case unknown: // The note from before it was sent stays.
	}
	return err
}

// gaveUp remembers a prompt that was cancelled or left empty.
func (g *Guard) gaveUp(source Source, err error) {
	switch {
	case errors.Is(err, ErrCancelled):
		g.inVain(source, "the password prompt was cancelled a moment ago")
	case errors.Is(err, ErrEmpty):
		g.inVain(source, "no password was typed a moment ago")
	}
}

// inVain remembers that a source was asked and nothing came of it, so that the next run of the same kubectl does not ask again.
func (g *Guard) inVain(source Source, reason string) {
	if g.Explicit || source.Kind == Given {
		return
	}
	m := g.memory()
	m.save(g.caller().inVain(m.read().mark, source, reason))
}

// caller is the one of this call, now: a person may have taken minutes at a prompt.
func (g *Guard) caller() caller {
	return caller{parent: g.Parent, explicit: g.Explicit, force: g.Force, now: g.Now()}
}

func (g *Guard) memory() memory {
	return memory{marks: g.Marks, account: g.Account, name: g.Name, warn: g.warn}
}

func (g *Guard) warn(err error) {
	if err != nil && g.Warn != nil {
		g.Warn(err)
	}
}
