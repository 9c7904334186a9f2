package survey

import (
	"context"
	"errors"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// ErrNoContext is the error of a cluster to which no context of the user leads.
var ErrNoContext = errors.New("no context leads to the cluster")

// ClusterServer returns the API server of a cluster, by its context. done closes its connections.
func ClusterServer(ctx context.Context, s *Site, key tokens.Key) (server *kubeapi.Server, done func(), err error) {
	names := s.contexts[key.ID()]
	if len(names) == 0 {
		return nil, nil, ErrNoContext
	}
	c, err := session.FindContext(s.Config, names[0])
	if err != nil {
		return nil, nil, err
	}
	client, _, err := s.Sessions.Client(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return kubeapi.New(client.Do), client.CloseIdleConnections, nil
}

// InNamespace returns the places that are known to have a vSphere Namespace; if none is, those in which it may be.
func InNamespace(s *Site, ns string) (some []*Place) {
	for _, p := range s.Places {
		if len(s.chosenOf(p, []string{ns})) > 0 {
			some = append(some, p)
		}
	}
	return some
}

// Beside reads the object of a name in the namespace of an item.
func (i Item) Beside(ctx context.Context, s *Site, r kubeapi.Resource, name string) (kubeapi.Object, error) {
	closeIdle, err := s.connect(ctx, i.Place)
	if err != nil {
		return kubeapi.Object{}, err
	}
	defer closeIdle()
	return i.Place.server.Get(ctx, r, i.Metadata.Namespace, name)
}
