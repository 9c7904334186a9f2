package survey

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
)

// Server returns the API server of a place for as long as a command works there: a token that ends is replaced. done closes its connections.
func (s *Site) Server(p *Place) (server *kubeapi.Server, done func()) {
	l := s.At(p).newLinks()[p]
	return l.server(), l.close
}

// ErrNoContext is the error of a cluster to which no context of the user leads.
var ErrNoContext = errors.New("no context leads to the cluster")

// ClusterServer returns the API server of a cluster, by its context. done closes its connections.
func (s *Site) ClusterServer(ctx context.Context, p *Place, namespace, name string) (server *kubeapi.Server, done func(), err error) {
	names := s.contexts[p.ClusterKey(namespace, name).ID()]
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
func (s *Site) InNamespace(ns string) (some []*Place) {
	for _, p := range s.Places {
		if len(s.chosenOf(p, []string{ns})) > 0 {
			some = append(some, p)
		}
	}
	return some
}

// Kubectl returns the beginning of a kubectl command in a vSphere Namespace, or "" if no context leads there.
func (s *Site) Kubectl(p *Place, ns string) string {
	for _, name := range slices.Sorted(maps.Keys(s.Config.Contexts)) {
		c := s.Config.Contexts[name]
		if key, ours := kubeconfig.Ours(s.Config.AuthInfos[c.AuthInfo]); ours && c.Namespace == ns && key.Same(p.Key) {
			return "kubectl --context " + failure.Quote(name) + " "
		}
	}
	return ""
}
