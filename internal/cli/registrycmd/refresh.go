package registrycmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// refreshTime bounds how long a login waits for registries.
const refreshTime = 10 * time.Second

// Refresh updates the registries of a Supervisor after a login, in parallel. It prints notes about failures: they do not fail the login.
func Refresh(ctx context.Context, d Deps, s tokens.Session) {
	a, err := d.open()
	if err != nil {
		return // The login has just used the store, so this does not happen.
	}
	sessions, _ := a.sessions.Store.Sessions()
	a.helperLink().repair()
	records, errs := a.records.Records()
	for _, err := range errs {
		a.env.Warn(err)
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	for i, err := range registryaccess.Together(records, func(r registry.Record) error {
		owner, _ := registryaccess.Owner(sessions, r)
		switch {
		case owner.ID == s.ID:
			return a.access.Refresh(ctx, respelled(a, r, s), s)
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

// respelled returns a record that names the session's user as the session does, and keeps it so: registry clients look for the token under
// that name.
func respelled(a *action, r registry.Record, s tokens.Session) registry.Record {
	if tokens.Fold(r.User) == tokens.Fold(s.User) {
		return r
	}
	fresh := r
	fresh.User = s.User
	if err := a.records.ReplaceRecord(r, fresh); err != nil {
		a.env.Warn(err)
		return r
	}
	return fresh
}

// spelled returns whether a name is that of a user whom a person means by -u (session.Named); an empty user is anybody.
func spelled(sessions *session.Sessions, user string) func(name string) bool {
	all, _ := sessions.Store.Sessions()
	named := session.Named(all, user)
	return func(name string) bool {
		return user == "" || username.Same(user, name) || slices.ContainsFunc(named, func(s tokens.Session) bool { return s.Called(name) })
	}
}
