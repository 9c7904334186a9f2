package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
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
	for i, err := range together(records, func(r registry.Record) error {
		switch {
		case r.For(s.Server, s.User):
			return a.refreshRegistry(ctx, store, r, s)
		case r.Server == s.Server && r.TakesToken(): // Whose it is was said when it was added.
			return fmt.Errorf("it goes by the login of %s; to use this one there, type: kubectl vsphere registry add %s -u %s", r.User, r.Host, quote(s.User))
		}
		return nil
	}) {
		if err != nil {
			fmt.Fprintf(a.ErrOut, "note: registry %s: %v\n", records[i].Host, err)
		}
	}
}

// together does something for each registry, all at the same time.
func together(records []registry.Record, do func(registry.Record) error) []error {
	results := make([]error, len(records))
	var all sync.WaitGroup
	for i, r := range records {
		all.Go(func() { results[i] = do(r) })
	}
	all.Wait()
	return results
}

// refreshRegistry asks one registry. When it does not answer, what was known of it stays, for the new login.
func (a *App) refreshRegistry(ctx context.Context, store registry.Store, old registry.Record, s tokens.Session) error {
	fresh, err := a.ask(ctx, old, s)
	var untied *reasonError
	switch {
	case errors.As(err, &untied): // It was tied before; what it may not get any more is taken from it.
		fresh = old
		fresh.Username, fresh.Reason, fresh.Endpoint = "", untied.Reason, untied.Endpoint
	case err != nil:
		fresh = old
		fresh.LoggedOut = false
	}
	if saveErr := store.ReplaceRecord(old, fresh); saveErr != nil {
		return saveErr
	}
	if err == nil && fresh.Reason != "" && (fresh.Reason != old.Reason || fresh.AuthMode != old.AuthMode) {
		return &reasonError{fresh}
	}
	return err
}
