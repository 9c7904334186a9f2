package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Settle notes that the secret on its way was accepted, and releases the lock of the name. A Sender calls it as soon as that is proven.
// Then it sends the secret only by Further and Repeat.
func (g *Guard) Settle() {
	f := g.flight
	if f == nil || f.settled {
		return
	}
	_ = g.note(f, nil) // A yes is no error.
	f.settled = true
	f.unlock()
}

// repeats are requests under way that repeat an accepted secret.
type repeats struct {
	mu    sync.Mutex
	users int
	own   []tokens.Refusal // the note of them
	later int              // refusals
}

// renewed is how old a note of requests under way may become. Each request ends well before the note is forgotten.
const renewed = time.Minute

// Repeat calls send, which sends a secret again to a server that accepted it before. Calls may run at once: together they leave room for
// one refusal, which the caller takes as the end of all. The error is that of send, or says why nothing was sent.
func (g *Guard) Repeat(ctx context.Context, send func(context.Context) error) error {
	if err := g.beginRepeat(ctx); err != nil {
		return fmt.Errorf("not tried: %w", err)
	}
	err := send(ctx)
	g.endRepeat(ctx, errors.Is(err, wire.ErrRefused))
	return err
}

// beginRepeat notes that a request is under way that may be refused, unless a note of that is there.
func (g *Guard) beginRepeat(ctx context.Context) error {
	r := &g.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users > 0 && g.caller().age(r.own[0]) < renewed {
		r.users++
		return nil
	}
	needed := 1
	if g.free {
		needed = 0
	}
	v, err := g.look(ctx, needed, r.own)
	if err != nil {
		return err
	}
	defer v.unlock()
	switch {
	case v.unread != nil:
		return v.unread
	case !g.free && len(v.before)+1 > enough:
		return ErrTooMany
	}
	own := tokens.Refusal{Time: v.now, Uptime: v.uptime, At: v.account, Underway: true}
	if err := g.memory().setRefusals(append(v.before, own)); err != nil && !g.free {
		return fmt.Errorf("a refusal could not be remembered: %w", err)
	}
	r.own = []tokens.Refusal{own}
	r.users++
	return nil
}

func (g *Guard) endRepeat(ctx context.Context, refused bool) {
	r := &g.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	if refused {
		r.later++
	}
	if r.users--; r.users > 0 {
		return
	}
	g.warn(g.replace(ctx, r.own, r.later))
	r.own, r.later = nil, 0
}

// afterwards bounds the wait for a lock after Ctrl-C.
const afterwards = time.Second

// replace notes n refusals in place of our own notes. If it fails, the own notes stay.
func (g *Guard) replace(ctx context.Context, own []tokens.Refusal, n int) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), afterwards)
		defer cancel()
	}
	v, err := g.look(ctx, 0, own)
	if err != nil {
		return err
	}
	defer v.unlock()
	if v.unread != nil {
		return v.unread
	}
	return g.memory().setRefusals(v.unknown(v.before, n))
}
