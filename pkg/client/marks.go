package client

import (
	"context"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// marks remember refusals, and lock names.
type marks interface {
	secret.Marks
	lock(ctx context.Context, name string, warn func(error)) (unlock func(), err error)
}

// guarded is marks that make guards.
type guarded struct{ marks }

// guard returns a guard for one use of a secret.
func (g guarded) guard(e *console.Env, account, name string) *secret.Guard {
	return &secret.Guard{
		Marks: g.marks, Account: account, Name: name, Now: e.Now, Uptime: e.Uptime, Parent: secret.ParentProcess(), Warn: e.Warn,
		LockName: func(ctx context.Context) (func(), error) { return g.lock(ctx, name, e.Warn) },
	}
}

// processMarks are those of this process. A variable, since a service may log in again and again, and each login counts.
var processMarks = newMemory()

// marks returns what remembers refusals. here is for this process.
func (o Options) marks(here *memory) (guarded, error) {
	if o.Refusals == "" {
		return guarded{here}, nil
	}
	store, err := tokens.Open(o.Refusals)
	return guarded{files{store}}, err
}

// files are marks in a directory. Several processes may use it.
type files struct{ *tokens.Store }

func (f files) lock(ctx context.Context, name string, warn func(error)) (unlock func(), err error) {
	return f.LockAccount(ctx, name, nil, warn)
}

// memory are marks of one process.
type memory struct {
	mu    sync.Mutex
	all   map[string]tokens.Mark
	locks map[string]chan struct{} // with a place for the holder
}

func newMemory() *memory {
	return &memory{all: map[string]tokens.Mark{}, locks: map[string]chan struct{}{}}
}

// Mark implements secret.Marks.
func (m *memory) Mark(account string) (tokens.Mark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[account], nil
}

// SetMark implements secret.Marks.
func (m *memory) SetMark(account string, mark tokens.Mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[account] = mark
	return nil
}

// ClearMark implements secret.Marks.
func (m *memory) ClearMark(account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, account)
	return nil
}

func (m *memory) lock(ctx context.Context, name string, _ func(error)) (unlock func(), err error) {
	m.mu.Lock()
	held := m.locks[name]
	if held == nil {
		held = make(chan struct{}, 1)
		m.locks[name] = held
	}
	m.mu.Unlock()
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
