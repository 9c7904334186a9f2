package survey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// followed is a list that is followed.
type followed struct {
	unit
	server  *kubeapi.Server
	version string        // from which it is watched; "": it is listed first
	first   time.Duration // how long to wait before the first time
	polled  time.Duration // how often it is listed; 0: it is watched
	tries   int           // failures, one after the other
	read    bool          // it was listed before
}

// follow follows a list.
func (l *Live) follow(ctx context.Context, f *followed) {
	l.mu.Lock()
	if l.held[f.unit] == nil {
		l.held[f.unit] = map[string]Item{}
	}
	l.mu.Unlock()
	l.wg.Go(func() {
		for wait := f.first; pause(ctx, l.site.Env, wait); {
			wait = l.step(ctx, f)
		}
	})
}

// step lists or watches once, and returns how long to wait before the next time.
func (l *Live) step(ctx context.Context, f *followed) time.Duration {
	began := l.site.Env.Now()
	err := l.look(ctx, f)
	switch {
	case ctx.Err() != nil:
		return 0
	case err == nil:
		f.tries = 0
		if f.polled > 0 {
			l.polls(f)
			return f.polled
		}
		return retryFirst - l.site.Env.Now().Sub(began) // A server that ends each watch at once is not asked all the time.
	case errors.Is(err, kubeapi.ErrNotWatched):
		f.polled = pollEvery
		return 0 // Perhaps it may not be listed either.
	case errors.Is(err, wire.ErrForbidden):
		f.version, f.tries = "", 0
		if f.polled == pollEvery {
			f.polled = 0 // Whoever may list it again perhaps may watch it too.
		}
		f.server.Forget()
		l.recovered(f.place, f.unit) // It answers.
		l.forbid(f)
		return lookAgain
	case errors.Is(err, kubeapi.ErrNotServed), errors.Is(err, wire.ErrNotFound):
		f.version, f.tries = "", 0
		f.server.Forget()
		l.recovered(f.place, f.unit) // It answers.
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.held[f.unit]) == 0 {
			l.unread[unreadID(f.place, f.source.Resource, f.namespace)] = true
		}
		return lookAgain
	case errors.Is(err, kubeapi.ErrExpired) && f.tries == 0:
		f.version, f.tries = "", 1 // The first time is how it should be.
		return 0
	}
	f.version = ""
	f.tries++
	f.server.Forget()
	l.fails(f.place, f.unit, err)
	return backoff(f.tries)
}

// polls says that a list is not watched.
func (l *Live) polls(f *followed) {
	if f.polled != pollEvery {
		return // So it is meant.
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noteOnce("%s at %s cannot be watched: they are listed every %d seconds", f.source.Resource, f.place.Key.Server, int(pollEvery.Seconds()))
}

// forbid drops what is held of a list that the user may not read any more: it may have changed, or be gone.
func (l *Live) forbid(f *followed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(f.unit, nil)
	l.unread[unreadID(f.place, f.source.Resource, f.namespace)] = true
	if f.read && !f.source.Quiet {
		l.site.Env.Notef("you may no longer list %s%s at %s", f.source.Resource, inSome([]string{f.namespace}), f.place.Key.Server)
	}
	f.read = false
}

// look lists, if that is due, and then watches until the watch ends.
func (l *Live) look(ctx context.Context, f *followed) error {
	query := f.source.query(f.namespace)
	if f.version == "" || f.polled > 0 {
		found, version, err := l.gather(ctx, f, query)
		if err != nil {
			return err
		}
		f.version, f.read = version, true
		l.replace(f.unit, found)
		l.recovered(f.place, f.unit)
	}
	if f.polled > 0 {
		return nil
	}
	if !l.reserve(f.place) {
		return fmt.Errorf("%w: there are %d watches", kubeapi.ErrNotWatched, maxWatches)
	}
	defer l.release(f.place)
	version, err := f.server.Watch(ctx, kubeapi.Watched{Query: query, Version: f.version, For: watchFor, Silent: silent}, func(c kubeapi.Change) {
		f.tries = 0
		l.change(f.unit, c)
	})
	f.version = version
	return err
}

// gather reads a list. It leaves out what there is no room for.
func (l *Live) gather(ctx context.Context, f *followed, query kubeapi.Query) (found []Item, version string, err error) {
	var full error
	version, err = f.server.ListFrom(ctx, query, func(o kubeapi.Object) {
		i := f.source.Item(f.place, o)
		if none := l.coming.take(i); none != nil {
			full = none
			return
		}
		found = append(found, i)
	})
	for _, i := range found {
		l.coming.give(i)
	}
	if full != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.noteOnce("%v", full)
	}
	return found, version, err
}

// reserve takes one of the watches of a place.
func (l *Live) reserve(p *Place) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watches[p] >= maxWatches {
		return false
	}
	l.watches[p]++
	return true
}

func (l *Live) release(p *Place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watches[p]--
}

// fails says that a list cannot be followed, unless something of the place is in trouble already.
func (l *Live) fails(p *Place, what any, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.trouble[p]) == 0 {
		l.site.Env.Warn(fmt.Errorf("%s is asked again until it answers: %w", p.Key.Server, err))
	}
	mark(l.trouble, p, what)
}

// recovered says that a place answers again, once nothing of it is in trouble any more.
func (l *Live) recovered(p *Place, what any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.trouble[p][what] {
		return
	}
	if delete(l.trouble[p], what); len(l.trouble[p]) == 0 {
		l.site.Env.Notef("%s answers again", p.Key.Server)
	}
}

// mark puts an entry into a set of sets.
func mark[K, E comparable](in map[K]map[E]bool, key K, entry E) {
	if in[key] == nil {
		in[key] = map[E]bool{}
	}
	in[key][entry] = true
}
