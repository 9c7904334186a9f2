package survey

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
)

// part is a vSphere Namespace of a server; without a namespace, it is all else that the server holds, and all of it if the user may list it at
// once.
type part struct{ server, namespace string }

// parts are what has arrived of a reading.
type parts struct {
	mu      sync.Mutex
	waiting map[part]int // how many places still read it
	taken   map[part]bool
	news    chan struct{} // nil: nobody takes parts
}

// expect says that one more place reads a part.
func (p *parts) expect(at part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set(&p.waiting, at, p.waiting[at]+1)
}

// arrived says that a place has read a part.
func (p *parts) arrived(at part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting[at]--; p.waiting[at] == 0 {
		ring(p.news)
	}
}

// ring wakes who waits for a channel of one element.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// take returns the parts that have arrived and were not taken before: with late all of them, else as long as none before them is missing. What
// is in a namespace comes after all else of its server, which may be joined with it.
func (p *parts) take(late bool) (some []part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	parts := slices.Collect(maps.Keys(p.waiting))
	order.By(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.namespace, b.namespace))
	})
	for _, at := range parts {
		switch {
		case p.taken[at]:
		case p.waiting[at] == 0 && p.waiting[part{at.server, ""}] == 0:
			set(&p.taken, at, true)
			some = append(some, at)
		case !late:
			return some
		}
	}
	return some
}

// Arriving is a reading that can be looked at before all of it is there.
type Arriving struct {
	News <-chan struct{} // there may be something to take
	Done <-chan struct{} // all is there

	reading *Reading
}

// Start begins to read as Read does.
func (s *Site) Start(ctx context.Context, only []string, sources []*Source, step func(done int)) *Arriving {
	r := s.newReading(only, sources)
	r.step = step
	r.parts.news = make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.read(ctx)
	}()
	return &Arriving{News: r.parts.news, Done: done, reading: r}
}

// Whole returns the reading when Done says that all is there.
func (a *Arriving) Whole() *Reading { return a.reading }

// Parts returns how many parts there are, as far as they are known: namespaces and whole servers.
func (a *Arriving) Parts() int {
	a.reading.parts.mu.Lock()
	defer a.reading.parts.mu.Unlock()
	return len(a.reading.parts.waiting)
}

// Take returns a reading of the namespaces that have arrived and were not taken before, or nil. They come in the order of servers and names;
// with late, those come too that were read before their turn.
func (a *Arriving) Take(late bool) *Reading {
	some := a.reading.parts.take(late)
	if len(some) == 0 {
		return nil
	}
	return a.reading.only(some)
}

// only returns a reading of some parts, with what is joined from the whole servers.
func (r *Reading) only(some []part) *Reading {
	wanted, servers := map[part]bool{}, map[string]bool{}
	for _, at := range some {
		wanted[at], servers[at.server] = true, true
	}
	r.parts.mu.Lock()
	apart := maps.Clone(r.parts.waiting) // The namespaces that are parts of their own.
	r.parts.mu.Unlock()
	in := func(server, namespace string) bool {
		if _, own := apart[part{server, namespace}]; !own {
			namespace = ""
		}
		return wanted[part{server, namespace}]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.newReading(r.Only, r.Sources)
	taken.unread, taken.Listed = maps.Clone(r.unread), maps.Clone(r.Listed)
	for p, namespaces := range r.Known {
		for _, ns := range namespaces {
			if in(p.Key.Server, ns) {
				taken.Known[p] = append(taken.Known[p], ns)
			}
		}
	}
	for _, i := range r.Items {
		if joined := i.Source.Cluster && i.Source.Aside; in(i.Place.Key.Server, i.Metadata.Namespace) || joined && servers[i.Place.Key.Server] {
			taken.Items = append(taken.Items, i)
		}
	}
	taken.sort()
	return taken
}
