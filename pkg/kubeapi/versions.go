package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// group is what the server says of an API group, asked for once however many lists need it.
type group struct {
	done     chan struct{} // closed when the others are set
	versions []string      // the preferred one first; none: the group is not served
	err      error
}

// maxVersions bounds the versions of a group that are tried.
const maxVersions = 8

// Versions returns the versions of a group that the server has, the preferred one first (GET /apis/GROUP, meta/v1 APIGroup).
func (s *Server) Versions(ctx context.Context, name string) ([]string, error) {
	if name == "" {
		return []string{"v1"}, nil
	}
	entry, asked := s.groups.LoadOrStore(name, &group{done: make(chan struct{})})
	g := entry.(*group)
	if !asked {
		g.versions, g.err = s.askVersions(ctx, name)
		close(g.done)
	}
	select {
	case <-g.done:
		return g.versions, g.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Forget has the server asked again which versions it serves, as after it was not there for a while.
func (s *Server) Forget() {
	s.groups.Clear()
	s.served.Clear()
	s.recent.Clear()
}

// Recall has versions tried first in which the server had resources at another time, by resource (Resource.String). They spare it the question
// which ones it has.
func (s *Server) Recall(versions map[string]string) {
	for resource, version := range versions {
		if address.IsLabel(version) {
			s.recent.Store(resource, version)
		}
	}
}

// Recalled reports whether a recalled version of a resource (Resource.String) has not turned out to be wrong.
func (s *Server) Recalled(resource string) bool {
	_, ok := s.recent.Load(resource)
	return ok
}

// Served returns the versions in which the server has resources, as far as it was asked for them, by resource (Resource.String).
func (s *Server) Served() map[string]string {
	all := map[string]string{}
	s.served.Range(func(resource, version any) bool {
		all[resource.(string)] = version.(string)
		return true
	})
	return all
}

func (s *Server) askVersions(ctx context.Context, name string) ([]string, error) {
	path := "/apis/" + name
	body, err := s.do(ctx, wire.Request{Method: http.MethodGet, URL: path})
	if errors.Is(err, wire.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	type version struct {
		Version string `json:"version"`
	}
	var reply struct {
		Versions  []version `json:"versions"`
		Preferred version   `json:"preferredVersion"`
	}
	if err := wire.DecodeJSON(http.MethodGet, path, body, &reply); err != nil {
		return nil, err
	}
	var all []string
	for _, v := range append([]version{reply.Preferred}, reply.Versions...) {
		if address.IsLabel(v.Version) && !slices.Contains(all, v.Version) && len(all) < maxVersions {
			all = append(all, v.Version)
		}
	}
	if len(all) == 0 {
		return nil, garbled(path, errors.New("names no version"))
	}
	return all, nil
}

// inVersions calls read with versions of a resource until one has it, and remembers which. An object that does not exist looks the same as
// a version that has no such resource: read is then called with all of them.
func (s *Server) inVersions(ctx context.Context, r Resource, read func(version string) error) error {
	if known, ok := s.served.Load(r.String()); ok {
		return read(known.(string))
	}
	if version, ok := s.recent.Load(r.String()); ok {
		err := read(version.(string))
		if err == nil {
			s.served.Store(r.String(), version)
		}
		if !errors.Is(err, wire.ErrNotFound) {
			return err
		}
		s.recent.Delete(r.String())
	}
	versions, err := s.Versions(ctx, r.Group)
	if err != nil {
		return err
	}
	err = fmt.Errorf("%s: %w", r, ErrNotServed)
	for _, version := range versions {
		found := read(version)
		if !errors.Is(found, wire.ErrNotFound) {
			if found == nil {
				s.served.Store(r.String(), version)
			}
			return found
		}
		err = errors.Join(err, found)
	}
	return err
}
