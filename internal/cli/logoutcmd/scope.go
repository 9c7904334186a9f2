package logoutcmd

import (
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Scope says which sessions end. Empty fields are any.
type Scope struct{ Server, User string }

func (s Scope) everything() bool { return s == Scope{} }

func (s Scope) has(server, user string) bool {
	return (s.Server == "" || s.Server == server) && (s.User == "" || tokens.Fold(s.User) == tokens.Fold(user))
}

// ending is what a logout takes away.
type ending struct {
	scope   Scope
	ended   []tokens.Session
	staying []tokens.Session
	keys    []tokens.Key

	unreadable []error // files of the store of which nobody knows whose they are
}

// ending finds the sessions in scope, and the credentials that no other session needs.
func (s Scope) ending(store *tokens.Store) ending {
	e := ending{scope: s}
	all, unreadable := store.Sessions()
	e.unreadable = unreadable
	for _, session := range all {
		if s.has(session.Server, session.User) {
			e.ended = append(e.ended, session)
		} else {
			e.staying = append(e.staying, session)
		}
	}
	credentials, unreadable := store.Credentials()
	e.unreadable = append(e.unreadable, unreadable...)
	for _, c := range credentials {
		if e.covers(c.Key) {
			e.keys = append(e.keys, c.Key)
		}
	}
	return e
}

// covers reports whether a credential goes: it belongs to a session that ends and to none that stays.
func (e ending) covers(key tokens.Key) bool {
	if e.scope.everything() {
		return true
	}
	covered := func(s tokens.Session) bool { return s.Covers(key) }
	if slices.ContainsFunc(e.staying, covered) {
		return false
	}
	return slices.ContainsFunc(e.ended, covered) || e.scope.has(key.Server, key.User)
}

// owns reports whether a user entry of the kubeconfig goes.
func (e ending) owns(_ string, u *api.AuthInfo) bool {
	key, ours := kubeconfig.Ours(u)
	return ours && e.covers(key)
}

// endsRegistry reports whether a registry goes by a session that ends.
func (e ending) endsRegistry(r registry.Record) bool {
	return e.scope.everything() || slices.ContainsFunc(e.ended, func(s tokens.Session) bool { return r.For(s.Server, s.User) })
}

// clear removes the credentials and sessions from the store. A logout of everybody takes along what cannot be read.
func (e ending) clear(store *tokens.Store) error {
	if e.scope.everything() {
		return store.Clear()
	}
	for _, key := range e.keys {
		if err := store.DeleteCredential(key); err != nil {
			return err
		}
	}
	for _, s := range e.ended {
		if err := store.DeleteSession(s.ID); err != nil {
			return err
		}
	}
	return nil
}
