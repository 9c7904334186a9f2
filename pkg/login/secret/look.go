package secret

import (
	"context"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// view holds the refusals of a name, read under its lock.
type view struct {
	caller
	before []tokens.Refusal // those that count
	unread error            // they cannot be read
	jumped bool             // the clock was set back
	unlock func()           // it may be called twice
}

// look takes the lock of the name and reads the refusals that count, but for our own ones. It waits as long as n more are too many only
// since other processes send accepted secrets again.
func (g *Guard) look(ctx context.Context, n int, own []tokens.Refusal) (view, error) {
	for {
		unlock, err := take(ctx, g.LockName)
		if err != nil {
			return view{}, err
		}
		v := view{caller: g.caller(), unlock: func() { unlock(); unlock = func() {} }}
		all, unread := g.memory().refusals()
		v.before, v.unread, v.jumped = without(v.restamped(v.recent(all)), own), unread, v.future(all)
		if g.Wait == nil || n == 0 || len(v.before)+n <= enough || !v.passes(v.before, n) {
			return v, nil
		}
		v.unlock()
		if err := g.Wait(ctx); err != nil {
			return view{}, err
		}
	}
}

// take takes a lock, if there is one.
func take(ctx context.Context, lock func(context.Context) (func(), error)) (unlock func(), err error) {
	if lock == nil {
		return func() {}, nil
	}
	return lock(ctx)
}

// without returns refusals without some of them. One that is there twice is left out once.
func without(all, some []tokens.Refusal) []tokens.Refusal {
	all = slices.Clone(all)
	for _, r := range some {
		i := slices.IndexFunc(all, func(other tokens.Refusal) bool {
			return other.Underway && other.Time.Equal(r.Time) && other.Uptime == r.Uptime && other.At == r.At
		})
		if i >= 0 {
			all = slices.Delete(all, i, i+1)
		}
	}
	return all
}
