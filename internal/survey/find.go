package survey

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// Wanted is a thing that a person means by a name.
type Wanted struct {
	What      string // in a sentence: cluster, vm
	Name      string
	Namespace string // empty: any
	// Names returns the names that an item goes by; nil: its own.
	Names func(Item) []string
}

// Found is the one thing that a person means.
type Found struct {
	Items  []Item // its objects: a cluster may have one in each API
	Failed error  // of a place that could not be asked; it is printed already
}

// Whole keeps an object with all its fields, as Facts.
func Whole(o kubeapi.Object) any { return o }

// Find returns the thing of a name. explain prints what could not be read.
func (s *Site) Find(ctx context.Context, w Wanted, explain func(error), sources ...*Source) (Found, error) {
	var only []string
	if w.Namespace != "" {
		only = []string{w.Namespace}
	}
	r := s.Read(ctx, only, sources, nil)
	if err := ctx.Err(); err != nil {
		return Found{}, err
	}
	f := Found{Failed: r.Tell(explain)}
	var names, places []string
	for _, i := range r.Items {
		of := []string{i.Metadata.Name}
		if w.Names != nil {
			of = w.Names(i)
		}
		names = append(names, of...)
		if !slices.Contains(of, w.Name) {
			continue
		}
		if place := i.Metadata.Namespace + " at " + i.Place.Title; !slices.Contains(places, place) {
			places = append(places, place)
		}
		f.Items = append(f.Items, i)
	}
	switch {
	case len(places) > 1:
		return f, failure.Hint(fmt.Errorf("there are several %ss %q: in %s", w.What, w.Name, strings.Join(places, ", in ")), "Say which with -n or --server.")
	case len(places) == 1:
		return f, nil
	case f.Failed != nil && len(r.Items) == 0:
		return f, f.Failed
	}
	err := Unknown(w.What, w.Name, names)
	if len(names) == 0 && hides(r) {
		err = failure.Hint(err, "Ask your vSphere administrator for a role that may list it.")
	}
	return f, err
}

// hides reports whether a source could not be read somewhere.
func hides(r *Reading) bool {
	for at, namespaces := range r.Known {
		for _, from := range r.Sources {
			if slices.ContainsFunc(namespaces, func(ns string) bool { return r.IsUnread(at, from.Resource, ns) }) {
				return true
			}
		}
	}
	return false
}

// Unknown returns the error for a name that nothing has.
func Unknown(what, name string, names []string) error {
	err := fmt.Errorf("there is no %s %q that you may see", what, name)
	slices.Sort(names)
	names = slices.Compact(names)
	if alike := command.Similar(name, names); len(alike) > 0 {
		return fmt.Errorf("%w; did you mean %s?", err, strings.Join(alike, " or "))
	}
	if len(names) > 0 {
		return fmt.Errorf("%w; there are %s", err, SomeOf(names))
	}
	return err
}

// Beside reads the object of a name in the namespace of an item.
func (s *Site) Beside(ctx context.Context, i Item, r kubeapi.Resource, name string) (kubeapi.Object, error) {
	closeIdle, err := s.connect(ctx, i.Place)
	if err != nil {
		return kubeapi.Object{}, err
	}
	defer closeIdle()
	return i.Place.server.Get(ctx, r, i.Metadata.Namespace, name)
}
