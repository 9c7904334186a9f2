package registryaccess

import (
	"context"
	"errors"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Together calls do for each registry, in parallel, and returns the errors in the same order.
func Together(records []registry.Record, do func(registry.Record) error) []error {
	results := make([]error, len(records))
	var all sync.WaitGroup
	for i, r := range records {
		all.Go(func() { results[i] = do(r) })
	}
	all.Wait()
	return results
}

// Refresh examines a registry and updates its record. If the registry does not answer, the record keeps its values, and is logged in.
func (a *Access) Refresh(ctx context.Context, old registry.Record, s tokens.Session) error {
	fresh, err := a.Examine(ctx, old, s)
	var unproven *UnprovenError
	switch {
	case errors.As(err, &unproven): // It was proven before. Now it gets no token any more.
		fresh = old
		fresh.Username, fresh.Reason, fresh.Endpoint = "", unproven.Reason, unproven.Endpoint
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
