// Package registryaccess decides which registry may see a token or a password, and under which name it takes one: by what the registry
// proves, never by what it says.
package registryaccess

import (
	"errors"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Access is what the sessions of this machine may do at registries.
type Access struct {
	env      *console.Env
	sessions *session.Sessions
	records  registry.Store
}

// New is the access of sessions. It asks a person as e does.
func New(e *console.Env, sessions *session.Sessions) *Access {
	return &Access{env: e, sessions: sessions, records: Records(sessions.Store)}
}

// Records are the registries of a store.
func Records(store *tokens.Store) registry.Store { return registry.Store{Dir: store.Dir()} }

// ForgetFetched removes the CLI secrets of registries that go by sessions which end.
func ForgetFetched(store *tokens.Store, ends func(registry.Record) bool) error {
	records := Records(store)
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
