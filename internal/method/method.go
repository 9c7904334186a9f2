// Package method lists the ways to log in.
package method

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Sessions are the user's sessions, with every method that can have made them.
func Sessions(e *console.Env, store *tokens.Store) *session.Sessions {
	s := &session.Sessions{Env: e, Store: store}
	s.Methods = []session.Method{&password.Method{Sessions: s}, &federated.Method{Sessions: s}}
	return s
}
