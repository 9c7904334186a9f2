package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// refreshTime bounds what a login waits for registries: it is not about them.
const refreshTime = 10 * time.Second

// refreshRegistries has the registries of a Supervisor take the new login, all at the same time. What does not work is told, and is no
// failure of the login.
func (a *App) refreshRegistries(ctx context.Context, s tokens.Session) {
	store, err := a.registries()
	if err != nil {
		return // It was open a moment ago.
	}
	a.relinkHelper(store)
	records, errs := store.Records()
	for _, err := range errs {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	results := make([]error, len(records))
	var all sync.WaitGroup
	for i, r := range records {
		if r.Server == s.Server {
			all.Go(func() { results[i] = a.refreshRegistry(ctx, store, r, s) })
		}
	}
	all.Wait()
	for i, err := range results {
		if err != nil {
			fmt.Fprintf(a.ErrOut, "note: registry %s: %v\n", records[i].Host, err)
		}
	}
}

// refreshRegistry asks one registry. When it does not answer, what was known of it stays, for the new login.
func (a *App) refreshRegistry(ctx context.Context, store registry.Store, old registry.Record, s tokens.Session) error {
	fresh, err := a.ask(ctx, old, s)
	var untied *untiedError
	switch {
	case errors.As(err, &untied): // It was tied before; what it may not get any more is taken from it.
		fresh = old
		fresh.Username, fresh.Reason = "", err.Error()
	case err != nil && hit.Fold(s.User) != hit.Fold(old.User):
		return err
	case err != nil:
		fresh = old
		fresh.LoggedOut = false
	}
	if saveErr := store.SaveRecord(fresh); saveErr != nil {
		return saveErr
	}
	switch {
	case err != nil:
		return err
	case fresh.Reason != "" && fresh.Reason != old.Reason:
		return errors.New(fresh.Reason)
	case fresh.TakesToken() && hit.Fold(old.User) != hit.Fold(s.User):
		return fmt.Errorf("registry clients use the login of %s from now on; it was that of %s", s.User, old.User)
	}
	return nil
}
