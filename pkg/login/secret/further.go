package secret

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// spare is what further servers leave of the four: the next login of a script needs one.
const spare = 1

// Further are more servers that a secret goes to.
type Further struct {
	// Allowed is how many of Servers may give another answer than a yes.
	Allowed  int
	Servers  []string         // those that get the secret, in this order
	Withheld map[string]error // those that do not, and why
	// Done must be called once with the servers that answered: true is a yes.
	Done func(answers map[string]bool)
}

// Further is for a Sender that sends a settled secret to servers of which each may count a refusal, whatever another one answers. The
// lock of the name is held until Done.
func (g *Guard) Further(ctx context.Context, servers []string) Further {
	f := Further{Withheld: map[string]error{}, Done: func(map[string]bool) {}}
	none := func(err error) Further {
		for _, server := range servers {
			f.Withheld[server] = err
		}
		f.Allowed, f.Servers = 0, nil
		return f
	}
	known := g.pausesOf(servers)
	needed := 1 + spare
	if g.free {
		needed = 0
	}
	v, err := g.look(ctx, needed, nil)
	if err == nil && v.unread != nil {
		v.unlock()
		err = v.unread
	}
	if err != nil {
		return none(err)
	}
	room := enough - spare - len(v.before)
	f.Servers, f.Withheld = known.split(servers, v.caller, room)
	f.Allowed = min(len(f.Servers), room)
	if g.free {
		f.Allowed = max(f.Allowed, min(len(f.Servers), 1))
	}
	if f.Allowed <= 0 {
		f.Allowed = 0
		v.unlock()
		return f
	}
	if err := g.memory().setRefusals(v.unknown(v.before, f.Allowed)); err != nil && !g.free {
		v.unlock()
		return none(err)
	}
	f.Done = func(answers map[string]bool) {
		defer v.unlock()
		counted := 0
		for _, yes := range answers {
			if !yes {
				counted++
			}
		}
		g.warn(g.memory().setRefusals(g.caller().unknown(v.before, counted)))
		g.setPauses(known, answers)
	}
	return f
}

// A further server that gives no yes costs one of the four. Without a person it is left out for a while after the second time, and longer
// each time: else it would keep the others back.
const (
	firstPause = again
	lastPause  = time.Hour
)

// PausedError means that a further server is left out, since it gave no yes before.
type PausedError struct{ Until time.Time }

// Error says until when.
func (e *PausedError) Error() string {
	return fmt.Sprintf("left out until %s, since it gave no clear answer to the password", e.Until.Local().Format(time.TimeOnly))
}

// pauses are the marks of servers that gave no yes when the secret went there last.
type pauses map[string]tokens.Mark

// pauseMark names the mark of a further server. It is one of this account: no other Supervisor can name a server to have it left out.
func (g *Guard) pauseMark(server string) string { return g.Account + " at " + server }

// pausesOf reads the marks of servers. One that cannot be read says nothing.
func (g *Guard) pausesOf(servers []string) pauses {
	known := pauses{}
	for _, server := range servers {
		if m, err := g.Marks.Mark(g.pauseMark(server)); err == nil && !m.Time.IsZero() {
			known[server] = m
		}
	}
	return known
}

// split returns the servers that get the secret, those of which nothing bad is known first. Without a person, the others are tried when
// their pause is over, and only as many as leave one of room, which is how many may give another answer than a yes.
func (p pauses) split(servers []string, c caller, room int) (tried []string, out map[string]error) {
	var last []string
	out = map[string]error{}
	for _, server := range servers {
		m, bad := p[server]
		until := m.Time.Add(m.Pause)
		over := m.Time.After(c.now) || !c.now.Before(until)
		switch {
		case !bad:
			tried = append(tried, server)
		case c.person || over && len(last)+1 < room:
			last = append(last, server)
		case over:
			out[server] = &PausedError{Until: c.now.Add(again)}
		default:
			out[server] = &PausedError{Until: until}
		}
	}
	return append(tried, last...), out
}

// setPauses notes the answers of servers: true is a yes.
func (g *Guard) setPauses(known pauses, answers map[string]bool) {
	for _, server := range slices.Sorted(maps.Keys(answers)) {
		m, bad := known[server]
		switch {
		case !answers[server]:
			next := tokens.Mark{Time: g.Now()}
			if bad {
				next.Pause = min(max(firstPause, 2*m.Pause), lastPause)
			}
			g.warn(g.Marks.SetMark(g.pauseMark(server), next))
		case bad:
			g.warn(g.Marks.ClearMark(g.pauseMark(server)))
		}
	}
}
