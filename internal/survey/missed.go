package survey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// missed is what could not be read.
type missed struct {
	forbidden map[resourceAt][]string // namespaces; "": the whole Supervisor, or all namespaces at once
	unserved  map[string][]string     // resources by server
	failed    map[failureAt]*failed
	failures  []error  // of places, and of the reading as a whole
	none      int      // how many vSphere Namespaces of -n no place has
	gone      []string // those to which a context leads all the same
}

type resourceAt struct{ server, resource string }

// failureAt is the same for failures that one line tells.
type failureAt struct{ server, plural, reason string }

// failed is a failure in some namespaces.
type failed struct {
	namespaces []string
	err        error // of the first one
}

func (r *Reading) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missed.failures = append(r.missed.failures, err)
}

// miss keeps why a list could not be read. What is forbidden or not served is no failure.
func (r *Reading) miss(u unit, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, read := r.units[u]; !read {
		r.units[u] = ""
	}
	p, from, m := u.place, u.source, &r.missed
	r.unread[unreadID(p, from.Resource, u.namespace)] = true
	switch {
	case errors.Is(err, kubeapi.ErrNotServed), errors.Is(err, wire.ErrNotFound): // A list is not found if its kind is not.
		r.good++
		if known := m.unserved[p.Key.Server]; !from.Aside && !slices.Contains(known, from.Resource.String()) {
			set(&m.unserved, p.Key.Server, append(known, from.Resource.String()))
		}
	case errors.Is(err, wire.ErrForbidden):
		r.good++
		found := u.namespace != "" && len(r.Only) == 0 && !slices.Contains(p.Namespaces, u.namespace)
		if from.Quiet || found { // Who may list namespaces need not have rights in each.
			return
		}
		at := resourceAt{p.Key.Server, from.Resource.String()}
		set(&m.forbidden, at, append(m.forbidden[at], u.namespace))
	case errors.Is(err, context.Canceled), ofServer(err): // The place says so once.
	default:
		set(&r.failed, u, true)
		at := failureAt{p.Key.Server, from.Resource.Plural, reasonOf(err)}
		f := m.failed[at]
		if f == nil {
			f = &failed{err: err}
			set(&m.failed, at, f)
		}
		if f.namespaces = append(f.namespaces, u.namespace); u.namespace == slices.Min(f.namespaces) {
			f.err = err
		}
	}
}

// set sets an entry of a map that may be nil.
func set[K comparable, V any](in *map[K]V, key K, value V) {
	if *in == nil {
		*in = map[K]V{}
	}
	(*in)[key] = value
}

// reasonOf returns what an error says without the URL, which has the namespace in it.
func reasonOf(err error) string {
	var failed *wire.Error
	if errors.As(err, &failed) {
		return failed.Message
	}
	return err.Error()
}

// IsUnread reports whether a resource could not be read in a namespace.
func (r *Reading) IsUnread(p *Place, resource kubeapi.Resource, namespace string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unread[unreadID(p, resource, namespace)] || r.unread[unreadID(p, resource, "")]
}

// Hidden reports whether a resource (kubeapi.Resource.String) cannot be read in a namespace of a server, so that nobody knows what is there.
func (r *Reading) Hidden(server, resource, namespace string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.Places {
		for _, from := range r.Sources {
			if p.Key.Server == server && from.Resource.String() == resource &&
				(r.unread[unreadID(p, from.Resource, namespace)] || r.unread[unreadID(p, from.Resource, "")]) {
				return true
			}
		}
	}
	return false
}

func unreadID(p *Place, resource kubeapi.Resource, namespace string) string {
	return p.Key.ID() + " " + resource.String() + " " + namespace
}

// notes returns what may not be listed or is not served, in sentences. Of sources that take each other's place, one is enough.
func (r *Reading) notes() (all []string) {
	wanted := 0
	for _, from := range r.Sources {
		if !from.Aside {
			wanted++
		}
	}
	for _, server := range slices.Sorted(maps.Keys(r.missed.unserved)) {
		if resources := r.missed.unserved[server]; len(resources) == wanted {
			slices.Sort(resources)
			all = append(all, r.Called(server)+" does not serve "+strings.Join(resources, ", "))
		}
	}
	// Resources that are forbidden in the same namespaces are one line.
	together := map[resourceAt][]string{} // resources by server and namespaces
	for at, namespaces := range r.missed.forbidden {
		in := resourceAt{at.server, inSome(namespaces)}
		together[in] = append(together[in], at.resource)
	}
	// So are Supervisors of which as a whole the same is forbidden.
	servers := map[string][]string{}
	for in, resources := range together {
		slices.Sort(resources)
		server, about := r.Called(in.server), "you may not list "+strings.Join(resources, ", ")+" at "
		if in.resource == "" {
			servers[about] = append(servers[about], server)
			continue
		}
		servers[about+server+in.resource] = nil
	}
	var forbidden []string
	for about, some := range servers {
		slices.Sort(some)
		forbidden = append(forbidden, about+SomeOf(slices.Compact(some)))
	}
	slices.Sort(forbidden)
	for _, ns := range r.missed.gone {
		forbidden = append(forbidden, "the vSphere Namespace "+ns+" is gone")
	}
	return append(all, forbidden...)
}

// inSome returns " in " and the names of namespaces, or "".
func inSome(namespaces []string) string {
	namespaces = slices.DeleteFunc(slices.Clone(namespaces), func(ns string) bool { return ns == "" })
	if len(namespaces) == 0 {
		return ""
	}
	slices.Sort(namespaces)
	return " in " + SomeOf(slices.Compact(namespaces))
}

// Forbidden reports whether the user may not list something, so that there may be more.
func (r *Reading) Forbidden() bool { return len(r.missed.forbidden) > 0 }

// maxNamed bounds how many names a sentence lists.
const maxNamed = 5

// SomeOf lists names for a sentence.
func SomeOf(names []string) string {
	if len(names) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
	}
	return strings.Join(names, ", ")
}

// errors returns what failed, one error for each kind, server and reason.
func (r *Reading) errors() []error {
	all := slices.Clone(r.missed.failures)
	for at, f := range r.missed.failed {
		all = append(all, fmt.Errorf("%s%s at %s: %w", at.plural, inSome(f.namespaces), r.Called(at.server), f.err))
	}
	order.By(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return all
}

// Tell prints what may not be listed, has explain print what failed, and returns the error of the command: nil, failure.ErrPartial, or the first
// of those that failed if nothing was read.
func (r *Reading) Tell(explain func(error)) error {
	for _, note := range r.notes() {
		r.Env.Notef("%s", note)
	}
	failures := r.errors()
	if len(failures) == 0 {
		return nil
	}
	for _, err := range failures {
		explain(err)
	}
	if r.good == 0 || r.missed.none > 0 && r.missed.none == len(r.Only) {
		return failure.Silent(failures[0])
	}
	return failure.Silent(failure.ErrPartial)
}
