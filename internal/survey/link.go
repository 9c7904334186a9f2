package survey

import (
	"context"
	"errors"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// link is the way to the API server of a place for hours. A token that has ended, or that the server refuses, is replaced before the next
// request.
type link struct {
	sessions *session.Sessions
	slots    chan struct{} // of the site: one for each request under way. Watches have none.
	place    *Place

	mu         sync.Mutex
	client     *session.APIClient // nil: none yet
	credential tokens.Credential
}

// newLinks returns a link to each place, with connections for watches over HTTP/1.1 too, where each takes one.
func (s *Site) newLinks() map[*Place]*link {
	env := *s.Sessions.Env
	env.Conns = maxWatches + cap(s.slots)
	sessions := method.Sessions(&env, s.Sessions.Store)
	links := map[*Place]*link{}
	for _, p := range s.Places {
		links[p] = &link{sessions: sessions, slots: s.slots, place: p}
	}
	return links
}

// server returns the API server, whose lists can be watched.
func (l *link) server() *kubeapi.Server { return kubeapi.Watching(l.do, l.lines) }

// get returns a client with a token that is valid.
func (l *link) get(ctx context.Context) (*session.APIClient, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil && l.credential.Good(l.sessions.Env.Now()) {
		return l.client, nil
	}
	client, credential, err := l.sessions.Client(ctx, l.place.context)
	if err != nil {
		return nil, err
	}
	if l.client != nil {
		l.client.CloseIdleConnections()
	}
	l.client, l.credential = client, credential
	return client, nil
}

// heard drops a client whose token was refused.
func (l *link) heard(client *session.APIClient, err error) error {
	if errors.Is(err, wire.ErrRefused) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.client == client {
			l.client = nil
		}
	}
	return err
}

func (l *link) do(ctx context.Context, r wire.Request) ([]byte, error) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	client, err := l.get(ctx)
	if err != nil {
		return nil, err
	}
	body, err := client.Do(ctx, r)
	return body, l.heard(client, err)
}

func (l *link) lines(ctx context.Context, r wire.Request, each func(line []byte) error) error {
	client, err := l.get(ctx)
	if err != nil {
		return err
	}
	return l.heard(client, client.Lines(ctx, r, each))
}

// close closes unused connections.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		l.client.CloseIdleConnections()
	}
}

// Connection is the API server of a place, for a command that goes on after its reading.
type Connection struct {
	*kubeapi.Server
	link *link
}

// Connect returns the API server of a place.
func (s *Site) Connect(p *Place) *Connection {
	l := s.At(p).newLinks()[p]
	c := &Connection{l.server(), l}
	c.Recall(s.Sessions.Store.Served(p.Key, s.Env.Now()).Versions)
	return c
}

// Has reports whether a host is the server (session.APIClient.Has).
func (c *Connection) Has(ctx context.Context, host string) (bool, error) {
	client, err := c.link.get(ctx)
	if err != nil {
		return false, err
	}
	return client.Has(ctx, host)
}

// Close closes unused connections.
func (c *Connection) Close() { c.link.close() }
