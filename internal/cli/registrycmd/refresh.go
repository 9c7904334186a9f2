package registrycmd

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// refreshTime bounds what a login waits for registries: it is not about them.
const refreshTime = 10 * time.Second

// Refresh has the registries of a Supervisor take the new login, all at the same time. What does not work is told, and does
// not fail the login.
func Refresh(ctx context.Context, d Deps, s tokens.Session) {
	a, err := d.open()
	if err != nil {
		return // The store was open a moment ago.
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
		case r.Server == s.Server && r.TakesToken(): // Whose it is was said when it was added.
			return fmt.Errorf("it goes by the login of %s; to use this one there, type: kubectl vsphere registry add %s -u %s", r.User, r.Host, failure.Quote(s.User))
		}
		return nil
	}) {
		if err != nil {
			a.env.Notef("registry %s: %v", records[i].Host, err)
		}
	}
}
