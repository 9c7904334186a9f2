// Package link is the way to an API server that lasts longer than a token.
package link

import (
	"context"
	"errors"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Link is the way to an API server for hours. A token that has ended, or that the server refuses, is replaced before the next
// request.
type Link struct {
	sessions *session.Sessions
	slots    chan struct{}
	context  session.Context

	mu         sync.Mutex
	client     *session.APIClient // nil: none yet
	credential tokens.Credential
}

// New returns the way to the API server that a context leads to. slots has one place for each request under way; watches take none.
func New(sessions *session.Sessions, slots chan struct{}, context session.Context) *Link {
	return &Link{sessions: sessions, slots: slots, context: context}
}

// Server returns the API server, whose lists can be watched.
func (l *Link) Server() *kubeapi.Server { return kubeapi.Watching(l.do, l.lines) }

// get returns a client with a token that is valid.
func (l *Link) get(ctx context.Context) (*session.APIClient, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil && l.credential.Good(l.sessions.Env.Now()) {
		return l.client, nil
	}
	client, credential, err := l.sessions.Client(ctx, l.context)
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
func (l *Link) heard(client *session.APIClient, err error) error {
	if errors.Is(err, wire.ErrRefused) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.client == client {
			l.client = nil
		}
	}
	return err
}

func (l *Link) do(ctx context.Context, r wire.Request) ([]byte, error) {
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

func (l *Link) lines(ctx context.Context, r wire.Request, each func(line []byte) error) error {
	client, err := l.get(ctx)
	if err != nil {
		return err
	}
	return l.heard(client, client.Lines(ctx, r, each))
}

// Close closes unused connections.
func (l *Link) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		l.client.CloseIdleConnections()
	}
}

// Has reports whether a host is the server (session.APIClient.Has).
func (l *Link) Has(ctx context.Context, host string) (bool, error) {
	client, err := l.get(ctx)
	if err != nil {
		return false, err
	}
	return client.Has(ctx, host)
}
