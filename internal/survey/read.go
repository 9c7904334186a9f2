package survey

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

// Source is a kind of object that a list reads.
type Source struct {
	Resource kubeapi.Resource
	Cluster  bool   // it is of the whole Supervisor
	Labels   string // a label selector
	Fields   string // a field selector
	// Aside means that only columns of others come from it: nobody is told if it is not served. With Quiet, nor if it is forbidden.
	Aside, Quiet bool
	// Facts returns what a command needs of an object beside its row; nil: nothing.
	Facts func(kubeapi.Object) any
}

// Item is an object that was read.
type Item struct {
	Place  *Place
	Source *Source
	kubeapi.Object
	Facts any
}

// maxItems bounds what one command reads, over all servers.
const maxItems = 100_000

// Reading is what one command reads, from all places at once.
type Reading struct {
	*Site
	Only    []string // vSphere Namespaces; empty: all
	Sources []*Source
	Items   []Item                     // sorted by server, namespace and name
	Known   map[*Place][]string        // the namespaces that were looked into
	Listed  map[*Place]map[string]bool // those that exist, if the user may list them

	mu       sync.Mutex                 // for all that goroutines change
	unread   map[string]bool            // see IsUnread
	missing  map[string]map[string]bool // what may not be listed, or is not there: namespaces by sentence
	unserved map[string][]string        // resources by server
	failures []error
	good     int // lists that a server answered, if only with a refusal
	step     func(done int)
	done     int
}

// Read reads the sources in all places, at most login.MaxInFlight requests at a time. What fails is kept in the reading.
func (s *Site) Read(ctx context.Context, only []string, sources []*Source, step func(done int)) *Reading {
	r := &Reading{Site: s, Only: only, Sources: sources, missing: map[string]map[string]bool{},
		Known: map[*Place][]string{}, Listed: map[*Place]map[string]bool{}, unread: map[string]bool{}, unserved: map[string][]string{}, step: step}
	var wg sync.WaitGroup
	for _, p := range s.Places {
		wg.Go(func() {
			if err := r.place(ctx, p); err != nil {
				r.fail(fmt.Errorf("%s: %w", p.Key.Server, err))
			}
		})
	}
	wg.Wait()
	for _, lost := range s.lost {
		r.fail(fmt.Errorf("no context leads to %s; to write the contexts again, type: %s", lost.Server, s.Sessions.Command(lost)))
	}
	r.sort()
	return r
}

func (r *Reading) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, err)
}

// place reads the sources in one place. The error means that the place does not answer.
func (r *Reading) place(ctx context.Context, p *Place) error {
	if len(r.Only) > 0 && len(r.chosen(p)) == 0 {
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
	var wg sync.WaitGroup
	for _, from := range r.Sources {
		if from.Cluster {
			wg.Go(func() { r.list(ctx, p, from, "") })
			continue
		}
		wg.Go(func() {
			if everywhere && r.all(ctx, p, from) {
				return
			}
			var each sync.WaitGroup
			for _, ns := range namespaces {
				each.Go(func() { r.list(ctx, p, from, ns) })
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
			failed := p.server.List(ctx, kubeapi.Query{Resource: namespaceResource}, func(o kubeapi.Object) {
				if !supervisor.OfSystem(o.Metadata.Name) {
					listed = append(listed, o.Metadata.Name)
				}
			})
			if everywhere = failed == nil; everywhere { // 403 is the normal answer.
				namespaces = append(slices.Clone(p.Namespaces), listed...)
				r.exist(p, listed)
			}
		})
	}
	wg.Wait()
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	if len(r.Only) > 0 {
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
func (r *Reading) exist(p *Place, names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Listed[p] = map[string]bool{}
	for _, name := range names {
		r.Listed[p][name] = true
	}
}

// chosen returns the namespaces of -n that are in a place. One that no place is known to have may be in each.
func (r *Reading) chosen(p *Place) (some []string) {
	for _, ns := range r.Only {
		known := slices.ContainsFunc(r.Places, func(p *Place) bool { return slices.Contains(p.Namespaces, ns) })
		if !known || slices.Contains(p.Namespaces, ns) {
			some = append(some, ns)
		}
	}
	return some
}

// all reads a source in all namespaces at once, which administrators may. It reports whether that is done.
func (r *Reading) all(ctx context.Context, p *Place, from *Source) bool {
	var found []Item
	err := p.server.List(ctx, kubeapi.Query{Resource: from.Resource, Labels: from.Labels, Fields: from.Fields}, func(o kubeapi.Object) {
		if !supervisor.OfSystem(o.Metadata.Namespace) {
			found = append(found, from.Item(p, o))
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
func (r *Reading) list(ctx context.Context, p *Place, from *Source, namespace string) {
	var found []Item
	err := p.server.List(ctx, kubeapi.Query{Resource: from.Resource, Namespace: namespace, Labels: from.Labels, Fields: from.Fields}, func(o kubeapi.Object) {
		found = append(found, from.Item(p, o))
	})
	if len(found) > 0 || err == nil {
		r.add(found) // Also what came before an error.
	}
	if err != nil {
		r.missed(p, from, namespace, err)
	}
}

// Item returns an object of the source in a place, with the facts that the source reads of it. The object is bare.
func (from *Source) Item(p *Place, o kubeapi.Object) Item {
	i := Item{Place: p, Source: from}
	if from.Facts != nil {
		i.Facts = from.Facts(o)
	}
	i.Object = o.Bare()
	return i
}

func (r *Reading) add(found []Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.good++
	if over := len(r.Items) + len(found) - maxItems; over > 0 {
		found = found[:max(0, len(found)-over)]
		if len(found) > 0 {
			r.failures = append(r.failures, fmt.Errorf("there are more than %d objects, and the rest is left out; choose with --server or -n", maxItems))
		}
	}
	r.Items = append(r.Items, found...)
	if r.done++; r.step != nil {
		r.step(r.done)
	}
}

// missed keeps why a source could not be read. What is forbidden or not served is no failure.
func (r *Reading) missed(p *Place, from *Source, namespace string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread[unreadID(p, from.Resource, namespace)] = true
	switch {
	case errors.Is(err, kubeapi.ErrNotServed):
		r.good++
		if known := r.unserved[p.Key.Server]; !from.Aside && !slices.Contains(known, from.Resource.String()) {
			r.unserved[p.Key.Server] = append(known, from.Resource.String())
		}
	case errors.Is(err, wire.ErrForbidden):
		r.good++
		found := namespace != "" && len(r.Only) == 0 && !slices.Contains(p.Namespaces, namespace)
		if from.Quiet || found { // Who may list namespaces need not have rights in each.
			return
		}
		sentence := fmt.Sprintf("you may not list %s at %s", from.Resource, p.Key.Server)
		if r.missing[sentence] == nil {
			r.missing[sentence] = map[string]bool{}
		}
		if namespace != "" {
			r.missing[sentence][namespace] = true
		}
	case errors.Is(err, context.Canceled), errors.Is(err, errDown):
	case namespace != "":
		r.failures = append(r.failures, fmt.Errorf("%s in %s at %s: %w", from.Resource.Plural, namespace, p.Key.Server, err))
	default:
		r.failures = append(r.failures, fmt.Errorf("%s at %s: %w", from.Resource.Plural, p.Key.Server, err))
	}
}

// IsUnread reports whether a resource could not be read in a namespace.
func (r *Reading) IsUnread(p *Place, resource kubeapi.Resource, namespace string) bool {
	return r.unread[unreadID(p, resource, namespace)] || r.unread[unreadID(p, resource, "")]
}

func unreadID(p *Place, resource kubeapi.Resource, namespace string) string {
	return p.Key.ID() + " " + resource.String() + " " + namespace
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
	slices.SortStableFunc(r.Items, func(a, b Item) int {
		return strings.Compare(a.id(), b.id())
	})
	r.Items = slices.CompactFunc(r.Items, func(a, b Item) bool { return a.id() == b.id() })
}

// id is the same for all readings of one object.
func (i Item) id() string {
	return strings.Join([]string{i.Place.Key.Server, i.Metadata.Namespace, i.Metadata.Name, i.Source.Resource.String()}, "\x00")
}

// notes returns what may not be listed or is not served, in sentences. Of sources that take each other's place, one is enough.
func (r *Reading) notes() (all []string) {
	wanted := 0
	for _, from := range r.Sources {
		if !from.Aside {
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
			sentence += " in " + SomeOf(namespaces)
		}
		all = append(all, sentence)
	}
	return all
}

// maxNamed bounds how many names a sentence lists.
const maxNamed = 5

// SomeOf lists names for a sentence.
func SomeOf(names []string) string {
	if len(names) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	}
	return strings.Join(names, ", ")
}

// Tell prints what may not be listed, has explain print what failed, and returns the error of the command: nil, failure.ErrPartial, or the first
// of those that failed if nothing was read.
func (r *Reading) Tell(explain func(error)) error {
	for _, note := range r.notes() {
		r.Env.Notef("%s", note)
	}
	if len(r.failures) == 0 {
		return nil
	}
	slices.SortFunc(r.failures, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	for _, err := range r.failures {
		explain(err)
	}
	if r.good == 0 {
		return failure.Silent(r.failures[0])
	}
	return failure.Silent(failure.ErrPartial)
}

// Age returns how long ago an object was made.
func (r *Reading) Age(i *Item) string {
	if i.Metadata.Created.IsZero() {
		return ""
	}
	return console.Span(r.Env.Now().Sub(i.Metadata.Created))
}
