package login

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// The pauses between two looks at a cluster that is being created, which takes minutes.
const (
	firstPause = 2 * time.Second
	lastPause  = 10 * time.Second
)

// Await waits until the clusters of a login can be used: until each has an address, and its API server accepts the token, which a
// new one refuses for its first minutes. accepts asks the API server; wire.ErrRefused, no answer and a broken one pass. say is told
// of a cluster what it waits for, whenever that changes. What is not ready when ctx ends, or fails in another way, is in
// res.Failures; clusters that got their address meanwhile are in res.Clusters.
func (r Request) Await(ctx context.Context, res *Result, accepts func(context.Context, Cluster) error, say func(what string, why error)) {
	r.Wire = r.Wire.AtMost(MaxInFlight)
	waits := waitsOf(res)
	var refusal breaker
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, w := range waits {
		group.Go(func() {
			w.until(ctx, r, &refusal, accepts, func(what string, why error) {
				mu.Lock()
				defer mu.Unlock()
				say(what, why)
			})
		})
	}
	group.Wait()
	res.Clusters = nil
	for _, w := range waits {
		if w.minted {
			res.Clusters = append(res.Clusters, w.c.result)
		}
		if w.c.err != nil {
			res.Failures = append(res.Failures, Failure{What: w.c.ref().String(), Err: w.c.err})
		}
	}
}

// wait is a cluster that is waited for.
type wait struct {
	c      *candidate
	minted bool // it has an address and a token
}

// waitsOf takes the clusters of res, and the failures that only time mends.
func waitsOf(res *Result) []*wait {
	var waits []*wait
	for _, c := range res.Clusters {
		waits = append(waits, &wait{c: &candidate{ns: Namespace{Name: c.Namespace}, name: c.Name, result: c}, minted: true})
	}
	var failures []Failure
	for _, f := range res.Failures {
		if f.pending == nil {
			failures = append(failures, f)
			continue
		}
		waits = append(waits, &wait{c: f.pending})
	}
	res.Failures = failures
	return waits
}

func (w *wait) until(ctx context.Context, r Request, refusal *breaker, accepts func(context.Context, Cluster) error, say func(string, error)) {
	pause, told := firstPause, ""
	for {
		passes := w.look(ctx, r, refusal, accepts)
		switch {
		case ctx.Err() != nil: // The error is that something was cut off.
		case w.c.err == nil || !passes:
			return
		case w.c.err.Error() != told:
			told = w.c.err.Error()
			say(w.c.ref().String(), w.c.err)
		}
		select {
		case <-ctx.Done():
			w.c.err = errors.New("not ready in time: " + cmp.Or(told, "its API server did not answer"))
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// look tries once, and tells whether what is wrong can pass.
func (w *wait) look(ctx context.Context, r Request, refusal *breaker, accepts func(context.Context, Cluster) error) (passes bool) {
	if !w.minted {
		if w.c.err = refusal.do(func() error { return r.mint(ctx, w.c) }); w.c.err != nil {
			return errors.Is(w.c.err, ErrNoEndpoint)
		}
		w.minted = true
	}
	w.c.err = accepts(ctx, w.c.result)
	return errors.Is(w.c.err, wire.ErrRefused) || errors.Is(w.c.err, wire.ErrUnreachable) || errors.Is(w.c.err, wire.ErrServer)
}
