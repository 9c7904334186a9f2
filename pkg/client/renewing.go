package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// renewing holds one credential, and renews it when it ends. Goroutines that need a new one get the same.
type renewing struct {
	// mint returns a good credential. With force it is another one than the last.
	mint func(ctx context.Context, force bool) (tokens.Credential, error)
	now  func() time.Time

	group  singleflight.Group
	mu     sync.Mutex
	held   tokens.Credential
	forced time.Time // when a refused credential was replaced last
}

const (
	// renewTime bounds a renewal. Another process may hold the lock for two minutes.
	renewTime = 3 * time.Minute
	// forceEvery is the least time between two renewals of credentials that the API server refused. One that refuses new
	// ones too has another problem.
	forceEvery = time.Minute
)

// errNoOther means that a new credential was got a moment ago.
var errNoOther = errors.New("there is no newer credential now")

// get returns a good credential.
func (r *renewing) get(ctx context.Context) (tokens.Credential, error) {
	if c := r.current(); c.Good(r.now()) {
		return c, nil
	}
	return r.once(ctx, func(ctx context.Context) (tokens.Credential, error) {
		if c := r.current(); c.Good(r.now()) {
			return c, nil
		}
		return r.mint(ctx, false)
	})
}

// instead returns another credential than one that the API server refused, or that ends too soon.
func (r *renewing) instead(ctx context.Context, of tokens.Credential) (tokens.Credential, error) {
	fresh, err := r.once(ctx, func(ctx context.Context) (tokens.Credential, error) {
		if c := r.current(); !same(c, of) && c.Good(r.now()) {
			return c, nil
		}
		if c, err := r.mint(ctx, false); err != nil || !same(c, of) { // Another process may have renewed it.
			return c, err
		}
		if !r.mayForce() {
			return of, errNoOther
		}
		return r.mint(ctx, true)
	})
	if err == nil && same(fresh, of) { // It was got by somebody who did not know.
		err = errNoOther
	}
	return fresh, err
}

// once calls renew, unless that is under way. It goes on when the caller has left: a request with a password that is broken
// off counts as a refusal.
func (r *renewing) once(ctx context.Context, renew func(context.Context) (tokens.Credential, error)) (tokens.Credential, error) {
	if err := ctx.Err(); err != nil {
		return tokens.Credential{}, err
	}
	done := r.group.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTime)
		defer cancel()
		c, err := renew(ctx)
		if err == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.held = c
		}
		return c, err
	})
	select {
	case <-ctx.Done():
		return tokens.Credential{}, ctx.Err()
	case got := <-done:
		c, _ := got.Val.(tokens.Credential)
		return c, got.Err
	}
}

func (r *renewing) current() tokens.Credential {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

func (r *renewing) mayForce() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if age := now.Sub(r.forced); age >= 0 && age < forceEvery {
		return false
	}
	r.forced = now
	return true
}

func same(a, b tokens.Credential) bool { return a.Token == b.Token && a.Certificate == b.Certificate }
