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

// pruneAfter is how long an expired credential stays in the store, so that status can list it.
const pruneAfter = 30 * 24 * time.Hour

// KeepCredentials saves the credentials of a login. It also ends the time in which kubectl must not ask for a password after a refusal.
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

// ReplaceCredentials is KeepCredentials, and deletes the session's other credentials: another person may have got them.
func ReplaceCredentials(s *Sessions, of tokens.Session, fresh []tokens.Credential) error {
	all, _ := s.Store.Credentials()
	for _, c := range all {
		replaced := slices.ContainsFunc(fresh, func(f tokens.Credential) bool { return f.Key.Same(c.Key) })
		if c.Session == of.ID && !replaced {
			if err := s.Store.DeleteCredential(c.Key); err != nil {
				return err
			}
		}
	}
	return s.KeepCredentials(of, fresh)
}

// Await waits for the clusters of a result that are being created, at most as long as wait. look asks for one cluster. Await prints what
// it waits for. It holds no lock, so that kubectl can use the clusters that are ready.
func (s *Sessions) Await(ctx context.Context, wait time.Duration, res *login.Result, look login.Look) error {
	if wait == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	res.Await(waiting, look, func(what string, why error) { s.Env.Tellf("Waiting for %s: %v", what, why) })
	return ctx.Err()
}

// Accepts returns nil if the API server of a cluster accepts the credential. Server and CA are those of the cluster, the rest is that of
// at. A 403 means that it does: the server knows the user, who has no rights.
func Accepts(ctx context.Context, e *console.Env, c login.Cluster, at Endpoint) error {
	at.Server, at.Trust = c.URL, trust.Trust{Mode: trust.System}
	if len(c.CA) > 0 {
		at.Trust = trust.Trust{Mode: trust.Bundle, CA: string(c.CA)}
	}
	if at.Server == "" {
		address, err := supervisor.ParseAddress(c.Server)
		if err != nil {
			return err
		}
		at.Server = address.API(address.Port)
	}
	client, err := NewAPIClient(e, at, c.Credential)
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
