package sitecmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// source is a kind of object that a list reads.
type source struct {
	resource kubeapi.Resource
	cluster  bool   // it is of the whole Supervisor
	labels   string // a label selector
	fields   string // a field selector
	// aside means that only columns of others come from it: nobody is told if it is not served. With quiet, nor if it is forbidden.
	aside, quiet bool
	// facts returns what a list needs of an object beside its row; nil: nothing.
	facts func(kubeapi.Object) any
}

// item is an object that was read.
type item struct {
	place  *place
	source *source
	kubeapi.Object
	facts any
}

// maxItems bounds what one command reads, over all servers.
const maxItems = 100_000

// reading is what one command reads, from all places at once.
type reading struct {
	*site
	only []string // vSphere Namespaces; empty: all

	mu       sync.Mutex
	items    []item
	known    map[*place][]string        // the namespaces that were looked into
	listed   map[*place]map[string]bool // those that exist, if the user may list them
	unread   map[string]bool            // see isUnread
	missing  map[string]map[string]bool // what may not be listed, or is not there: namespaces by sentence
	unserved map[string][]string        // resources by server
	failures []error
	good     int // lists that a server answered, if only with a refusal
	step     func(done int)
	done     int
	sources  []*source
}

// read reads the sources in all places, at most login.MaxInFlight requests at a time. What fails is kept in the reading.
func (s *site) read(ctx context.Context, only []string, sources []*source, step func(done int)) *reading {
	r := &reading{site: s, only: only, sources: sources, missing: map[string]map[string]bool{},
		known: map[*place][]string{}, listed: map[*place]map[string]bool{}, unread: map[string]bool{}, unserved: map[string][]string{}, step: step}
	var wg sync.WaitGroup
	for _, p := range s.places {
		wg.Go(func() {
			if err := r.place(ctx, p); err != nil {
				r.fail(fmt.Errorf("%s: %w", p.key.Server, err))
			}
		})
	}
	wg.Wait()
	for _, lost := range s.lost {
		r.fail(fmt.Errorf("no context leads to %s; to write the contexts again, type: %s", lost.Server, s.sessions.Command(lost)))
	}
	r.sort()
	return r
}

func (r *reading) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, err)
}

// place reads the sources in one place. The error means that the place does not answer.
func (r *reading) place(ctx context.Context, p *place) error {
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
	r.known[p] = namespaces
	r.mu.Unlock()
	var wg sync.WaitGroup
	for _, source := range r.sources {
		if source.cluster {
			wg.Go(func() { r.list(ctx, p, source, "") })
			continue
		}
		wg.Go(func() {
			if everywhere && r.all(ctx, p, source) {
				return
			}
			var each sync.WaitGroup
			for _, ns := range namespaces {
				each.Go(func() { r.list(ctx, p, source, ns) })
			}
			each.Wait()
		})
	}
	wg.Wait()
	return ctx.Err()
}

// namespaceResource is the kind of a vSphere Namespace.
var namespaceResource = kubeapi.Resource{Plural: "namespaces", Kind: "Namespace"}

// prepare asks for the versions of the sources and, beside that, for the vSphere Namespaces. everywhere means that the user may list
// namespaces, and so perhaps objects of all of them.
func (r *reading) prepare(ctx context.Context, p *place) (namespaces []string, everywhere bool, err error) {
	var wg sync.WaitGroup
	errs := make([]error, len(r.sources))
	for i, source := range r.sources {
		wg.Go(func() { _, errs[i] = p.server.Versions(ctx, source.resource.Group) })
	}
	namespaces = p.namespaces
	if len(r.only) == 0 {
		wg.Go(func() {
			var listed []string
			failed := p.server.List(ctx, kubeapi.Query{Resource: namespaceResource}, func(o kubeapi.Object) {
				if !supervisor.OfSystem(o.Metadata.Name) {
					listed = append(listed, o.Metadata.Name)
				}
			})
			if everywhere = failed == nil; everywhere { // 403 is the normal answer.
				namespaces = append(slices.Clone(p.namespaces), listed...)
				r.exist(p, listed)
			}
		})
	}
	wg.Wait()
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	if len(r.only) > 0 {
		namespaces = r.chosen(p)
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

// exist keeps which namespaces of a place there are.
func (r *reading) exist(p *place, names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listed[p] = map[string]bool{}
	for _, name := range names {
		r.listed[p][name] = true
	}
}

// chosen returns the namespaces of -n that are in a place. One that no place is known to have may be in each.
func (r *reading) chosen(p *place) (some []string) {
	for _, ns := range r.only {
		known := slices.ContainsFunc(r.places, func(p *place) bool { return slices.Contains(p.namespaces, ns) })
		if !known || slices.Contains(p.namespaces, ns) {
			some = append(some, ns)
		}
	}
	return some
}

// all reads a source in all namespaces at once, which administrators may. It reports whether that is done.
func (r *reading) all(ctx context.Context, p *place, from *source) bool {
	var found []item
	err := p.server.List(ctx, kubeapi.Query{Resource: from.resource, Labels: from.labels, Fields: from.fields}, func(o kubeapi.Object) {
		if !supervisor.OfSystem(o.Metadata.Namespace) {
			found = append(found, from.item(p, o))
		}
	})
	switch {
	case errors.Is(err, wire.ErrForbidden):
		return false
	case err == nil:
		r.add(found)
	default:
		r.missed(p, from, "", err)
	}
	return true
}

// list reads a source in one namespace, or in the whole Supervisor.
func (r *reading) list(ctx context.Context, p *place, from *source, namespace string) {
	var found []item
	err := p.server.List(ctx, kubeapi.Query{Resource: from.resource, Namespace: namespace, Labels: from.labels, Fields: from.fields}, func(o kubeapi.Object) {
		found = append(found, from.item(p, o))
	})
	if len(found) > 0 || err == nil {
		r.add(found) // Also what came before an error.
	}
	if err != nil {
		r.missed(p, from, namespace, err)
	}
}

func (from *source) item(p *place, o kubeapi.Object) item {
	i := item{place: p, source: from}
	if from.facts != nil {
		i.facts = from.facts(o)
	}
	i.Object = o.Bare()
	return i
}

func (r *reading) add(found []item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.good++
	if over := len(r.items) + len(found) - maxItems; over > 0 {
		found = found[:max(0, len(found)-over)]
		if len(found) > 0 {
			r.failures = append(r.failures, fmt.Errorf("there are more than %d objects, and the rest is left out; choose with --server or -n", maxItems))
		}
	}
	r.items = append(r.items, found...)
	if r.done++; r.step != nil {
		r.step(r.done)
	}
}

// missed keeps why a source could not be read. What is forbidden or not served is no failure.
func (r *reading) missed(p *place, from *source, namespace string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread[unreadID(p, from.resource, namespace)] = true
	switch {
	case errors.Is(err, kubeapi.ErrNotServed):
		r.good++
		if known := r.unserved[p.key.Server]; !from.aside && !slices.Contains(known, from.resource.String()) {
			r.unserved[p.key.Server] = append(known, from.resource.String())
		}
	case errors.Is(err, wire.ErrForbidden):
		r.good++
		if from.quiet {
			return
		}
		sentence := fmt.Sprintf("you may not list %s at %s", from.resource, p.key.Server)
		if r.missing[sentence] == nil {
			r.missing[sentence] = map[string]bool{}
		}
		if namespace != "" {
			r.missing[sentence][namespace] = true
		}
	case errors.Is(err, context.Canceled), errors.Is(err, errDown):
	case namespace != "":
		r.failures = append(r.failures, fmt.Errorf("%s in %s: %w", from.resource.Plural, namespace, err))
	default:
		r.failures = append(r.failures, fmt.Errorf("%s: %w", from.resource.Plural, err))
	}
}

// isUnread reports whether a resource could not be read in a namespace.
func (r *reading) isUnread(p *place, resource kubeapi.Resource, namespace string) bool {
	return r.unread[unreadID(p, resource, namespace)] || r.unread[unreadID(p, resource, "")]
}

func unreadID(p *place, resource kubeapi.Resource, namespace string) string {
	return p.key.ID() + " " + resource.String() + " " + namespace
}

// of returns the items of a resource.
func (r *reading) of(resource kubeapi.Resource) (some []item) {
	for _, i := range r.items {
		if i.source.resource == resource {
			some = append(some, i)
		}
	}
	return some
}

// sort brings the items into the order of servers, namespaces and names. An object that several users see is there once.
func (r *reading) sort() {
	slices.SortStableFunc(r.items, func(a, b item) int {
		return strings.Compare(a.id(), b.id())
	})
	r.items = slices.CompactFunc(r.items, func(a, b item) bool { return a.id() == b.id() })
}

// id is the same for all readings of one object.
func (i item) id() string {
	return strings.Join([]string{i.place.key.Server, i.Metadata.Namespace, i.Metadata.Name, i.source.resource.String()}, "\x00")
}

// notes returns what may not be listed or is not served, in sentences. Of sources that take each other's place, one is enough.
func (r *reading) notes() (all []string) {
	wanted := 0
	for _, source := range r.sources {
		if !source.aside {
			wanted++
		}
	}
	for _, server := range slices.Sorted(maps.Keys(r.unserved)) {
		if resources := r.unserved[server]; len(resources) == wanted {
			slices.Sort(resources)
			all = append(all, server+" does not serve "+strings.Join(resources, ", "))
		}
	}
	for _, sentence := range slices.Sorted(maps.Keys(r.missing)) {
		if namespaces := slices.Sorted(maps.Keys(r.missing[sentence])); len(namespaces) > 0 {
			sentence += " in " + someOf(namespaces)
		}
		all = append(all, sentence)
	}
	return all
}

// maxNamed bounds how many names a sentence lists.
const maxNamed = 5

// someOf lists names for a sentence.
func someOf(names []string) string {
	if len(names) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	}
	return strings.Join(names, ", ")
}

// tell prints what could not be read, and returns the error of the command: nil, failure.ErrPartial, or what failed everywhere.
func (r *reading) tell() error {
	for _, note := range r.notes() {
		r.env.Notef("%s", note)
	}
	if len(r.failures) == 0 {
		return nil
	}
	slices.SortFunc(r.failures, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	for _, err := range r.failures {
		failure.Explain(console.Prose(r.env.ErrOut), err)
	}
	if r.good == 0 {
		return failure.Silent(r.failures[0])
	}
	return failure.Silent(failure.ErrPartial)
}
