package secret

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	// again is how long a refused secret is not sent again by itself. vCenter counts five refusals within 180 s.
	again = 5 * time.Minute
	// enough is how many refusals, or requests without an answer, in that time end all sending by itself, whatever the secret:
	// one more might lock the account.
	enough = 4
)

// caller wants a password sent: who it is, when, and with which rights. Its methods decide from their arguments
// alone.
type caller struct {
	parent   Parent
	explicit bool // a login, or another command about the session
	force    bool // a refused secret may be sent again
	person   bool // somebody at a terminal typed the command
	patient  bool // a refused secret is sent again later
	requests int  // that may be refused
	account  string
	now      time.Time
	uptime   time.Duration // 0: not known
}

// verdict is the answer to: may a source be asked, or its secret be sent?
type verdict int

const (
	proceed       verdict = iota
	unreadable            // what the server refused before cannot be read: this could be it
	unremembered          // a refusal could not be remembered
	quiet                 // this caller had a refusal, or a person was asked, a moment ago
	refusedBefore         // the server refused this very secret
	tooMany               // one more refusal might lock the account
	notYet                // it is for a patient caller to send it later
)

// decision is a verdict with its reasons.
type decision struct {
	verdict verdict
	err     error         // unreadable, unremembered: the reason
	reason  string        // quiet: the reason that the earlier caller got
	at      time.Time     // refusedBefore: when the server refused it; notYet: when it may be sent
	wait    time.Duration // notYet: how long until then
	count   int           // tooMany: requests that were refused or had no clear answer
	refusal bool          // the server refused a secret; false: the network may be all that failed
}

// mayAsk decides whether a source may be asked for its secret. A secret that is there without asking anybody is always
// looked at: it may be another one than the refused one. A person is asked even when the mark cannot be read: what a
// person types is always sent.
func (c caller) mayAsk(m tokens.Mark, unread error, kind Kind) decision {
	switch {
	case unread != nil && kind != Typed:
		return decision{verdict: unreadable, err: unread}
	case !c.explicit && kind != Given && m.Blocks(c.parent.PID, c.parent.Start, c.now):
		return decision{verdict: quiet, reason: m.Reason}
	}
	return decision{}
}

// wait decides whether a renewal must wait, since the server asked for that. The error is then a *BusyError.
func (c caller) wait(m tokens.Mark) error {
	if c.explicit || !m.Waits(c.now) {
		return nil
	}
	return &BusyError{m.Until}
}

// send decides whether the secret of a source may be sent, after the refusals that still count. A typed one always may. Any other counts,
// also in a command that a person runs: it may be a script, and where there is a terminal, the person is asked next. same reports whether
// a refusal is of this secret; it is slow on purpose, so it is called only where it matters.
func (c caller) send(refusals []tokens.Refusal, unread error, kind Kind, same func(tokens.Refusal) bool) decision {
	switch {
	case kind == Typed:
		return decision{}
	case unread != nil:
		return decision{verdict: unreadable, err: unread}
	case c.free(kind):
		return decision{}
	case c.patient:
		if wait := c.later(refusals, same); wait > 0 {
			return decision{verdict: notYet, wait: wait, at: c.now.Add(wait), refusal: slices.ContainsFunc(refusals, answeredBy)}
		}
	}
	if !c.force && !c.patient {
		for _, refusal := range refusals {
			if same(refusal) {
				return decision{verdict: refusedBefore, at: refusal.Time, refusal: true}
			}
		}
	}
	if len(refusals)+c.requests > enough {
		return decision{verdict: tooMany, count: len(refusals), refusal: slices.ContainsFunc(refusals, answeredBy)}
	}
	return decision{}
}

// The pauses of a patient caller: a script that waits for a new account soon has it, and three refusals of one secret in five minutes leave
// one of the four to others.
const (
	pauseAfterOne  = 10 * time.Second
	pauseAfterMore = 50 * time.Second
)

// later returns how long a patient caller waits with a secret.
func (c caller) later(refusals []tokens.Refusal, same func(tokens.Refusal) bool) (wait time.Duration) {
	pause := pauseAfterOne
	var left []time.Duration // until each no longer counts
	for _, r := range refusals {
		left = append(left, c.left(r))
		if same(r) {
			wait, pause = max(wait, pause-c.age(r)), pauseAfterMore
		}
	}
	slices.Sort(left)
	if over := len(left) + c.requests + spare - enough; over > 0 {
		wait = max(wait, left[over-1])
	}
	return max(wait, 0)
}

// free reports whether the secret of a source is not bound to four refusals.
func (c caller) free(kind Kind) bool { return kind == Typed || c.force && c.person }

// passes reports whether n more refusals fit once all requests under way have an answer.
func (c caller) passes(refusals []tokens.Refusal, n int) bool {
	left := slices.DeleteFunc(slices.Clone(refusals), func(r tokens.Refusal) bool { return r.Underway && c.age(r) < underwayFor })
	return len(left) < len(refusals) && len(left)+n <= enough
}

// underwayFor is how long a request is taken for one that is under way. Then its process was killed, or hangs.
const underwayFor = 2 * time.Minute

// answeredBy reports whether a refusal is one that the server gave, and not a request without an answer.
func answeredBy(r tokens.Refusal) bool { return len(r.Hash) > 0 }

// recent are the refusals that still count.
func (c caller) recent(all []tokens.Refusal) []tokens.Refusal {
	var kept []tokens.Refusal
	for _, r := range all {
		if c.counts(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// counts reports whether a refusal still counts: it does as long as one of two clocks says so. People and services set the clock of the
// day, and the other one begins anew when the system does.
func (c caller) counts(r tokens.Refusal) bool {
	age := c.now.Sub(r.Time)
	if up, known := c.upSince(r); known {
		return up < again || age >= 0 && age < again
	}
	return age < again
}

// left returns how long a refusal counts.
func (c caller) left(r tokens.Refusal) time.Duration {
	up, known := c.upSince(r)
	if !known {
		return again - c.now.Sub(r.Time)
	}
	return again - min(up, c.now.Sub(r.Time))
}

// upSince returns how old a refusal is by the clock that nobody sets, if the system has not started anew since.
func (c caller) upSince(r tokens.Refusal) (age time.Duration, known bool) {
	if c.uptime <= 0 || r.Uptime <= 0 || c.uptime < r.Uptime {
		return 0, false
	}
	return c.uptime - r.Uptime, true
}

// age is how old a refusal is, by the clock that says more.
func (c caller) age(r tokens.Refusal) time.Duration {
	up, _ := c.upSince(r)
	return max(c.now.Sub(r.Time), up)
}

// future reports whether there are refusals at a time that is yet to come: the clock was set back.
func (c caller) future(all []tokens.Refusal) bool {
	return slices.ContainsFunc(all, func(r tokens.Refusal) bool { return r.Time.After(c.now) })
}

// restamped gives refusals at a time that is yet to come the time of now, so that they do not count for ever.
func (c caller) restamped(all []tokens.Refusal) []tokens.Refusal {
	all = slices.Clone(all)
	for i, r := range all {
		if r.Time.After(c.now) {
			all[i].Time = c.now
		}
	}
	return all
}

// says words a decision about a source, for the person.
func (d decision) says(s Source) string {
	switch d.verdict {
	case unreadable:
		return fmt.Sprintf("%s: it is not sent, since the record of refused ones cannot be read: %v", s.Name, d.err)
	case unremembered:
		return fmt.Sprintf("%s is not sent, since a refusal of it could not be remembered: %v", s.secret(), d.err)
	case quiet:
		return d.reason
	case refusedBefore:
		return fmt.Sprintf("%s was refused at %s, and is not sent again for %d minutes",
			s.secret(), d.at.Local().Format(time.TimeOnly), int(again.Minutes()))
	case notYet:
		return fmt.Sprintf("%s is not sent before %s, since it or another one was refused", s.secret(), d.at.Local().Format(time.TimeOnly))
	case tooMany:
		return fmt.Sprintf("%s is not sent: %d requests were refused or had no clear answer in the last %d minutes", s.secret(), d.count, int(again.Minutes()))
	}
	return ""
}

// outcome is the fate of a secret that was sent.
type outcome int

const (
	accepted outcome = iota
	refused
	uncounted // no server was reached
	unknown   // it may have counted a refusal
)

// ProvedError is an error of a request whose answer proves that the secret is right: what failed is something else.
type ProvedError struct{ Err error }

// Error returns the text of the error.
func (e *ProvedError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *ProvedError) Unwrap() error { return e.Err }

// outcomeOf reads the outcome from the error of sending. unsent means that no server was reached. Any answer but a yes may come from a front
// after vCenter has counted a refusal: a gateway that timed out (504), a firewall (403, 429), a page.
func outcomeOf(err error, unsent bool) outcome {
	var proved *ProvedError
	switch {
	case err == nil:
		return accepted
	case unsent:
		return uncounted
	case errors.Is(err, wire.ErrRefused):
		return refused
	case errors.As(err, &proved):
		return accepted
	}
	return unknown
}
