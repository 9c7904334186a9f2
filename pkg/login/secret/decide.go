package secret

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
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
	explicit bool // a person's own command
	force    bool // a refused secret may be sent again
	now      time.Time
}

// remembered is all that earlier calls left about an account.
type remembered struct {
	mark     tokens.Mark      // of the account; zero when unread is set
	unread   error            // why the mark cannot be read
	byName   []tokens.Refusal // under the user's name
	noByName error            // why those cannot be read
}

// verdict is the answer to: may a source be asked, or its secret be sent?
type verdict int

const (
	proceed       verdict = iota
	unreadable            // what the server refused before cannot be read: this could be it
	quiet                 // this caller had a refusal, or a person was asked, a moment ago
	refusedBefore         // the server refused this very secret
	tooMany               // one more refusal might lock the account
)

// decision is a verdict with its reasons.
type decision struct {
	verdict verdict
	err     error     // unreadable: the reason
	reason  string    // quiet: the reason that the earlier caller got
	at      time.Time // refusedBefore: when the server refused it
	count   int       // tooMany: secrets that were refused or had no answer
	refusal bool      // the server refused a secret; false: the network may be all that failed
}

// ask decides whether a source may be asked for its secret. A secret that is there without asking anybody is always
// looked at: it may be another one than the refused one. A person is asked even when the mark cannot be read: what a
// person types is always sent.
func (c caller) ask(r remembered, kind Kind) decision {
	switch {
	case r.unread != nil && kind != Typed:
		return decision{verdict: unreadable, err: r.unread}
	case !c.explicit && kind != Given && r.mark.Blocks(c.parent.PID, c.parent.Start, c.now):
		return decision{verdict: quiet, reason: r.mark.Reason}
	}
	return decision{}
}

// send decides whether the secret of a source may be sent. A typed one always is. same reports whether a refusal is
// of this secret; it is slow on purpose, so it is called only where it matters.
func (c caller) send(r remembered, kind Kind, same func(tokens.Refusal) bool) decision {
	switch {
	case kind == Typed:
		return decision{}
	case r.unread != nil:
		return decision{verdict: unreadable, err: r.unread}
	case c.force:
		return decision{}
	case r.noByName != nil:
		return decision{verdict: unreadable, err: r.noByName}
	}
	ofAccount := c.recent(r.mark.Refusals)
	for _, refusal := range slices.Concat(ofAccount, c.recent(r.byName)) {
		if same(refusal) {
			return decision{verdict: refusedBefore, at: refusal.Time, refusal: true}
		}
	}
	if !c.explicit && len(ofAccount) >= enough {
		return decision{verdict: tooMany, count: len(ofAccount), refusal: slices.ContainsFunc(ofAccount, answeredBy)}
	}
	return decision{}
}

// answeredBy reports whether a refusal is one that the server gave, and not a request without an answer.
func answeredBy(r tokens.Refusal) bool { return len(r.Hash) > 0 }

// recent are the refusals that still count. A clock that was set back must not make one count for long.
func (c caller) recent(all []tokens.Refusal) []tokens.Refusal {
	var kept []tokens.Refusal
	for _, r := range all {
		if age := c.now.Sub(r.Time); age > -again && age < again {
			kept = append(kept, r)
		}
	}
	return kept
}

// says words a decision about a source, for the person.
func (d decision) says(s Source) string {
	switch d.verdict {
	case unreadable:
		return fmt.Sprintf("%s: it is not sent, since what was refused before cannot be read: %v", s.Name, d.err)
	case quiet:
		return d.reason
	case refusedBefore:
		return fmt.Sprintf("%s was refused at %s, and is not sent again for %d minutes",
			s.secret(), d.at.Local().Format(time.TimeOnly), int(again.Minutes()))
	case tooMany:
		return fmt.Sprintf("%s is not sent: %d were refused or had no answer in the last %d minutes", s.secret(), d.count, int(again.Minutes()))
	}
	return ""
}

// outcome is the fate of a secret that was sent.
type outcome int

const (
	accepted outcome = iota
	refused
	uncounted // the server answered something else, or was never reached: it counted no refusal
	unknown   // no answer came: it may have counted one
)

// outcomeOf reads the outcome from the error of sending.
func outcomeOf(err error) outcome {
	var untrusted *trust.UntrustedError
	var network *net.OpError
	var name *net.DNSError
	switch {
	case err == nil:
		return accepted
	case errors.Is(err, wire.ErrRefused):
		return refused
	case !errors.Is(err, wire.ErrUnreachable) && !errors.Is(err, context.Canceled):
		return uncounted
	case errors.As(err, &untrusted), errors.As(err, &name), errors.As(err, &network) && network.Op == "dial":
		return uncounted
	}
	return unknown
}
