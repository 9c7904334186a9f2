package secret

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Guard stands between the sources of a password and the server. It sends at most one secret per call, never one that
// the server refused a moment ago, and does not ask again too soon. However often it is called, in however many processes, at most four
// secrets of a person that were refused, or whose outcome nobody knows, go out in five minutes, unless a person types them. decide.go
// holds its decisions, remember.go what it remembers for them.
type Guard struct {
	Marks Marks
	// Account is a user at a server: who was asked is remembered for it.
	Account string
	// Name is the person whom the identity service counts refusals for (see UserName): refusals are remembered under it, wherever they
	// happened, since servers may belong to one vCenter, and nothing that a server says proves that.
	Name   string
	Now    func() time.Time
	Uptime func() time.Duration // a clock that nobody sets; nil: Uptime
	Parent Parent
	// Explicit is a command about the session itself, such as a login, and no renewal under kubectl: it asks however recently somebody
	// was asked.
	Explicit bool
	// Person means that somebody sits at a terminal and typed the command. Only then Force goes beyond four refusals.
	Person bool
	// Force sends a refused secret again.
	Force bool
	// Requests is how many requests may be refused in one call of a Sender, before one proves the secret; 0: 1.
	Requests int
	// Lock, if set, is held until the Sender has ended. The caller may hold it already.
	Lock func(ctx context.Context) (unlock func(), err error)
	// LockName, if set, is the lock of Name. It is taken after Lock, and held while a secret is on its way that nobody has accepted yet:
	// from reading the refusals until the outcome is noted.
	LockName func(ctx context.Context) (unlock func(), err error)
	// Wait, if set, waits a moment for processes that send accepted secrets again. Their notes may be all that is in the way.
	Wait func(ctx context.Context) error
	// Later, if set, has a refused secret that nobody types sent again, when that leaves one of the four to others. It waits for d, or
	// returns ErrTooLate to give up, or another reason.
	Later func(ctx context.Context, d time.Duration) error
	// Warn, if set, gets the error of a mark that could not be written.
	Warn func(error)

	hasher  hasher
	flight  *flight // the secret on its way; nil: none
	free    bool    // the last secret that was sent is not bound to four
	repeats repeats
}

// Sender sends a password to the server once.
type Sender func(ctx context.Context, password redact.Secret, from Source) error

// Send goes through the sources, and sends the first password that may be sent. It returns send's error as it is, except
// wire.ErrRefused, which becomes a *RefusedError. Without a password the error is a *NoPasswordError, a *BusyError, or the reason why a
// person did not type one (ErrCancelled, ErrEmpty).
func (g *Guard) Send(ctx context.Context, sources []Source, send Sender) error {
	none := &NoPasswordError{}
	before, unread := g.Marks.Mark(g.Account) // Read once: a mark of this call must not keep it from asking the next source.
	if err := g.caller().wait(before); err != nil {
		return err
	}
	for _, source := range sources {
		if d := g.caller().mayAsk(before, unread, source.Kind); d.verdict != proceed {
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
		d, err := g.tryUntil(ctx, source, password, send)
		if d.verdict == proceed || d.verdict == unreadable {
			return err
		}
		g.inVain(source, d.says(source))
		none.Reasons = append(none.Reasons, d.says(source))
		none.Known, none.TooMany = none.Known || d.refusal, none.TooMany || d.verdict == tooMany
	}
	return none
}

// Ask lets a person log in by other means than a password, unless one was asked a moment ago and nothing came of it. Then the error
// is a *NoPasswordError with the reason of that time.
func (g *Guard) Ask(login func() error) error {
	person := Source{Name: "the login", Kind: Typed}
	before, unread := g.Marks.Mark(g.Account)
	if unread != nil {
		return unread
	}
	if err := g.caller().wait(before); err != nil {
		return err
	}
	if d := g.caller().mayAsk(before, nil, person.Kind); d.verdict != proceed {
		return &NoPasswordError{Reasons: []string{d.says(person)}}
	}
	if err := login(); err != nil {
		g.inVain(person, "the login did not succeed a moment ago")
		return err
	}
	return nil
}

// Refused remembers that a secret was refused n times after it had been accepted: it was changed meanwhile, the account is locked, or a
// part of the site is not well. That counts, and does not make it a refused secret: the next login finds out. A Sender calls it.
func (g *Guard) Refused(n int) { g.flight.later += n }

// flight is a secret on its way.
type flight struct {
	source   Source
	password redact.Secret
	same     func(tokens.Refusal) bool // whether a refusal is of it
	watch    *trust.Watch              // the requests that held it
	view                               // what counted before
	later    int                       // refusals after it was accepted
	settled  bool                      // the outcome is noted
}

// tryUntil is try, again and again, if a refused secret is to be sent again.
func (g *Guard) tryUntil(ctx context.Context, source Source, password redact.Secret, send Sender) (decision, error) {
	var last *RefusedError
	same := g.hasher.same(password)
	for {
		d, err := g.try(ctx, &flight{source: source, password: password, same: same}, send)
		switch refused := errors.As(err, &last); {
		case refused && g.Later != nil && !g.free && source.Kind != Typed:
			continue // The next decision says when.
		case d.verdict != notYet:
			return d, err
		}
		switch err := g.Later(ctx, d.wait); {
		case errors.Is(err, ErrTooLate) && last != nil:
			return decision{}, last
		case errors.Is(err, ErrTooLate):
			return d, nil
		case err != nil:
			return decision{}, err
		}
	}
}

// try sends one password under the locks, if that may be, and notes the outcome. The decision is proceed when it was sent, or could
// not be for another reason, which is the error.
func (g *Guard) try(ctx context.Context, f *flight, send Sender) (decision, error) {
	unlock, err := take(ctx, g.Lock)
	if err != nil {
		return decision{}, err
	}
	defer unlock()
	c, needed := g.caller(), 0
	if g.free = c.free(f.source.Kind); !g.free {
		needed = c.requests
	}
	v, err := g.look(ctx, needed, nil)
	if err != nil {
		return decision{}, err
	}
	f.view = v
	defer v.unlock()
	if d := v.send(v.before, v.unread, f.source.Kind, f.same); d.verdict != proceed {
		if v.unread == nil && v.jumped {
			g.warn(g.memory().setRefusals(v.before)) // Else they would never grow old.
		}
		return d, d.err
	}
	// A refusal must not be forgotten because the program was killed, or nothing could be written.
	if err := g.memory().setRefusals(v.unknown(v.before, v.requests)); err != nil && f.source.Kind != Typed {
		return decision{verdict: unremembered, err: err}, nil
	}
	watched, watch := trust.Watching(ctx)
	f.watch, g.flight = watch, f
	err = send(watched, f.password, f.source)
	g.flight = nil
	if f.settled {
		return decision{}, err
	}
	return decision{}, g.note(f, err)
}

// note remembers the outcome of a secret that was sent; err is the error of sending. It returns the error for the caller.
func (g *Guard) note(f *flight, err error) error {
	c, m := g.caller(), g.memory()
	switch outcomeOf(err, f.watch.Unsent()) {
	case accepted:
		m.warn(m.setRefusals(c.unknown(c.accepted(f.before, f.same), f.later)))
		m.save(tokens.Mark{})
	case refused:
		refusal := g.hasher.refusal(f.password)
		refusal.Time, refusal.Uptime, refusal.At = c.now, c.uptime, g.Account
		// Those before may have been refused too: Harbor shows a public project to whoever it does not know.
		m.warn(m.setRefusals(append(c.unknown(f.before, f.watch.Sent()-1), refusal)))
		m.save(c.refused(f.source))
		return &RefusedError{f.source.Name, err}
	case uncounted:
		m.warn(m.setRefusals(f.before))
	case unknown: // The note from before it was sent is older than what the server counted: the machine may have slept meanwhile.
		m.warn(m.setRefusals(c.unknown(f.before, max(c.requests, f.watch.Sent())+f.later)))
		if wait := wire.Wait(err); wait > 0 {
			m.save(c.busy(wait))
		}
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
	g.memory().save(g.caller().inVain(source, reason))
}

// caller is the one of this call, now: a person may have taken minutes at a prompt.
func (g *Guard) caller() caller {
	uptime := g.Uptime
	if uptime == nil {
		uptime = Uptime
	}
	return caller{
		parent: g.Parent, explicit: g.Explicit, force: g.Force, person: g.Person, patient: g.Later != nil,
		requests: max(1, g.Requests), account: g.Account, now: g.Now(), uptime: uptime(),
	}
}

func (g *Guard) memory() memory {
	return memory{marks: g.Marks, account: g.Account, name: g.Name, warn: g.warn}
}

func (g *Guard) warn(err error) {
	if err != nil && g.Warn != nil {
		g.Warn(err)
	}
}
