package survey

import (
	"context"
	"errors"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ofServer reports whether the rest of a server's requests would be answered in the same way: it is gone, or refuses the token.
func ofServer(err error) bool {
	return errors.Is(err, errDown) || errors.Is(err, wire.ErrUnreachable) || errors.Is(err, wire.ErrRefused)
}

// connect gets the token of a place and a client of its API server.
func (s *Site) connect(ctx context.Context, p *Place) (closeIdle func(), err error) {
	client, _, err := s.Sessions.Client(ctx, p.context)
	if err != nil {
		return nil, err
	}
	p.down.Store(nil)
	p.server = kubeapi.New(func(ctx context.Context, r wire.Request) ([]byte, error) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if p.down.Load() != nil {
			return nil, errDown
		}
		body, err := client.Do(ctx, r)
		if ofServer(err) {
			p.down.CompareAndSwap(nil, &err)
		}
		return body, err
	})
	return client.CloseIdleConnections, nil
}
