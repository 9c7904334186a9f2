package secret

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// This is a model of vCenter, of two of its fronts, and of all processes that one person may have, none of them at a terminal. The guard in
// it is the real one. Every schedule of the events below is tried, up to a length. Worlds with the same future are tried once. Up to three
// processes run at a time: what another one does while the first holds the lock is to wait, so it matters only before that. walk_test.go
// stops processes anywhere.

// modelDepth bounds the schedules. Each event but the clocks' sends one or two passwords, so that four reach the fifth wrong one. Five take
// a minute.
var modelDepth = flag.Int("model.depth", 4, "the longest schedule of TestNoScheduleLocksTheAccount, in events; 0: no bound")

// vCenter locks an account at the fifth wrong password within window.
const (
	window = 180 * time.Second
	locks  = 5
)

// world is a state of the model.
type world struct {
	marks   map[string]tokens.Mark
	full    bool            // nothing can be written
	changed bool            // the password that was right is not any more
	clock   time.Duration   // how far the clock of the day is ahead
	elapsed time.Duration   // real time since the beginning
	wrong   []time.Duration // when vCenter counted a wrong password, at most window ago
	fresh   int             // passwords that a command made up
	locked  string          // the name whose lock is held
	holder  *Guard          // by whom
	pause   func()          // where another process may go on, or this one be killed; nil: nowhere
}

// The passwords: of a variable, of a keychain, which is right until it is changed, and of a command, another one each time.
const (
	variable = "variable"
	keychain = "keychain"
	command  = "command"
)

// front is how a server and the process go on once a password is sent.
type front string

const (
	honest     front = "answers"
	timesOut   front = "504"
	lies       front = "200 without asking vCenter"
	later      front = "200, then 401"
	laterMeets front = "200, two other processes send, then 401"
	amid       front = "200, then another process sends while a 401 is on its way"
	laterDies  front = "200, then killed before the 401 arrives"
	names      front = "200 without asking vCenter, then three of its hosts ask"
	namesMeets front = "200 without asking vCenter, another process sends, then three of its hosts ask"
	namesDies  front = "200 without asking vCenter, then killed when three of its hosts have asked"
	killedSoon front = "killed before it is sent"
	killed     front = "killed before the answer"
	fills      front = "the disk is full before the answer"
	overtaken  front = "another process sends before"
	both       front = "two other processes send before, one while the other asks for its password"
	leader     front = "another process sends before, and is killed"
	meets      front = "another process sends meanwhile"
)

var fronts = []front{
	honest, timesOut, lies, later, laterMeets, amid, laterDies, names, namesMeets, namesDies, killedSoon, killed, fills, overtaken, both, leader, meets,
}

// event changes the world.
type event struct {
	name string
	do   func(w *world, m *model)
}

// model explores worlds.
type model struct {
	uptime bool // the system has a clock that nobody sets
	set    bool // the clock of the day is set
	depth  int  // the longest schedule, in events; 0: all
	sent   int
}

var (
	errKilled = errors.New("killed")
	errFull   = errors.New("disk full")
	errLocked = errors.New("another process holds the lock")
	quickest  = hasher{hash: func(password, salt []byte) []byte {
		sum := sha256.Sum256(append(slices.Clone(salt), password...))
		return sum[:]
	}}
)

func (w *world) pauses() {
	if w.pause != nil {
		w.pause()
	}
}

// Mark, SetMark and ClearMark make a world Marks.
func (w *world) Mark(name string) (tokens.Mark, error) {
	w.pauses()
	return w.marks[name], nil
}

func (w *world) SetMark(name string, m tokens.Mark) error {
	w.pauses()
	if w.full {
		return errFull
	}
	w.marks[name] = m
	return nil
}

func (w *world) ClearMark(name string) error {
	w.pauses()
	if w.full {
		return errFull
	}
	delete(w.marks, name)
	return nil
}

// attempt is one run of one process: a renewal, or a script that logs in with --force.
type attempt struct {
	server int
	script bool
	from   string
	front  front
	// patient has a refused secret sent again when the guard says so.
	patient bool
}

// user spells the name in another way for each server and command.
func (a attempt) user() string {
	return []string{"dev", "DEV@vsphere.local", `VSPHERE.LOCAL\dev`, "Dev"}[2*a.server+map[bool]int{true: 1}[a.script]]
}

func (w *world) guard(a attempt, m *model) *Guard {
	name := UserName(a.user())
	var g *Guard
	g = &Guard{
		Marks: w, Account: fmt.Sprintf("server%d %s", a.server, tokens.Fold(a.user())), Name: name, hasher: quickest, Explicit: a.script, Force: a.script,
		Now: func() time.Time { return noon.Add(w.clock + w.elapsed) },
		Uptime: func() time.Duration {
			if !m.uptime {
				return 0
			}
			return time.Hour + w.elapsed
		},
		Parent: Parent{PID: m.sent}, // A script that runs kubectl has another parent each time.
		LockName: func(context.Context) (func(), error) {
			for w.pauses(); w.locked == name; w.pauses() {
				if w.pause == nil {
					return nil, errLocked
				}
			}
			w.locked, w.holder = name, g
			return func() { w.locked, w.holder = "", nil }, nil
		},
		Wait: w.wait(),
	}
	if a.patient {
		g.Later = func(context.Context, time.Duration) error { w.pauses(); return ErrTooLate }
	}
	return g
}

// wait is a moment in which other processes may go on; nil: there are none.
func (w *world) wait() func(context.Context) error {
	if w.pause == nil {
		return nil
	}
	return func(context.Context) error { w.pauses(); return nil }
}

// run runs one process.
func (a attempt) run(w *world, m *model) {
	g := w.guard(a, m)
	defer func() {
		if r := recover(); r != nil && r != errKilled {
			panic(r)
		}
		if w.holder == g { // The system unlocks what a killed process held.
			w.locked, w.holder = "", nil
		}
	}()
	source := Source{Name: a.from, Kind: Fetched, Get: func(context.Context) (redact.Secret, error) {
		w.pauses()
		other := map[front]front{overtaken: honest, both: overtaken, leader: killed}
		if f, ok := other[a.front]; ok {
			attempt{server: 1 - a.server, from: command, front: f}.run(w, m)
		}
		if a.from != command {
			return redact.Secret(a.from), nil
		}
		w.fresh++
		return redact.Secret(fmt.Sprint(command, w.fresh)), nil
	}}
	if a.from == variable {
		source.Kind = Given
	}
	_ = g.Send(context.Background(), []Source{source}, func(ctx context.Context, password redact.Secret, _ Source) error {
		m.sent++
		return a.answer(ctx, &exchange{w, m, g, password})
	})
}

// exchange is a password on its way.
type exchange struct {
	*world
	m        *model
	guard    *Guard
	password redact.Secret
}

// ask is vCenter.
func (x *exchange) ask() error {
	if x.password == keychain && !x.changed {
		return nil
	}
	x.wrong = append(x.wrong, x.elapsed)
	x.pauses()
	return wire.ErrRefused
}

func (a attempt) answer(ctx context.Context, x *exchange) error {
	x.pauses()
	switch a.front {
	case timesOut:
		_ = x.ask()
		return wire.ErrServer
	case lies:
		return nil
	case later, laterMeets, amid, laterDies:
		if err := x.ask(); err != nil {
			return err
		}
		return a.again(ctx, x)
	case names, namesMeets, namesDies:
		return a.further(ctx, x)
	case killedSoon:
		panic(errKilled)
	case killed:
		_ = x.ask()
		panic(errKilled)
	case fills:
		x.full = true
	case meets:
		attempt{server: 1 - a.server, from: command, front: honest}.run(x.world, x.m)
	}
	return x.ask()
}

// another is a process that sends another wrong password meanwhile.
func (a attempt) another(x *exchange) {
	attempt{server: 1 - a.server, from: command, front: honest}.run(x.world, x.m)
}

// again goes on after a yes: the password is changed in the middle.
func (a attempt) again(ctx context.Context, x *exchange) error {
	x.guard.Settle()
	x.pauses()
	if a.front == laterMeets {
		a.another(x)
		a.another(x)
	}
	_ = x.guard.Repeat(ctx, func(context.Context) error {
		x.pauses()
		if a.front == amid {
			a.another(x)
		}
		x.wrong = append(x.wrong, x.elapsed)
		x.pauses()
		if a.front == laterDies {
			panic(errKilled)
		}
		return wire.ErrRefused
	})
	return nil
}

// further goes on after a yes of a Supervisor that takes any password, and names a good vCenter three times.
func (a attempt) further(ctx context.Context, x *exchange) error {
	x.guard.Settle()
	x.pauses()
	if a.front == namesMeets {
		a.another(x)
	}
	var hosts []string
	for range 3 { // Other names each time: what is known of them helps nobody.
		x.fresh++
		hosts = append(hosts, fmt.Sprint("host", x.fresh))
	}
	f, answers := x.guard.Further(ctx, hosts), map[string]bool{}
	for _, host := range f.Servers[:f.Allowed] {
		answers[host] = x.ask() == nil
	}
	if a.front == namesDies {
		panic(errKilled)
	}
	x.pauses()
	f.Done(answers)
	return nil
}

// events are all that may happen.
func (m *model) events() []event {
	events := []event{
		{"150 s pass", func(w *world, _ *model) { w.elapsed += 150 * time.Second }},
		{"the disk is full, or is not any more", func(w *world, _ *model) { w.full = !w.full }},
		{"the password is changed", func(w *world, _ *model) { w.changed = true }},
	}
	if m.set {
		events = append(events, event{"the clock is set back", func(w *world, _ *model) { w.clock = max(w.clock-10*time.Minute, -10*time.Minute) }})
	}
	if m.set && m.uptime {
		events = append(events, event{"the clock is set forward", func(w *world, _ *model) { w.clock = min(w.clock+10*time.Minute, 10*time.Minute) }})
	}
	for _, server := range []int{0, 1} {
		for _, script := range []bool{false, true} {
			for _, from := range []string{variable, keychain, command} {
				for _, f := range fronts {
					a := attempt{server: server, script: script, from: from, front: f}
					events = append(events, event{fmt.Sprintf("%+v", a), a.run})
				}
			}
		}
	}
	return events
}

// next is the world after an event.
func (w *world) next(e event, m *model) *world {
	n := *w
	n.marks, n.wrong = maps.Clone(w.marks), slices.Clone(w.wrong)
	e.do(&n, m)
	n.wrong = slices.DeleteFunc(n.wrong, func(at time.Duration) bool { return n.elapsed-at >= window })
	return &n
}

// key is the same for worlds with the same future. The marks of who was asked are no part of it: each process has another parent.
func (w *world) key(m *model) string {
	now := noon.Add(w.clock + w.elapsed)
	var parts []string
	for _, r := range w.marks[UserName("dev")].Refusals {
		what := "" // One that is never sent again, or is not known, only counts.
		for _, known := range []redact.Secret{variable, keychain} {
			if quickest.same(known)(r) {
				what = string(known) + r.At[:7]
			}
		}
		age := now.Sub(r.Time)
		if r.Underway {
			what = "underway" // Nobody waits here: it counts as any other.
		}
		if up := time.Hour + w.elapsed - r.Uptime; m.uptime {
			parts = append(parts, fmt.Sprint(what, up < again, age))
			continue
		}
		parts = append(parts, fmt.Sprint(what, age))
	}
	slices.Sort(parts)
	for _, at := range w.wrong {
		parts = append(parts, fmt.Sprint(w.elapsed-at))
	}
	return fmt.Sprint(w.full, w.changed, w.clock, parts)
}

// explore tries every schedule, and returns how many worlds and steps there are, and the shortest schedule that locks the account.
func (m *model) explore() (worlds, steps int, locking []string) {
	type node struct {
		*world
		from  *node
		by    string
		depth int
	}
	schedule := func(n *node) (all []string) {
		for ; n.from != nil; n = n.from {
			all = append(all, n.by)
		}
		slices.Reverse(all)
		return all
	}
	first := &node{world: &world{marks: map[string]tokens.Mark{}}}
	known := map[string]bool{first.key(m): true}
	events := m.events()
	for queue := []*node{first}; len(queue) > 0; queue = queue[1:] {
		for _, e := range events {
			steps++
			n := &node{queue[0].next(e, m), queue[0], e.name, queue[0].depth + 1}
			if len(n.wrong) >= locks {
				return len(known), steps, schedule(n)
			}
			if key := n.key(m); !known[key] {
				known[key] = true
				if n.depth != m.depth {
					queue = append(queue, n)
				}
			}
		}
	}
	return len(known), steps, nil
}

func TestNoScheduleLocksTheAccount(t *testing.T) {
	for _, m := range []*model{{uptime: true, set: true, depth: *modelDepth}, {set: true, depth: *modelDepth}} {
		worlds, steps, locking := m.explore()
		if locking != nil {
			t.Errorf("five wrong passwords in %v: %+v:\n%s", window, m, strings.Join(locking, "\n"))
		}
		t.Logf("%+v: %d worlds, %d steps", m, worlds, steps)
	}
}
