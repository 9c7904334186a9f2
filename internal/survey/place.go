package survey

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// place reads the sources in one place. It calls whole when all has arrived that is not of one namespace. The error means that the place does
// not answer.
func (r *Reading) place(ctx context.Context, p *Place, whole func()) error {
	if len(r.Only) > 0 && len(r.chosenOf(p, r.Only)) == 0 {
		return nil // They are elsewhere.
	}
	closeIdle, err := r.connect(ctx, p)
	if err != nil {
		return err
	}
	defer closeIdle()
	namespaces, everywhere, err := r.prepare(ctx, p)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.Known[p] = namespaces
	r.mu.Unlock()
	var server, all sync.WaitGroup
	for _, from := range r.Sources {
		switch {
		case from.Cluster:
			server.Go(func() { r.list(ctx, unit{place: p, source: from}) })
		case everywhere:
			server.Go(func() { r.everywhere(ctx, p, from, namespaces) })
		}
	}
	if !everywhere {
		for _, ns := range namespaces {
			r.parts.expect(part{p.Key.Server, ns})
		}
		all.Go(func() { r.eachNamespace(ctx, p, namespaces) })
	}
	server.Wait()
	whole()
	all.Wait()
	return ctx.Err()
}

// namespaceResource is the kind of a vSphere Namespace.
var namespaceResource = kubeapi.Resource{Plural: "namespaces", Kind: "Namespace"}

// prepare asks for the versions of the sources and, beside that, for the vSphere Namespaces. everywhere means that the user may list
// namespaces, and so perhaps objects of all of them.
func (r *Reading) prepare(ctx context.Context, p *Place) (namespaces []string, everywhere bool, err error) {
	var wg sync.WaitGroup
	errs := make([]error, len(r.Sources))
	for i, from := range r.Sources {
		wg.Go(func() { _, errs[i] = p.server.Versions(ctx, from.Resource.Group) })
	}
	namespaces = p.Namespaces
	if len(r.Only) == 0 {
		wg.Go(func() {
			var listed []string
			if listed, everywhere = namespacesOf(ctx, p.server); everywhere { // 403 is the normal answer.
				namespaces = append(slices.Clone(p.Namespaces), listed...)
				r.mu.Lock()
				r.Listed[p] = setOf(listed)
				r.mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	if len(r.Only) > 0 {
		namespaces = r.chosenOf(p, r.Only)
	}
	for _, err := range errs {
		switch {
		case errors.Is(err, errDown):
			return nil, false, *p.down.Load()
		case err != nil && !errors.Is(err, wire.ErrForbidden):
			return nil, false, err
		}
	}
	return namespaces, everywhere, nil
}

// namespacesOf lists the vSphere Namespaces of a server, and reports whether the user may.
func namespacesOf(ctx context.Context, server *kubeapi.Server) (listed []string, may bool) {
	err := server.List(ctx, kubeapi.Query{Resource: namespaceResource}, func(o kubeapi.Object) {
		if !supervisor.OfSystem(o.Metadata.Name) {
			listed = append(listed, o.Metadata.Name)
		}
	})
	return listed, err == nil
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

// eachNamespace reads the sources of namespaces, the first ones first: the lists of one are asked for together.
func (r *Reading) eachNamespace(ctx context.Context, p *Place, namespaces []string) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, ns := range namespaces {
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

// everywhere reads a source in all namespaces at once, which administrators may, else one by one.
func (r *Reading) everywhere(ctx context.Context, p *Place, from *Source, namespaces []string) {
	if r.all(ctx, p, from) {
		return
	}
	var wg sync.WaitGroup
	for _, ns := range namespaces {
		wg.Go(func() { r.list(ctx, unit{place: p, source: from, namespace: ns}) })
	}
	wg.Wait()
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
