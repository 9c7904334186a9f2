package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// namespaceResource is the kind of a vSphere Namespace.
var namespaceResource = kubeapi.Resource{Plural: "namespaces", Kind: "Namespace"}

// namespacesOf lists the vSphere Namespaces of a server, and reports whether the user may: 403 is the normal answer.
func namespacesOf(ctx context.Context, server *kubeapi.Server) (listed []string, may bool, err error) {
	err = server.List(ctx, kubeapi.Query{Resource: namespaceResource, Form: kubeapi.MetadataOnly}, func(o kubeapi.Object) {
		if !supervisor.OfSystem(o.Metadata.Name) {
			listed = append(listed, o.Metadata.Name)
		}
	})
	if errors.Is(err, wire.ErrForbidden) {
		return nil, false, nil
	}
	return listed, err == nil, err
}

// those returns which of some vSphere Namespaces a server has. One that the user may not get is among them: it may be there.
func those(ctx context.Context, server *kubeapi.Server, some []string) (there []string, err error) {
	errs := make([]error, len(some))
	var wg sync.WaitGroup
	for i, ns := range some {
		wg.Go(func() { _, errs[i] = server.Get(ctx, namespaceResource, "", ns) })
	}
	wg.Wait()
	for i, ns := range some {
		switch {
		case errs[i] == nil, errors.Is(errs[i], wire.ErrForbidden):
			there = append(there, ns)
		case !errors.Is(errs[i], wire.ErrNotFound):
			return nil, errs[i]
		}
	}
	return there, nil
}

// listNamespaces begins to look which vSphere Namespaces a place has: all that the user may list, or those of -n. listing waits for them. It reports
// whether that is known.
func listNamespaces(ctx context.Context, r *Reading, p *Place, only []string) (listing func() (listed []string, known bool)) {
	done := make(chan struct{})
	var listed []string
	var known bool
	go func() {
		defer close(done)
		var err error
		if len(r.Only) > 0 {
			listed, err = those(ctx, p.server, only)
			known = err == nil
		} else {
			listed, known, err = namespacesOf(ctx, p.server)
		}
		if err != nil && ctx.Err() == nil && !ofServer(err) { // The place says so once.
			r.fail(namespacesFailed(r.Site, p, err))
		}
	}()
	return func() ([]string, bool) {
		<-done
		return slices.Clone(listed), known
	}
}

func namespacesFailed(s *Site, p *Place, err error) error {
	return fmt.Errorf("namespaces at %s: %w", s.Called(p.Key.Server), err)
}

// nowhere returns the vSphere Namespaces of -n that no place has, and those of them to which a context leads: they are gone.
func nowhere(r *Reading) (none, gone []string) {
	for _, ns := range r.Only {
		asked, there := false, false
		for _, p := range r.Places {
			if len(r.chosenOf(p, []string{ns})) > 0 {
				asked, there = true, there || r.Listed[p] == nil || r.Listed[p][ns]
			}
		}
		switch {
		case !asked || there:
		case slices.Contains(r.NamespacesOf(), ns):
			gone = append(gone, ns)
		default:
			none = append(none, ns)
		}
	}
	return none, gone
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
