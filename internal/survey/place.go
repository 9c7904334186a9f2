package survey

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// place reads the sources in one place. It calls whole when all has arrived that is not of one namespace. The error means that the place does
// not answer.
func (r *Reading) place(ctx context.Context, p *Place, whole func()) error {
	namespaces := p.Namespaces
	if len(r.Only) > 0 {
		if namespaces = r.chosenOf(p, r.Only); len(namespaces) == 0 {
			return nil // They are elsewhere.
		}
	}
	closeIdle, err := r.connect(ctx, p)
	if err != nil {
		return err
	}
	defer closeIdle()
	known := p.recall(r.Sessions.Store, r.Env.Now())
	listing := listNamespaces(ctx, r, p, namespaces)
	everywhere := known.Everywhere
	if known.Asked.IsZero() { // So the server is asked first what it has.
		err := p.askVersions(ctx, r.Sources)
		var listed []string
		if listed, everywhere = listing(); err != nil {
			return err
		}
		namespaces = together(namespaces, listed)
	}
	may := (&visit{r, p, namespaces, everywhere && len(r.Only) == 0, listing}).read(ctx, whole)
	if down := p.down.Load(); down != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !wasRead(p, r.units) {
			delete(r.Known, p)
		}
		return *down
	}
	if len(r.Only) > 0 {
		may = known.Everywhere // It was not asked for.
	}
	p.remember(r.Sessions.Store, known, tokens.Served{Asked: r.Env.Now(), Everywhere: may})
	return ctx.Err()
}

// visit is the reading of one place.
type visit struct {
	*Reading
	at         *Place
	namespaces []string // those that are known before the server has listed them
	everywhere bool     // all namespaces are read at once
	listing    func() (listed []string, may bool)
}

// read reads the sources, and those namespaces too that the server lists and that were not known. It reports whether that is known.
func (v *visit) read(ctx context.Context, whole func()) bool {
	v.lookInto(v.namespaces)
	var server, all sync.WaitGroup
	for _, from := range v.Sources {
		switch {
		case from.Cluster:
			server.Go(func() { v.list(ctx, unit{place: v.at, source: from}) })
		case v.everywhere:
			server.Go(func() { v.readEverywhere(ctx, from) })
		}
	}
	if !v.everywhere {
		all.Go(func() { v.eachNamespace(ctx, v.at, v.namespaces) })
	}
	listed, may := v.listing()
	if may {
		v.has(listed)
	}
	fresh := slices.DeleteFunc(listed, func(ns string) bool { return slices.Contains(v.namespaces, ns) })
	v.lookInto(fresh)
	if !v.everywhere {
		all.Go(func() { v.eachNamespace(ctx, v.at, fresh) })
	}
	server.Wait()
	whole()
	all.Wait()
	return may
}

// readEverywhere reads a source in all namespaces at once, which administrators may, else one by one.
func (v *visit) readEverywhere(ctx context.Context, from *Source) {
	if v.all(ctx, v.at, from) {
		return
	}
	listed, _ := v.listing()
	var wg sync.WaitGroup
	for _, ns := range together(v.namespaces, listed) {
		wg.Go(func() { v.list(ctx, unit{place: v.at, source: from, namespace: ns}) })
	}
	wg.Wait()
}

// lookInto says that namespaces are looked into, each of them as a part of its own unless all are read at once.
func (v *visit) lookInto(namespaces []string) {
	v.mu.Lock()
	v.Known[v.at] = together(v.Known[v.at], namespaces)
	v.mu.Unlock()
	if !v.everywhere {
		for _, ns := range namespaces {
			v.parts.expect(part{v.at.Key.Server, ns})
		}
	}
}

// has says which vSphere Namespaces a place has. Those of -n are not of it if it has none and no context leads there.
func (v *visit) has(listed []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Listed[v.at] = setOf(listed)
	if len(v.Only) > 0 {
		v.Known[v.at] = slices.DeleteFunc(v.Known[v.at], func(ns string) bool {
			return !slices.Contains(listed, ns) && !slices.Contains(v.at.Namespaces, ns)
		})
	}
}

// wasRead reports whether a list of a place was read.
func wasRead(p *Place, units map[unit]string) bool {
	for u, version := range units {
		if u.place == p && version != "" {
			return true
		}
	}
	return false
}

// together returns the names of two lists, in order.
func together(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// recall has the lists of a place begin with what its server served last, if that is not long ago.
func (p *Place) recall(store *tokens.Store, now time.Time) tokens.Served {
	known := store.Served(p.Key, now)
	p.server.Recall(known.Versions)
	return known
}

// remember stores what the server of a place serves, for the next reading. If it cannot be stored, that one asks again.
func (p *Place) remember(store *tokens.Store, known, now tokens.Served) {
	if !known.Asked.IsZero() {
		now.Asked = known.Asked
	}
	now.Versions = p.server.Served()
	for resource, version := range known.Versions {
		if _, asked := now.Versions[resource]; !asked && p.server.Recalled(resource) {
			now.Versions[resource] = version // Of another command.
		}
	}
	_ = store.SetServed(p.Key, known, now)
}

// askVersions asks the server of a place in which versions it has what is read. What it may not tell is not an error.
func (p *Place) askVersions(ctx context.Context, sources []*Source) error {
	var wg sync.WaitGroup
	errs := make([]error, len(sources))
	for i, from := range sources {
		wg.Go(func() { _, errs[i] = p.server.Versions(ctx, from.Resource.Group) })
	}
	wg.Wait()
	for _, err := range errs {
		switch {
		case errors.Is(err, errDown):
			return *p.down.Load()
		case err != nil && !errors.Is(err, wire.ErrForbidden):
			return err
		}
	}
	return nil
}

func setOf(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

// chosenOf returns the namespaces of -n that are in a place. One that no place is known to have may be in each.
func (s *Site) chosenOf(p *Place, only []string) (some []string) {
	for _, ns := range only {
		known := slices.ContainsFunc(s.Places, func(p *Place) bool { return slices.Contains(p.Namespaces, ns) })
		if !known || slices.Contains(p.Namespaces, ns) {
			some = append(some, ns)
		}
	}
	return some
}

// headStart is how long the first namespace has the processor for its connections alone: the first line of a table comes sooner by several
// times as much.
const headStart = 10 * time.Millisecond

// eachNamespace reads the sources of namespaces, the first ones first: the lists of one are asked for together.
func (r *Reading) eachNamespace(ctx context.Context, p *Place, namespaces []string) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, ns := range namespaces {
		if i == 1 {
			time.Sleep(headStart)
		}
		select {
		case r.turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wg.Go(func() {
			defer func() { <-r.turns }()
			var each sync.WaitGroup
			for _, from := range r.Sources {
				if !from.Cluster {
					each.Go(func() { r.list(ctx, unit{place: p, source: from, namespace: ns}) })
				}
			}
			each.Wait()
			r.parts.arrived(part{p.Key.Server, ns})
		})
	}
}

// all reads a source in all namespaces at once. It reports whether that is done.
func (r *Reading) all(ctx context.Context, p *Place, from *Source) bool {
	u := unit{place: p, source: from, everywhere: true}
	found, version, err := r.gather(ctx, u)
	switch {
	case errors.Is(err, wire.ErrForbidden):
		return false
	case err == nil:
		r.add(u, version, found)
	default:
		r.miss(u, err)
	}
	return true
}

// list reads a source in one namespace, or in the whole Supervisor.
func (r *Reading) list(ctx context.Context, u unit) {
	found, version, err := r.gather(ctx, u)
	if len(found) > 0 || err == nil {
		r.add(u, version, found) // Also what came before an error.
	}
	if err != nil {
		r.miss(u, err)
	}
}

// gather reads a list, as far as there is room for it.
func (r *Reading) gather(ctx context.Context, u unit) (found []Item, version string, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var full error
	version, err = u.place.server.ListFrom(ctx, u.source.query(u.namespace), func(o kubeapi.Object) {
		if full != nil || u.everywhere && supervisor.OfSystem(o.Metadata.Namespace) {
			return
		}
		i := u.source.Item(u.place, o)
		if full = r.room.take(i); full != nil {
			stop() // The server may have pages without end.
			return
		}
		found = append(found, i)
	})
	if full != nil {
		r.full(full)
		return found, "", nil
	}
	return found, version, err
}
