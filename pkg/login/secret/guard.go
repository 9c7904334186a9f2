package secret

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
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
	// happened, since servers may belong to one vCenter and nobody can be believed about that.
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
	// Lock, if set, is held from reading the refusals until the outcome is noted. The caller may hold it already.
	Lock func(ctx context.Context) (unlock func(), err error)
	// LockName, if set, is held as long as Lock, and taken after it. It is the lock of Name.
	LockName func(ctx context.Context) (unlock func(), err error)
	// Warn, if set, gets the error of a mark that could not be written.
	Warn func(error)

	hasher  hasher
	sending bool
	before  []tokens.Refusal // those that count, of earlier calls
	later   int              // refusals of the secret on its way, after it was accepted first
}

// Sender sends a password to the server once.
type Sender func(ctx context.Context, password redact.Secret, from Source) error

// Send goes through the sources, and sends the first password that may be sent. It returns send's error as it is, except
// wire.ErrRefused, which becomes a *RefusedError. Without a password the error is a *NoPasswordError, or the reason why a person
// did not type one (ErrCancelled, ErrEmpty).
func (g *Guard) Send(ctx context.Context, sources []Source, send Sender) error {
	none := &NoPasswordError{}
	before, unread := g.Marks.Mark(g.Account) // Read once: a mark of this call must not keep it from asking the next source.
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
		d, err := g.try(ctx, source, password, send)
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
// part of the site is not well. That counts, and does not make it a refused secret: the next login finds out. A Sender may call it.
func (g *Guard) Refused(ctx context.Context, n int) {
	if g.sending || n == 0 {
		g.later += n
		return
	}
	unlock, err := g.lock(ctx)
	if err != nil {
		g.warn(err)
		return
	}
	defer unlock()
	c, m := g.caller(), g.memory()
	before, _ := m.refusals() // Those that cannot be read are written anew.
	g.warn(m.setRefusals(c.unknown(c.restamped(c.recent(before)), n)))
}

// Allow is for a Sender that sends the secret to n servers, each of which may count a refusal, whatever another one answers. It returns how
// many of them may give another answer than a yes, and notes as many before they get it. If some do, the Sender says so with Refused.
func (g *Guard) Allow(n int) int {
	c, m := g.caller(), g.memory()
	n = min(n, enough-len(g.before))
	if !g.sending || n <= c.requests {
		return c.requests
	}
	if err := m.setRefusals(c.unknown(g.before, n)); err != nil {
		g.warn(err)
		return c.requests
	}
	return n
}

// lock takes the locks of the account and of the name, in this order.
func (g *Guard) lock(ctx context.Context) (unlock func(), err error) {
	unlock = func() {}
	for _, lock := range []func(context.Context) (func(), error){g.Lock, g.LockName} {
		if lock == nil {
			continue
		}
		next, err := lock(ctx)
		if err != nil {
			unlock()
			return nil, err
		}
		before := unlock
		unlock = func() { next(); before() }
	}
	return unlock, nil
}

// try sends one password under the locks, if that may be, and notes the outcome. The decision is proceed when it was sent, or could
// not be for another reason, which is the error.
func (g *Guard) try(ctx context.Context, source Source, password redact.Secret, send Sender) (decision, error) {
	unlock, err := g.lock(ctx)
	if err != nil {
		return decision{}, err
	}
	defer unlock()
	c, m := g.caller(), g.memory()
	all, unread := m.refusals()
	before := c.restamped(c.recent(all))
	if d := c.send(before, unread, source.Kind, g.hasher.same(password)); d.verdict != proceed {
		if unread == nil && c.future(all) {
			m.warn(m.setRefusals(before)) // Else they would never grow old.
		}
		return d, d.err
	}
	// A refusal must not be forgotten because the program was killed, or nothing could be written.
	if err := m.setRefusals(c.unknown(before, c.requests)); err != nil && source.Kind != Typed {
		return decision{verdict: unremembered, err: err}, nil
	}
	watched, watch := trust.Watching(ctx)
	g.sending, g.before, g.later = true, before, 0
	err = send(watched, password, source)
	g.sending, g.before = false, nil
	return decision{}, g.note(sent{source, password, before, watch}, err)
}

// sent is a secret that was sent.
type sent struct {
	source   Source
	password redact.Secret
	before   []tokens.Refusal // those of earlier calls
	watch    *trust.Watch     // the requests that held it
}

// note remembers the outcome of a secret that was sent; err is the error of sending. It returns the error for the caller.
func (g *Guard) note(s sent, err error) error {
	c, m := g.caller(), g.memory()
	switch outcomeOf(err, s.watch.Unsent()) {
	case accepted:
		m.warn(m.setRefusals(c.unknown(c.accepted(s.before, g.hasher.same(s.password)), g.later)))
		m.save(tokens.Mark{})
	case refused:
		refusal := g.hasher.refusal(s.password)
		refusal.Time, refusal.Uptime, refusal.At = c.now, c.uptime, g.Account
		// Those before may have been refused too: Harbor shows a public project to whoever it does not know.
		m.warn(m.setRefusals(append(c.unknown(s.before, s.watch.Sent()-1), refusal)))
		m.save(c.refused(s.source))
		return &RefusedError{s.source.Name, err}
	case uncounted:
		m.warn(m.setRefusals(s.before))
	case unknown: // The note from before it was sent is older than what the server counted: the machine may have slept meanwhile.
		m.warn(m.setRefusals(c.unknown(s.before, max(c.requests, s.watch.Sent())+g.later)))
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
		parent: g.Parent, explicit: g.Explicit, force: g.Force, person: g.Person, requests: max(1, g.Requests), account: g.Account, now: g.Now(), uptime: uptime(),
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
