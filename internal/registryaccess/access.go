// Package registryaccess decides which registry may get a token or a password, and under which user name. What counts is what the
// registry proves, never what it says.
package registryaccess

import (
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Open opens the store for a command about registries.
func Open(e *console.Env, sessions func(*console.Env, *tokens.Store) *session.Sessions) (*Access, error) {
	store, err := e.OpenStore()
	if err != nil {
		return nil, err
	}
	return New(e, sessions(e, store)), nil
}

// Access decides about registries for the user's sessions.
type Access struct {
	Env      *console.Env
	Sessions *session.Sessions
	Records  registry.Store
}

// New returns the access of sessions. Questions go to the terminal of e.
func New(e *console.Env, sessions *session.Sessions) *Access {
	return &Access{Env: e, Sessions: sessions, Records: RecordsOf(sessions.Store)}
}

// RecordsOf returns the registries of a store.
func RecordsOf(store *tokens.Store) registry.Store { return registry.Store{Dir: store.Dir()} }

// ForgetFetched removes the CLI secrets that were fetched for sessions that end. ends reports whether a registry uses such a session.
func ForgetFetched(store *tokens.Store, ends func(registry.Record) bool) error {
	records := RecordsOf(store)
	logins, errs := records.Logins()
	for _, l := range logins {
		r, _, err := records.Record(l.Host)
		if l.Fetched && (err != nil || ends(r)) {
			_, err := records.RemoveLogin(l.Host)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Known is a registry that was added. With hosts empty it is the only one there is.
func (a *Access) Known(hosts ...string) (registry.Record, error) {
	if len(hosts) == 0 {
		if records, _ := a.Records.Records(); len(records) == 1 {
			return records[0], nil
		}
	}
	if len(hosts) != 1 {
		return registry.Record{}, failure.Usagef("which registry? Name one")
	}
	r, found, err := a.Records.Record(hosts[0])
	if err == nil && !found {
		err = failure.Hint(fmt.Errorf("%s is not known here", hosts[0]), "Type: kubectl vsphere registry add %s", hosts[0])
	}
	return r, err
}
