package survey

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
)

// Reading is what one command reads, from all places at once.
type Reading struct {
	*Site
	Only    []string // vSphere Namespaces; empty: all
	Sources []*Source
	Items   []Item                     // sorted by server, namespace and name
	Known   map[*Place][]string        // the namespaces that were looked into
	Listed  map[*Place]map[string]bool // those that exist, or may exist, if that is known

	room   room
	mu     sync.Mutex      // for all that goroutines change
	unread map[string]bool // see IsUnread
	missed missed
	units  map[unit]string // the lists that were asked for, and their versions; "": it was not read
	failed map[unit]bool
	good   int // lists that a server answered, if only with a refusal
	parts  parts
	turns  chan struct{} // one for each namespace that is being read
	step   func(done int)
	done   int
}

func (s *Site) newReading(only []string, sources []*Source) *Reading {
	lists := 0 // of a namespace
	for _, from := range sources {
		if !from.Cluster {
			lists++
		}
	}
	return &Reading{
		// As many namespaces at once as can have all their lists under way, so that the first ones are whole first, and half as many whose lists
		// wait for those that are quick.
		turns: make(chan struct{}, max(1, cap(s.slots)*3/2/max(1, lists))),
		Site:  s, Only: only, Sources: sources, Known: map[*Place][]string{}, Listed: map[*Place]map[string]bool{}, unread: map[string]bool{}, units: map[unit]string{},
	}
}

// Read reads the sources in all places, at most login.MaxInFlight requests at a time. What fails is kept in the reading. step, if not nil, is
// called with the number of lists that have arrived. If s.Doing is set, that is shown meanwhile.
func (s *Site) Read(ctx context.Context, only []string, sources []*Source, step func(done int)) *Reading {
	r := s.newReading(only, sources)
	r.step = step
	if s.Doing != "" {
		p := s.Env.NewProgress()
		p.Show(s.Doing, 0, 0)
		defer p.Done()
	}
	r.read(ctx)
	return r
}

func (r *Reading) read(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range r.Places {
		server := part{p.Key.Server, ""}
		r.parts.expect(server)
		arrived := sync.OnceFunc(func() { r.parts.arrived(server) })
		wg.Go(func() {
			defer arrived()
			if err := r.place(ctx, p, arrived); err != nil {
				r.fail(fmt.Errorf("%s: %w", r.Called(p.Key.Server), err))
			}
		})
	}
	wg.Wait()
	for _, lost := range r.lost {
		r.fail(fmt.Errorf("no context leads to %s; to write the contexts again, type: %s", r.Called(lost.Server), r.Sessions.Command(lost)))
	}
	none, gone := nowhere(r)
	r.missed.none, r.missed.gone = len(none), gone
	for _, ns := range none {
		r.fail(Unknown("namespace", ns, r.NamespacesOf()))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sort()
}

// add keeps the objects of a list.
func (r *Reading) add(u unit, version string, found []Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.good++
	r.units[u] = version
	r.Items = append(r.Items, found...)
	if r.done++; r.step != nil {
		r.step(r.done)
	}
}

// full keeps why objects are left out, once.
func (r *Reading) full(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.missed.failures, err) {
		r.missed.failures = append(r.missed.failures, err)
	}
}

// Of returns the items of a resource.
func (r *Reading) Of(resource kubeapi.Resource) (some []Item) {
	for _, i := range r.Items {
		if i.Source.Resource == resource {
			some = append(some, i)
		}
	}
	return some
}

// sort brings the items into the order of servers, namespaces and names. An object that several users see is there once.
func (r *Reading) sort() {
	order.By(r.Items, func(a, b Item) int {
		return strings.Compare(a.id(), b.id())
	})
	r.Items = slices.CompactFunc(r.Items, func(a, b Item) bool { return a.id() == b.id() })
}

// Age returns how long ago an object was made.
func (r *Reading) Age(i *Item) string {
	if i.Metadata.Created.IsZero() {
		return ""
	}
	return console.Span(r.Env.Now().Sub(i.Metadata.Created))
}
