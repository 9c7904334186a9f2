package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// pruneAfter is how long a credential that has ended is kept, so that status can name it. Clusters come and go.
const pruneAfter = 30 * 24 * time.Hour

// KeepCredentials saves what a login brought, and ends the quiet that a refused password at a kubectl prompt left behind.
func (s *Sessions) KeepCredentials(of tokens.Session, fresh []tokens.Credential) error {
	for _, c := range fresh {
		c.Session = of.ID
		if err := s.Store.SaveCredential(c); err != nil {
			return err
		}
	}
	if _, err := s.Store.Prune(s.Env.Now(), pruneAfter); err != nil {
		s.Env.Warn(err)
	}
	return s.Store.EndQuiet(of.Account)
}

// ReplaceCredentials is KeepCredentials, and deletes the session's other ones: they may be of somebody else's rights.
func (s *Sessions) ReplaceCredentials(of tokens.Session, fresh []tokens.Credential) error {
	all, _ := s.Store.Credentials()
	for _, c := range all {
		again := slices.ContainsFunc(fresh, func(f tokens.Credential) bool { return f.Key.Same(c.Key) })
		if c.Session == of.ID && !again {
			if err := s.Store.DeleteCredential(c.Key); err != nil {
				return err
			}
		}
	}
	return s.KeepCredentials(of, fresh)
}

// Await has look ask for each cluster of a result that is being created, for at most a time, and says what is waited for. Nothing is
// locked meanwhile, and what was ready before can be used.
func (s *Sessions) Await(ctx context.Context, wait time.Duration, res *login.Result, look login.Look) error {
	if wait == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	res.Await(waiting, look, func(what string, why error) { s.Env.Tellf("Waiting for %s: %v", what, why) })
	return ctx.Err()
}

// Accepts asks the API server of a cluster whether it takes the credential. A credential without rights is accepted: the server
// knows who it is.
func Accepts(ctx context.Context, e *console.Env, c login.Cluster, aliases supervisor.Aliases) error {
	t := trust.Trust{Mode: trust.System}
	if len(c.CA) > 0 {
		t = trust.Trust{Mode: trust.Bundle, CA: string(c.CA)}
	}
	server := c.URL
	if server == "" {
		address, err := supervisor.ParseAddress(c.Server)
		if err != nil {
			return err
		}
		server = address.API(address.Port)
	}
	client, err := NewAPIClient(e, Endpoint{Server: server, Trust: t, Reach: aliases.Reach}, c.Credential)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	_, err = client.Do(ctx, wire.Request{Method: http.MethodGet, URL: "/version"})
	if errors.Is(err, wire.ErrForbidden) {
		return nil
	}
	return err
}
