package survey

import (
	"context"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/link"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// newLinks returns a link to each place, with connections for watches over HTTP/1.1 too, where each takes one.
func (s *Site) newLinks() map[*Place]*link.Link {
	env := *s.Sessions.Env
	env.Conns = maxWatches + cap(s.slots)
	sessions := method.Sessions(&env, s.Sessions.Store)
	links := map[*Place]*link.Link{}
	for _, p := range s.Places {
		links[p] = link.New(sessions, s.slots, p.context)
	}
	return links
}

// Connection is the API server of a place, for a command that goes on after its reading.
type Connection struct {
	*kubeapi.Server
	link *link.Link
}

// Connect returns the API server of a place.
func (s *Site) Connect(p *Place) *Connection {
	l := s.At(p).newLinks()[p]
	c := &Connection{l.Server(), l}
	c.Recall(s.Sessions.Store.Served(p.Key, s.Env.Now()).Versions)
	return c
}

// Has reports whether a host is the server (session.APIClient.Has).
func (c *Connection) Has(ctx context.Context, host string) (bool, error) {
	return c.link.Has(ctx, host)
}

// Close closes unused connections.
func (c *Connection) Close() { c.link.Close() }
