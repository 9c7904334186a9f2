package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
			got := who.mayAsk(c.mark, c.unread, kind)
			if got.verdict != want || want == quiet && got.reason != "cancelled" || want == unreadable && !errors.Is(got.err, errRead) {
				t.Errorf("%s: kind %d: %+v, want verdict %d", name, kind, got, want)
			}
		}
	}
	// Where the system does not say when a process began, its number alone names it for no longer than a minute.
	who := caller{parent: nameless, now: noon}
	if d := who.mayAsk(by(nameless, prompt, time.Hour), nil, Typed); d.verdict != proceed {
		t.Errorf("a number that may be another process's by now: %+v", d)
	}
}

func TestSendDecides(t *testing.T) {
	known := decision{verdict: refusedBefore, at: noon.Add(-time.Minute), refusal: true}
	mine := []tokens.Refusal{refusalOf("mine", time.Minute)}
	four := decision{verdict: tooMany, count: 4, refusal: true}
	mixed := append(refusals(3, ""), refusalOf("other", 0))
	for name, c := range map[string]struct {
		caller
		refusals []tokens.Refusal
		unread   error
		want     decision // of a secret that nobody types; what a person types is always sent
	}{
		"nothing happened":                         {},
		"another was refused":                      {refusals: refusals(1, "other")},
		"it was refused":                           {refusals: mine, want: known},
		"it was refused, a login":                  {caller: caller{explicit: true}, refusals: mine, want: known},
		"it was refused, a person":                 {caller: caller{explicit: true, person: true}, refusals: mine, want: known},
		"it was refused, force":                    {caller: caller{force: true}, refusals: mine},
		"three were refused":                       {refusals: refusals(3, "other")},
		"four were refused":                        {refusals: refusals(4, "other"), want: four},
		"four were refused, it among them":         {refusals: append(refusals(3, "other"), mine...), want: known},
		"four were refused, a login":               {caller: caller{explicit: true}, refusals: refusals(4, "other"), want: four},
		"four were refused, a person's variable":   {caller: caller{explicit: true, person: true}, refusals: refusals(4, "other"), want: four},
		"four were refused, a script with force":   {caller: caller{explicit: true, force: true}, refusals: refusals(4, "other"), want: four},
		"four were refused, a person with force":   {caller: caller{explicit: true, force: true, person: true}, refusals: refusals(4, "other")},
		"four had no answer":                       {refusals: refusals(4, ""), want: decision{verdict: tooMany, count: 4}},
		"three had no answer, one a no":            {refusals: mixed, want: four},
		"they cannot be read":                      {unread: errRead, want: decision{verdict: unreadable, err: errRead}},
		"they cannot be read, a person with force": {caller: caller{force: true, person: true}, unread: errRead, want: decision{verdict: unreadable, err: errRead}},
	} {
		c.parent, c.now, c.requests = kubectl, noon, 1
		same := func(r tokens.Refusal) bool { return bytes.Equal(r.Hash, []byte("mine")) }
		for _, kind := range []Kind{Given, Fetched} {
			got := c.send(c.refusals, c.unread, kind, same)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(decision{}), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("%s: kind %d: %s", name, kind, diff)
			}
		}
		if got := c.send(c.refusals, c.unread, Typed, same); got != (decision{}) {
			t.Errorf("%s: what a person types is not sent: %+v", name, got)
		}
	}
}

// Comparing costs 64 MiB and tens of milliseconds for each refusal: it is not done for a secret that is sent anyhow.
func TestSendComparesOnlyWhereItMatters(t *testing.T) {
	never := func(tokens.Refusal) bool { t.Error("it compares"); return false }
	_ = caller{now: noon}.send(refusals(4, "x"), nil, Typed, never)
	_ = caller{now: noon, force: true, person: true}.send(refusals(4, "x"), nil, Given, never)
}

// A refusal counts for five minutes by the later of two clocks: the one of the day, which may be set, and the one since the system
// started, which may begin anew.
func TestRefusalsCountByTwoClocks(t *testing.T) {
	const hour, unknownUptime = time.Hour, time.Duration(0)
	for name, c := range map[string]struct {
		day, up time.Duration // since the refusal
		booted  time.Duration // uptime at the refusal; 0: not known
		want    bool
	}{
		"now":                                  {0, 0, hour, true},
		"just within":                          {again - 1, again - 1, hour, true},
		"five minutes":                         {again, again, hour, false},
		"set forward by a day":                 {24 * hour, time.Second, hour, true},
		"set forward, five minutes":            {24 * hour, again, hour, false},
		"set back by a day":                    {-24 * hour, time.Second, hour, true},
		"set back, five minutes":               {-24 * hour, again, hour, false},
		"set back a bit, five minutes":         {again - time.Second, again, hour, true},
		"started anew, a minute":               {time.Minute, -hour + 1, hour, true},
		"started anew, an hour":                {hour, -hour + 1, hour, false},
		"without the clock, a minute":          {time.Minute, 0, unknownUptime, true},
		"without the clock, five":              {again, 0, unknownUptime, false},
		"without the clock, set back by a day": {-24 * hour, 0, unknownUptime, true},
	} {
		who := caller{now: noon, uptime: c.booted + c.up}
		r := tokens.Refusal{Time: noon.Add(-c.day), Uptime: c.booted}
		if got := len(who.recent([]tokens.Refusal{r})) == 1; got != c.want {
			t.Errorf("%s: counts: %t", name, got)
		}
	}
	// Without the second clock, a refusal in the future counts for five minutes from when it is seen.
	who := caller{now: noon}
	seen := who.restamped([]tokens.Refusal{{Time: noon.Add(time.Hour)}, {Time: noon.Add(-time.Minute)}})
	if !seen[0].Time.Equal(noon) || !seen[1].Time.Equal(noon.Add(-time.Minute)) {
		t.Errorf("%v", seen)
	}
}

func TestOutcomeOf(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		unsent bool
		want   outcome
	}{
		"accepted":                 {nil, false, accepted},
		"refused":                  {fmt.Errorf("POST: %w", wire.ErrRefused), false, refused},
		"accepted, another no":     {fmt.Errorf("save: %w", &ProvedError{errRead}), false, accepted},
		"proved, and refused":      {&ProvedError{wire.ErrRefused}, false, refused},
		"forbidden":                {wire.ErrForbidden, false, unknown},
		"not found":                {wire.ErrNotFound, false, unknown},
		"a fault of the server":    {wire.ErrServer, false, unknown},
		"no answer":                {wire.ErrUnreachable, false, unknown},
		"cut off by the person":    {fmt.Errorf("POST: %w", context.Canceled), false, unknown},
		"no connection":            {wire.ErrUnreachable, true, uncounted},
		"cut off before it":        {context.Canceled, true, uncounted},
		"the server is a stranger": {&trust.UntrustedError{}, true, uncounted},
	} {
		if got := outcomeOf(c.err, c.unsent); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// The marks that a call leaves: who is quiet afterwards.
func TestMarksThatACallLeaves(t *testing.T) {
	typed, fetched := Source{Name: "the terminal", Kind: Typed}, Source{Name: "a command", Kind: Fetched}
	who := caller{parent: kubectl, now: noon}
	person := caller{parent: kubectl, now: noon, explicit: true}
	mark := func(everybody bool, reason string) tokens.Mark {
		return tokens.Mark{Time: noon, ParentPID: 7, ParentStart: "700", Everybody: everybody, Reason: reason}
	}
	for name, c := range map[string]struct{ got, want tokens.Mark }{
		"a command's secret is refused": {who.refused(fetched), mark(false, "the password from a command was refused a moment ago")},
		"a typed one is refused":        {who.refused(typed), mark(true, "the password was refused a moment ago")},
		"a login is refused":            {person.refused(fetched), tokens.Mark{}},
		"a prompt in vain":              {who.inVain(typed, "empty"), mark(true, "empty")},
		"a command in vain":             {who.inVain(fetched, "exit 1"), mark(false, "exit 1")},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	who.account, who.uptime = "ada", time.Hour
	roomy := make([]tokens.Refusal, 1, 9)
	got := who.unknown(roomy, 2)
	if diff := cmp.Diff(tokens.Refusal{Time: noon, Uptime: time.Hour, At: "ada"}, got[2]); diff != "" || len(got) != 3 {
		t.Errorf("%d: %s", len(got), diff)
	}
	who.requests = 2 // The second one would be the fifth.
	never := func(tokens.Refusal) bool { return false }
	if d := who.send(refusals(3, "x"), nil, Given, never); d.verdict != tooMany {
		t.Errorf("%+v", d)
	}
	if d := who.send(refusals(2, "x"), nil, Given, never); d.verdict != proceed {
		t.Errorf("%+v", d)
	}
	if !roomy[:2][1].Time.IsZero() {
		t.Error("two marks share their refusals")
	}
}

// Spellings of one name are one person.
func TestUserName(t *testing.T) {
	for _, same := range [][]string{
		{"dev", "DEV", "VSPHERE.LOCAL\\dev", "dev@vsphere.local", "Dev@Corp.example", " dev ", "d\u200bev", "de\tv"},
		{"kai", "\u212aai"}, {"\u017fam", "SAM"}, {"a@b@c", "a"}, {"@x", "@X"}, {`D\`, `d\`}, {"straße", "STRAẞE"}, {"ivan", "\u0130van", "\u0131van"},
	} {
		for _, spelled := range same {
			if UserName(spelled) != UserName(same[0]) {
				t.Errorf("%q and %q are two", same[0], spelled)
			}
		}
	}
	if UserName("dev") == UserName("ops") || UserName("dev@vsphere.local") == UserName("ops@vsphere.local") {
		t.Error("two people are one")
	}
}
