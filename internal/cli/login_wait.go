package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// await waits for clusters that are being created, says for what, and keeps the credentials that come of it. Nothing is locked
// meanwhile, and what was ready before is usable.
func (a *App) await(ctx context.Context, store *tokens.Store, s site, o loginOptions, session tokens.Session, password redact.Secret, res *login.Result) error {
	if o.wait == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	request := login.Request{Wire: s.Client, Server: o.server, User: session.User, Password: password}
	request.Await(waiting, res, func(ctx context.Context, c login.Cluster) error { return a.accepts(ctx, c, o) }, func(what string, why error) {
		fmt.Fprintf(a.ErrOut, "Waiting for %s: %v\n", what, why)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, c := range res.Clusters {
		c.Credential.Session = session.ID
		if err := store.SaveCredential(c.Credential); err != nil {
			return err
		}
	}
	return nil
}

// accepts asks the API server of a cluster whether it takes the token. Without rights is well: it knows who it is.
func (a *App) accepts(ctx context.Context, c login.Cluster, o loginOptions) error {
	address, err := supervisor.ParseAddress(c.Server)
	if err != nil {
		return err
	}
	t := trust.Trust{Mode: trust.System}
	if len(c.CA) > 0 {
		t = trust.Trust{Mode: trust.Bundle, CA: string(c.CA)}
	}
	w, transport, err := a.wireClient(t, o.aliases.Reach)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	_, err = w.Do(ctx, wire.Request{Method: http.MethodGet, URL: address.API(address.Port) + "/version", Bearer: c.Credential.Token})
	if errors.Is(err, wire.ErrForbidden) {
		return nil
	}
	return err
}
