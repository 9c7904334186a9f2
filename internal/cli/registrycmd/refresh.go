package registrycmd

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// refreshTime bounds how long a login waits for registries.
const refreshTime = 10 * time.Second

// Refresh updates the registries of a Supervisor after a login, in parallel. It prints notes about failures: they do not fail the login.
func Refresh(ctx context.Context, d Deps, s tokens.Session) {
	a, err := d.open()
	if err != nil {
		return // The login has just used the store, so this does not happen.
	}
	a.helperLink().repair()
	records, errs := a.records.Records()
	for _, err := range errs {
		a.env.Warn(err)
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	for i, err := range registryaccess.Together(records, func(r registry.Record) error {
		switch {
		case r.For(s.Server, s.User):
			return a.access.Refresh(ctx, r, s)
		case r.Server == s.Server && r.TakesToken(): // "registry add" chose the user.
			return fmt.Errorf("it uses the login of %s; to use this login there, type: kubectl vsphere registry add %s -u %s", r.User, r.Host, failure.Quote(s.User))
		}
		return nil
	}) {
		if err != nil {
			a.env.Notef("registry %s: %v", records[i].Host, err)
			if failure.Hinted(err) {
				a.env.Tellf("%s", safetext.Lines(failure.NextStep(err)))
			}
		}
	}
}
