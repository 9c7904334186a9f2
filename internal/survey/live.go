package survey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/link"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// How what is followed is looked at.
const (
	maxWatches = 100 // at one server, at once; what is beyond is listed again and again
	// watchFor is how long a watch lasts. kubectl's are 5 to 10 minutes: what a server has forgotten is noticed then.
	watchFor = 5 * time.Minute
	// silent is how long a watch may be without a change or a bookmark: over HTTP/1.1, nothing else tells that a server is gone.
	silent = 90 * time.Second
	// pollEvery is how often a list is read that cannot be watched, and asideEvery one from which only columns of others come.
	pollEvery  = 5 * time.Second
	asideEvery = 15 * time.Second
	// lookAgain is how often it is tried whether a list is allowed or served by now, and which namespaces there are.
	lookAgain = 30 * time.Second
	// A list that fails is read again after retryFirst, then after twice as long each time, up to retryLast.
	retryFirst = time.Second
	retryLast  = 30 * time.Second
)

// Live is a reading that follows what changes.
type Live struct {
	Changed <-chan struct{} // Reading has changed

	site    *Site
	only    []string // vSphere Namespaces, as Reading.Only
	sources []*Source
	links   map[*Place]*link.Link
	changed chan struct{}
	wg      sync.WaitGroup

	mu      sync.Mutex
	held    map[unit]map[string]Item // by namespace and name
	room    room                     // of what is held
	coming  room                     // of lists under way
	known   map[*Place][]string
	listed  map[*Place]map[string]bool
	unread  map[string]bool
	watches map[*Place]int
	told    map[string]bool // notes that were printed
	trouble map[*Place]map[any]bool
}

// Follow keeps what was read up to date until ctx ends. It says on standard error when a server is gone, and when it is there again.
func (s *Site) Follow(ctx context.Context, r *Reading) *Live {
	changed := make(chan struct{}, 1)
	l := &Live{
		Changed: changed, site: s, only: r.Only, sources: r.Sources, links: s.newLinks(), changed: changed, held: map[unit]map[string]Item{}, known: maps.Clone(r.Known),
		listed: maps.Clone(r.Listed), unread: maps.Clone(r.unread), watches: map[*Place]int{}, told: map[string]bool{}, trouble: map[*Place]map[any]bool{},
	}
	for _, p := range s.Places {
		if units := l.take(r, p); len(units) > 0 || len(r.Known[p]) > 0 {
			l.begin(ctx, p, units)
		} else if len(r.Only) == 0 || len(r.chosenOf(p, r.Only)) > 0 {
			l.wg.Go(func() { l.awaitPlace(ctx, p) })
		}
	}
	return l
}

// Wait waits until nothing is followed any more, after ctx has ended.
func (l *Live) Wait() {
	l.wg.Wait()
	for _, way := range l.links {
		way.Close()
	}
}

// take takes over what a reading has of a place, and returns its lists with their versions.
func (l *Live) take(r *Reading, p *Place) map[unit]string {
	units := map[unit]string{}
	byUnit := map[unit][]Item{}
	for u, version := range r.units {
		if u.place == p {
			units[u] = version
		}
	}
	for _, i := range r.Items {
		if i.Place != p {
			continue
		}
		for _, u := range []unit{{place: p, source: i.Source, everywhere: true}, {place: p, source: i.Source, namespace: i.Metadata.Namespace}, {place: p, source: i.Source}} {
			if _, asked := units[u]; asked {
				byUnit[u] = append(byUnit[u], i)
				break
			}
		}
	}
	for u, items := range byUnit {
		l.replace(u, items)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for u := range r.failed {
		if u.place == p {
			mark(l.trouble, p, any(u)) // The reading has said so.
		}
	}
	return units
}

// begin follows the lists of a place.
func (l *Live) begin(ctx context.Context, p *Place, units map[unit]string) {
	server := l.links[p].Server()
	for u, version := range units {
		f := &followed{unit: u, server: server, version: version, read: version != ""}
		switch {
		case u.source.Aside:
			f.polled, f.first = asideEvery, asideEvery
		case version == "":
			f.first = pollEvery // It was not read a moment ago.
		}
		l.follow(ctx, f)
	}
	l.mu.Lock()
	_, may := l.listed[p]
	l.mu.Unlock()
	if may {
		l.wg.Go(func() { l.followNamespaces(ctx, p, server) })
	}
}

// awaitPlace reads a place that did not answer, until it does.
func (l *Live) awaitPlace(ctx context.Context, p *Place) {
	l.mu.Lock()
	mark(l.trouble, p, any(p)) // The first reading has said so.
	l.mu.Unlock()
	for tries := 1; pause(ctx, l.site.Env, backoff(tries)); tries++ {
		r := l.site.At(p).Read(ctx, l.site.chosenOf(p, l.only), l.sources, nil)
		if _, answered := r.Known[p]; !answered {
			continue
		}
		units := l.take(r, p)
		l.mu.Lock()
		l.known[p], l.listed[p] = r.Known[p], r.Listed[p]
		if r.Listed[p] == nil {
			delete(l.listed, p)
		}
		maps.Copy(l.unread, r.unread)
		l.mu.Unlock()
		l.recovered(p, p)
		ring(l.changed)
		l.begin(ctx, p, units)
		return
	}
}

// followedOf returns the vSphere Namespaces of a place, or those of -n, and reports whether that is known.
func followedOf(ctx context.Context, l *Live, p *Place, server *kubeapi.Server) (names []string, known bool) {
	var err error
	if len(l.only) > 0 {
		names, err = those(ctx, server, l.site.chosenOf(p, l.only))
		known = err == nil
	} else {
		names, known, err = namespacesOf(ctx, server)
	}
	what := followedNamespaces{p}
	switch {
	case err == nil:
		l.recovered(p, what)
	case ctx.Err() == nil:
		l.fails(p, what, err)
	}
	return names, known
}

// followedNamespaces is what is in trouble if the vSphere Namespaces of a place cannot be listed.
type followedNamespaces struct{ place *Place }

// followNamespaces looks which vSphere Namespaces there are.
func (l *Live) followNamespaces(ctx context.Context, p *Place, server *kubeapi.Server) {
	for pause(ctx, l.site.Env, lookAgain) {
		names, known := followedOf(ctx, l, p, server)
		if !known {
			continue
		}
		l.mu.Lock()
		fresh := slices.DeleteFunc(slices.Clone(names), func(ns string) bool { return slices.Contains(l.known[p], ns) })
		l.known[p] = slices.Sorted(slices.Values(slices.Concat(l.known[p], fresh)))
		l.listed[p] = setOf(names)
		var missing []unit
		for _, from := range l.sources {
			if _, whole := l.held[unit{place: p, source: from, everywhere: true}]; whole || from.Cluster {
				continue
			}
			for _, ns := range fresh {
				missing = append(missing, unit{place: p, source: from, namespace: ns})
			}
		}
		l.mu.Unlock()
		for _, u := range missing {
			f := &followed{unit: u, server: server}
			if u.source.Aside {
				f.polled = asideEvery
			}
			l.follow(ctx, f)
		}
		ring(l.changed)
	}
}

// replace takes what a list holds now.
func (l *Live) replace(u unit, items []Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(u, items)
}

// put is replace. l.mu is held.
func (l *Live) put(u unit, items []Item) {
	for _, i := range l.held[u] {
		l.room.give(i)
	}
	held := map[string]Item{}
	for _, i := range items {
		if u.everywhere && supervisor.OfSystem(i.Metadata.Namespace) {
			continue
		}
		if err := l.room.put(held, i); err != nil {
			l.noteOnce("%v", err)
			break
		}
	}
	l.held[u] = held
	delete(l.unread, unreadID(u.place, u.source.Resource, u.namespace))
	ring(l.changed)
}

// change takes a change of one object.
func (l *Live) change(u unit, c kubeapi.Change) {
	if u.everywhere && supervisor.OfSystem(c.Object.Metadata.Namespace) {
		return
	}
	i := u.source.Item(u.place, c.Object)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[u] == nil {
		l.held[u] = map[string]Item{}
	}
	was, there := l.held[u][i.id()]
	switch {
	case c.Gone && !there:
		return
	case c.Gone:
		delete(l.held[u], i.id())
		l.room.give(was)
	default:
		if err := l.room.put(l.held[u], i); err != nil {
			l.noteOnce("%v", err)
			return
		}
	}
	ring(l.changed)
}

// Reading returns what there is now.
func (l *Live) Reading() *Reading {
	r := l.site.newReading(l.only, l.sources)
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Items = make([]Item, 0, l.room.items)
	for _, held := range l.held {
		for _, i := range held {
			r.Items = append(r.Items, i)
		}
	}
	r.Known, r.Listed, r.unread = maps.Clone(l.known), maps.Clone(l.listed), maps.Clone(l.unread)
	r.sort()
	return r
}

// pause waits. It reports whether ctx goes on.
func pause(ctx context.Context, e *console.Env, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-console.Timer(e, d):
		return ctx.Err() == nil
	}
}

// backoff is how long to wait after so many failures, one after the other.
func backoff(tries int) time.Duration { return min(retryFirst<<min(max(tries, 1)-1, 10), retryLast) }

// noteOnce prints a note, unless it was printed before. l.mu is held.
func (l *Live) noteOnce(format string, args ...any) {
	if note := fmt.Sprintf(format, args...); !l.told[note] {
		l.told[note] = true
		l.site.Env.Notef("%s", note)
	}
}
