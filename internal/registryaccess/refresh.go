package registryaccess

import (
	"context"
	"errors"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Together does something for each registry, all at the same time.
func Together(records []registry.Record, do func(registry.Record) error) []error {
	results := make([]error, len(records))
	var all sync.WaitGroup
	for i, r := range records {
		all.Go(func() { results[i] = do(r) })
	}
	all.Wait()
	return results
}

// Refresh brings what is known of one registry up to date. When it does not answer, what was known of it stays, for the new login.
func (a *Access) Refresh(ctx context.Context, old registry.Record, s tokens.Session) error {
	fresh, err := a.Examine(ctx, old, s)
	var untied *UnprovenError
	switch {
	case errors.As(err, &untied): // It was proven before; what it may not get any more is taken from it.
		fresh = old
		fresh.Username, fresh.Reason, fresh.Endpoint = "", untied.Reason, untied.Endpoint
	case err != nil:
		fresh = old
		fresh.LoggedOut = false
	}
	if saveErr := a.Records.ReplaceRecord(old, fresh); saveErr != nil {
		return saveErr
	}
	if err == nil && fresh.Reason != "" && (fresh.Reason != old.Reason || fresh.AuthMode != old.AuthMode) {
		return &UnprovenError{fresh}
	}
	return err
}
