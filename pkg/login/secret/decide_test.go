package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

var (
	noon    = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	kubectl = Parent{PID: 7, Start: "700"}
	errRead = errors.New("mode 644")
)

// refusalOf stands for a refusal of the secret with this hash; none is a request without an answer.
func refusalOf(hash string, ago time.Duration) tokens.Refusal {
	return tokens.Refusal{Time: noon.Add(-ago), Hash: []byte(hash)}
}

func refusals(n int, hash string) (all []tokens.Refusal) {
	for i := range n {
		all = append(all, refusalOf(hash, time.Duration(i)*time.Second))
	}
	return all
}

// by is the mark of a caller that asked in vain some time ago.
func by(p Parent, everybody bool, ago time.Duration) tokens.Mark {
	return tokens.Mark{Time: noon.Add(-ago), ParentPID: p.PID, ParentStart: p.Start, Everybody: everybody, Reason: "cancelled"}
}

func TestAskDecides(t *testing.T) {
	other := Parent{PID: 8, Start: "700"}
	later := Parent{PID: 7, Start: "999"} // the same number, another process
	nameless := Parent{PID: 7}            // a system that does not say when a process began
	prompt, run := true, false
	kinds := func(typed, given, fetched verdict) map[Kind]verdict {
		return map[Kind]verdict{Typed: typed, Given: given, Fetched: fetched}
	}
	for name, c := range map[string]struct {
		explicit bool
		mark     tokens.Mark
		unread   error
		want     map[Kind]verdict
	}{
		"nothing happened":                   {want: kinds(proceed, proceed, proceed)},
		"refusals quiet nobody":              {mark: tokens.Mark{Refusals: refusals(4, "x")}, want: kinds(proceed, proceed, proceed)},
		"the same parent, a prompt":          {mark: by(kubectl, prompt, time.Second), want: kinds(quiet, proceed, quiet)},
		"the same parent, a prompt, an hour": {mark: by(kubectl, prompt, time.Hour), want: kinds(quiet, proceed, quiet)},
		"the same parent, a command":         {mark: by(kubectl, run, time.Second), want: kinds(quiet, proceed, quiet)},
		"the same parent, a command, later":  {mark: by(kubectl, run, time.Minute), want: kinds(proceed, proceed, proceed)},
		"another parent, a prompt":           {mark: by(other, prompt, time.Second), want: kinds(quiet, proceed, quiet)},
		"another parent, a prompt, later":    {mark: by(other, prompt, time.Minute), want: kinds(proceed, proceed, proceed)},
		"another parent, a command":          {mark: by(other, run, time.Second), want: kinds(proceed, proceed, proceed)},
		"another parent of the same number":  {mark: by(later, run, time.Second), want: kinds(proceed, proceed, proceed)},
		"a parent without a start, later":    {mark: by(nameless, prompt, time.Hour), want: kinds(proceed, proceed, proceed)},
		"a clock that was set back":          {mark: by(other, prompt, -time.Hour), want: kinds(proceed, proceed, proceed)},
		"a person's own command":             {explicit: true, mark: by(kubectl, prompt, time.Second), want: kinds(proceed, proceed, proceed)},
		"a mark that cannot be read":         {unread: errRead, want: kinds(proceed, unreadable, unreadable)},
		"the same, a person's own command":   {explicit: true, unread: errRead, want: kinds(proceed, unreadable, unreadable)},
	} {
		for kind, want := range c.want {
			who := caller{parent: kubectl, explicit: c.explicit, now: noon}
			got := who.ask(remembered{mark: c.mark, unread: c.unread}, kind)
			if got.verdict != want || want == quiet && got.reason != "cancelled" || want == unreadable && !errors.Is(got.err, errRead) {
				t.Errorf("%s: kind %d: %+v, want verdict %d", name, kind, got, want)
			}
		}
	}
	// Where the system does not say when a process began, its number alone names it for no longer than a minute.
	who := caller{parent: nameless, now: noon}
	if d := who.ask(remembered{mark: by(nameless, prompt, time.Hour)}, Typed); d.verdict != proceed {
		t.Errorf("a number that may be another process's by now: %+v", d)
	}
}

func TestSendDecides(t *testing.T) {
	known := decision{verdict: refusedBefore, at: noon.Add(-time.Minute), refusal: true}
	mine := []tokens.Refusal{refusalOf("mine", time.Minute)}
	for name, c := range map[string]struct {
		caller
		remembered
		want decision // of a secret that nobody types; what a person types is always sent
	}{
		"nothing happened":                  {},
		"another was refused":               {remembered: remembered{mark: tokens.Mark{Refusals: refusals(1, "other")}}},
		"it was refused":                    {remembered: remembered{mark: tokens.Mark{Refusals: mine}}, want: known},
		"it was refused under the name":     {remembered: remembered{byName: mine}, want: known},
		"it was refused, explicit":          {caller: caller{explicit: true}, remembered: remembered{mark: tokens.Mark{Refusals: mine}}, want: known},
		"it was refused, force":             {caller: caller{force: true}, remembered: remembered{mark: tokens.Mark{Refusals: mine}}},
		"it was refused long ago":           {remembered: remembered{mark: tokens.Mark{Refusals: []tokens.Refusal{refusalOf("mine", again)}}}},
		"the same, under the name":          {remembered: remembered{byName: []tokens.Refusal{refusalOf("mine", again)}}},
		"it was refused just within":        {remembered: remembered{mark: tokens.Mark{Refusals: []tokens.Refusal{refusalOf("mine", again-1)}}}, want: decision{verdict: refusedBefore, at: noon.Add(1 - again), refusal: true}},
		"it is refused in the future":       {remembered: remembered{mark: tokens.Mark{Refusals: []tokens.Refusal{refusalOf("mine", -again)}}}},
		"a clock that was set back a bit":   {remembered: remembered{mark: tokens.Mark{Refusals: []tokens.Refusal{refusalOf("mine", -time.Minute)}}}, want: decision{verdict: refusedBefore, at: noon.Add(time.Minute), refusal: true}},
		"three were refused":                {remembered: remembered{mark: tokens.Mark{Refusals: refusals(3, "other")}}},
		"four were refused":                 {remembered: remembered{mark: tokens.Mark{Refusals: refusals(4, "other")}}, want: decision{verdict: tooMany, count: 4, refusal: true}},
		"four were refused, it among them":  {remembered: remembered{mark: tokens.Mark{Refusals: append(refusals(3, "other"), mine...)}}, want: known},
		"four were refused, explicit":       {caller: caller{explicit: true}, remembered: remembered{mark: tokens.Mark{Refusals: refusals(4, "other")}}},
		"four were refused, force":          {caller: caller{force: true}, remembered: remembered{mark: tokens.Mark{Refusals: refusals(4, "other")}}},
		"four, one of them long ago":        {remembered: remembered{mark: tokens.Mark{Refusals: append(refusals(3, "other"), refusalOf("other", time.Hour))}}},
		"four had no answer":                {remembered: remembered{mark: tokens.Mark{Refusals: refusals(4, "")}}, want: decision{verdict: tooMany, count: 4}},
		"three had no answer, one a no":     {remembered: remembered{mark: tokens.Mark{Refusals: append(refusals(3, ""), refusalOf("other", 0))}}, want: decision{verdict: tooMany, count: 4, refusal: true}},
		"four under the name count nothing": {remembered: remembered{byName: refusals(4, "other")}},
		"the quiet is another matter":       {remembered: remembered{mark: by(kubectl, true, time.Second)}},
		"the mark cannot be read":           {remembered: remembered{unread: errRead}, want: decision{verdict: unreadable, err: errRead}},
		"the mark cannot be read, force":    {caller: caller{force: true}, remembered: remembered{unread: errRead}, want: decision{verdict: unreadable, err: errRead}},
		"the name's cannot be read":         {remembered: remembered{noByName: errRead}, want: decision{verdict: unreadable, err: errRead}},
		"the name's cannot be read, force":  {caller: caller{force: true}, remembered: remembered{noByName: errRead}},
	} {
		c.parent, c.now = kubectl, noon
		same := func(r tokens.Refusal) bool { return bytes.Equal(r.Hash, []byte("mine")) }
		for _, kind := range []Kind{Given, Fetched} {
			got := c.send(c.remembered, kind, same)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(decision{}), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("%s: kind %d: %s", name, kind, diff)
			}
		}
		if got := c.send(c.remembered, Typed, same); got != (decision{}) {
			t.Errorf("%s: what a person types is not sent: %+v", name, got)
		}
	}
}

// Comparing costs 64 MiB and tens of milliseconds for each refusal: it is not done for a secret that is sent anyhow.
func TestSendComparesOnlyWhereItMatters(t *testing.T) {
	r := remembered{mark: tokens.Mark{Refusals: refusals(4, "x")}}
	never := func(tokens.Refusal) bool { t.Error("it compares"); return false }
	_ = caller{now: noon}.send(r, Typed, never)
	_ = caller{now: noon, force: true}.send(r, Given, never)
}

func TestOutcomeOf(t *testing.T) {
	unreachable := func(err error) error { return &wire.Error{Kind: wire.ErrUnreachable, Err: err} }
	for name, c := range map[string]struct {
		err  error
		want outcome
	}{
		"accepted":                    {nil, accepted},
		"refused":                     {fmt.Errorf("POST: %w", wire.ErrRefused), refused},
		"forbidden":                   {wire.ErrForbidden, uncounted},
		"a fault of the server":       {wire.ErrServer, uncounted},
		"no answer":                   {wire.ErrUnreachable, unknown},
		"cut off by the person":       {fmt.Errorf("POST: %w", context.Canceled), unknown},
		"no connection":               {unreachable(&net.OpError{Op: "dial", Err: errRead}), uncounted},
		"the connection broke":        {unreachable(&net.OpError{Op: "read", Err: errRead}), unknown},
		"no such host":                {unreachable(&net.DNSError{IsNotFound: true}), uncounted},
		"the server is not trusted":   {errors.Join(wire.ErrUnreachable, &trust.UntrustedError{}), uncounted},
		"cut off before it connected": {errors.Join(context.Canceled, &net.OpError{Op: "dial", Err: errRead}), uncounted},
	} {
		if got := outcomeOf(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// The marks that a call leaves: who is quiet afterwards, and which refusals stay counted.
func TestMarksThatACallLeaves(t *testing.T) {
	old, stale := refusalOf("old", time.Minute), refusalOf("stale", time.Hour)
	before := tokens.Mark{Time: noon.Add(-time.Hour), Reason: "before", Refusals: []tokens.Refusal{stale, old}}
	fresh := refusalOf("new", 0)
	typed, fetched := Source{Name: "the terminal", Kind: Typed}, Source{Name: "a command", Kind: Fetched}
	who := caller{parent: kubectl, now: noon}
	person := caller{parent: kubectl, now: noon, explicit: true}
	mark := func(everybody bool, reason string, refusals ...tokens.Refusal) tokens.Mark {
		return tokens.Mark{Time: noon, ParentPID: 7, ParentStart: "700", Everybody: everybody, Reason: reason, Refusals: refusals}
	}
	own := tokens.Mark{Time: noon, Reason: "the password of a command was refused a moment ago", Refusals: []tokens.Refusal{old, fresh}}
	sending := before
	sending.Refusals = []tokens.Refusal{stale, old, {Time: noon}}
	for name, c := range map[string]struct{ got, want tokens.Mark }{
		"on its way":                      {who.sending(before), sending},
		"a command's secret is refused":   {who.refused(before, fetched, fresh), mark(false, "the password of a command was refused a moment ago", old, fresh)},
		"a typed one is refused":          {who.refused(before, typed, fresh), mark(true, "the password was refused a moment ago", old, fresh)},
		"a person's own command, refused": {person.refused(before, fetched, fresh), own},
		"a prompt in vain":                {who.inVain(before, typed, "empty"), mark(true, "empty", old)},
		"a command in vain":               {who.inVain(before, fetched, "exit 1"), mark(false, "exit 1", old)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	roomy := make([]tokens.Refusal, 1, 2)
	_ = who.sending(tokens.Mark{Refusals: roomy})
	if !roomy[:2][1].Time.IsZero() {
		t.Error("two marks share their refusals")
	}
	if own.Blocks(kubectl.PID, kubectl.Start, noon) {
		t.Error("a person's own command quiets a prompt")
	}
	if diff := cmp.Diff([]tokens.Refusal{stale, old}, before.Refusals); diff != "" {
		t.Errorf("the mark that was read is changed: %s", diff)
	}
}
