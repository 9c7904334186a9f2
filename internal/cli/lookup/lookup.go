// Package lookup finds the one thing that a person names, for the commands that show or change it.
package lookup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
)

// Named is the one thing that a person means.
type Named struct {
	What      string // its kind in a word, such as vm
	Name      string
	Namespace string // empty: any
	// Names returns the names that an item goes by; nil: its own.
	Names func(survey.Item) []string
}

// Parse reads NAME or NAMESPACE/NAME, and the value of --namespace. A namespace has only a name. What names nothing that there can be is a
// usage error, so that nobody takes it for a thing that is gone.
func Parse(what, typed, namespace string) (Named, error) {
	n := Named{What: what, Name: typed, Namespace: namespace}
	form := "NAME or NAMESPACE/NAME"
	if what == "namespace" {
		form = "NAME"
		if namespace != "" {
			return n, failure.Usagef("--namespace is for what is in a vSphere Namespace: to see %.80q, leave it out", typed)
		}
	}
	if in, name, found := strings.Cut(typed, "/"); found && what != "namespace" {
		if namespace != "" && namespace != in {
			return n, failure.Usagef("%q and --namespace %s name two namespaces", typed, namespace)
		}
		n.Namespace, n.Name = in, name
	}
	switch {
	case n.Namespace != "" && !address.IsLabel(n.Namespace):
		return n, failure.Usagef("--namespace: %.80q is not a name of a namespace", n.Namespace)
	case n.Name == "" || strings.Contains(n.Name, "/"):
		return n, failure.Usagef("%.80q is not the name of a %s: type %s", n.Name, what, form)
	}
	return n, nil
}

// Found is what has a name.
type Found struct {
	Items  []survey.Item // its objects: a cluster may have one in each API
	Failed error         // of a place that could not be asked; it is printed already
}

// One returns the one thing of a name. What could not be asked is printed.
func One(ctx context.Context, s *survey.Site, n Named, sources ...*survey.Source) (Found, error) {
	var only []string
	if n.Namespace != "" {
		only = []string{n.Namespace}
	}
	r := s.Read(ctx, only, sources, nil)
	if err := ctx.Err(); err != nil {
		return Found{}, err
	}
	f := Found{Failed: r.Tell(func(err error) { failure.Explain(console.Prose(s.Env.ErrOut), err) })}
	var names, places []string
	for _, i := range r.Items {
		of := []string{i.Metadata.Name}
		if n.Names != nil {
			of = n.Names(i)
		}
		names = append(names, of...)
		if !slices.Contains(of, n.Name) {
			continue
		}
		if place := i.Metadata.Namespace + " at " + i.Place.Title; !slices.Contains(places, place) {
			places = append(places, place)
		}
		f.Items = append(f.Items, i)
	}
	switch {
	case len(places) > 1:
		return f, failure.Hint(fmt.Errorf("there are several %ss %q: in %s", n.What, n.Name, strings.Join(places, ", in ")), "Say which with -n or --server.")
	case len(places) == 1:
		return f, nil
	case f.Failed != nil:
		if len(r.Items) > 0 { // What was read does not say that all was.
			s.Env.Notef("it is not known whether there is a %s %q: not all could be read", n.What, n.Name)
		}
		return f, f.Failed
	}
	err := survey.Unknown(n.What, n.Name, names)
	if len(names) == 0 && hidden(r) {
		err = failure.Hint(err, "Ask your vSphere administrator for a role that may list it.")
	}
	return f, err
}

// hidden reports whether a source could not be read somewhere.
func hidden(r *survey.Reading) bool {
	for at, namespaces := range r.Known {
		for _, from := range r.Sources {
			if slices.ContainsFunc(namespaces, func(ns string) bool { return r.IsUnread(at, from.Resource, ns) }) {
				return true
			}
		}
	}
	return false
}
