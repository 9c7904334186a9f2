// Package method lists the login methods, and gives commands the user's sessions with them.
package method

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Sessions returns the user's sessions in a store, with every login method.
func Sessions(e *console.Env, store *tokens.Store) *session.Sessions {
	s := &session.Sessions{Env: e, Store: store}
	s.Methods = []session.Method{&password.Method{Sessions: s}, &federated.Method{Sessions: s}}
	return s
}
