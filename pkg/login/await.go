package login

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// The pauses between two looks at a cluster that is being created, which takes minutes.
const (
	firstPause = 2 * time.Second
	lastPause  = 10 * time.Second
)

// Look tries to use a cluster once. It returns the cluster with its address and credential, as far as there are any.
// While the cluster cannot be used, err is the reason, and passes reports whether waiting may help.
type Look func(ctx context.Context, c Cluster) (known Cluster, passes bool, err error)

// Await waits until the clusters of a login can be used: until each has an address, and its API server accepts the
// credential, which a new one refuses for its first minutes. say gets the reason to wait for a cluster whenever it
// changes. A cluster that is not ready when ctx ends, or that fails for good, is in res.Failures; one that got its
// address is in res.Clusters.
func (res *Result) Await(ctx context.Context, look Look, say func(what string, why error)) {
	waits := res.waits()
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, w := range waits {
		group.Go(func() {
			w.until(ctx, look, func(what string, why error) {
				mu.Lock()
				defer mu.Unlock()
				say(what, why)
			})
		})
	}
	group.Wait()
	for _, w := range waits {
		if w.c.Server != "" || w.c.URL != "" {
			res.Clusters = append(res.Clusters, w.c)
		}
		if w.err != nil {
			res.Failures = append(res.Failures, Failure{What: w.c.Ref().String(), Err: w.err})
		}
	}
}

// Passes reports whether waiting may help against an error of an API server: a new one does not know its users yet,
// or is not up.
func Passes(err error) bool {
	return errors.Is(err, wire.ErrRefused) || errors.Is(err, wire.ErrUnreachable) || errors.Is(err, wire.ErrServer)
}

// Look returns the Look of a login with a password; accepts asks the API server.
func (r Request) Look(accepts func(context.Context, Cluster) error) Look {
	r.Wire = r.Wire.AtMost(MaxInFlight)
	var refusal breaker
	return func(ctx context.Context, c Cluster) (Cluster, bool, error) {
		if !c.Credential.Minted() {
			var minted Cluster
			err := r.again(ctx, &refusal, func(ctx context.Context) (err error) { minted, err = r.mintCluster(ctx, c.Credential.Key); return err })
			if err != nil {
				return c, errors.Is(err, ErrNoEndpoint) || errors.Is(err, secret.ErrTooMany), err
			}
			c = minted
		}
		err := accepts(ctx, c)
		return c, Passes(err), err
	}
}

// wait is a cluster to wait for.
type wait struct {
	c   Cluster
	err error
}

// waits takes the clusters out of res, and the failures that waiting may end. A cluster whose CA only a login can
// learn stays in res.
func (res *Result) waits() []*wait {
	var waits []*wait
	var clusters []Cluster
	for _, c := range res.Clusters {
		if t := c.Credential.Target; t != nil && t.CAUnknown {
			clusters = append(clusters, c)
			continue
		}
		waits = append(waits, &wait{c: c})
	}
	var failures []Failure
	for _, f := range res.Failures {
		if f.pending == nil {
			failures = append(failures, f)
			continue
		}
		waits = append(waits, &wait{c: *f.pending})
	}
	res.Clusters, res.Failures = clusters, failures
	return waits
}

func (w *wait) until(ctx context.Context, look Look, say func(string, error)) {
	pause := firstPause
	var told error
	for {
		var passes bool
		w.c, passes, w.err = look(ctx, w.c)
		switch {
		case ctx.Err() != nil: // The error only says that the request was cut off.
		case w.err == nil || !passes:
			return
		case told == nil || w.err.Error() != told.Error():
			told = w.err
			say(w.c.Ref().String(), told)
		}
		select {
		case <-ctx.Done():
			w.err = late(told)
			return
		case <-time.After(asAsked(pause, w.err)):
		}
		pause = min(2*pause, lastPause)
	}
}

// late returns the error of a cluster that is not ready in time. told is the last reason to wait, or nil.
func late(told error) error {
	var readdressed *tkg.ReaddressedError
	switch {
	case told == nil:
		return errors.New("not ready in time: its API server did not answer")
	case errors.As(told, &readdressed): // More time would not have helped.
		return told
	}
	return errors.New("not ready in time: " + told.Error())
}

// asAsked returns a pause that is as long as the server asks for, as far as a pause may be.
func asAsked(pause time.Duration, err error) time.Duration {
	return max(pause, min(wire.Wait(err), lastPause))
}
