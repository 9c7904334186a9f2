package registryaccess_test

import (
	"context"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess/harbortest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	supervisor = "10.0.0.1"
	host       = "10.0.0.5"
	token      = "token-of-" + consoletest.User
	asToken    = registry.TokenPrefix + consoletest.User
)

// site is a Supervisor that somebody is logged in to, and a Harbor of it. The Supervisor itself is not on the network.
type site struct {
	*consoletest.World
	harbor  *harbortest.Harbor
	session tokens.Session
	methods []session.Method // beside those of the program
}

func newSite(t *testing.T, change ...func(*tokens.Session)) *site {
	s := &site{World: consoletest.New(t), harbor: harbortest.New(t, supervisor)}
	s.Serve(host+":443", s.CA, s.harbor)
	s.session = s.SignIn(supervisor, change...)
	s.harbor.Logins[asToken] = token
	return s
}

// do runs something with the access of the store's sessions.
func (s *site) do(do func(context.Context, *registryaccess.Access)) consoletest.Result {
	return s.Do(func(ctx context.Context, e *console.Env) {
		sessions := method.Sessions(e, s.Store())
		sessions.Methods = append(s.methods, sessions.Methods...)
		do(ctx, registryaccess.New(e, sessions))
	})
}

func (s *site) examine(r registry.Record) (got registry.Record, err error) {
	s.do(func(ctx context.Context, a *registryaccess.Access) { got, err = a.Examine(ctx, r, s.session) })
	return got, err
}

func (s *site) records() registry.Store { return registryaccess.RecordsOf(s.Store()) }
