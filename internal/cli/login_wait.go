package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
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
	request := login.Request{Wire: s.Client, Server: o.server, User: session.User, Password: password}
	if err := a.awaitBy(ctx, o, res, request.Look(func(ctx context.Context, c login.Cluster) error { return a.accepts(ctx, c, o) })); err != nil {
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

// await is for a session of an identity provider, which gives and keeps credentials as it does for kubectl.
func (l *federatedLogin) await(ctx context.Context, session tokens.Session, res *login.Result) error {
	slots := make(chan struct{}, login.MaxInFlight)
	quiet := *l.App
	quiet.ErrOut = io.Discard // What waits for the account's lock waits for us.
	p := (&renewal{App: &quiet, store: l.store}).provider()
	return l.awaitBy(ctx, l.o, res, func(ctx context.Context, c login.Cluster) (login.Cluster, bool, error) {
		slots <- struct{}{} // Each waits no longer than for its answer.
		defer func() { <-slots }()
		got, err := p.Get(ctx, c.Credential.Key, false)
		var untrusted *trust.UntrustedError
		switch {
		case errors.As(err, &untrusted) && c.URL == "": // It was to tell its CA itself.
			c.URL, c.Credential.Session = "https://"+untrusted.Host, session.ID
			c.Credential.Target = &tokens.Target{Server: c.URL, CAUnknown: true}
			return c, false, errors.Join(login.NoCA(err), l.store.SaveCredential(c.Credential))
		case errors.Is(err, concierge.ErrRefused):
			return c, true, concierge.ErrRefused // Which cluster it is of is said already.
		case err == nil && got.Target == nil:
			err = errReplaced // by one of vCenter's
		}
		if err != nil {
			return c, passes(err), err
		}
		c.Credential, c.URL, c.CA = got, got.Target.Server, []byte(got.Target.CA)
		err = l.accepts(ctx, c, l.o)
		if errors.Is(err, wire.ErrRefused) { // Its Concierge may be there the next time.
			blank := tokens.Credential{Key: got.Key, Session: session.ID, Target: got.Target}
			err = errors.Join(err, l.store.SaveCredential(blank))
		}
		return c, login.Passes(err), err
	})
}

// passes tells whether time may mend that there is no credential. What the issuer refuses stays refused.
func passes(err error) bool {
	var ended *tokens.LoginRequiredError
	var failed *tokens.FailedError
	return !errors.As(err, &ended) && (errors.As(err, &failed) || errors.Is(err, filelock.ErrBusy) || errors.Is(err, supervisor.ErrNoEndpoint) || errors.Is(err, concierge.ErrRefused) ||
		errors.Is(err, wire.ErrUnreachable) || errors.Is(err, wire.ErrServer))
}

func (a *App) awaitBy(ctx context.Context, o loginOptions, res *login.Result, look login.Look) error {
	if o.wait == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	res.Await(waiting, look, func(what string, why error) {
		fmt.Fprintf(a.ErrOut, "Waiting for %s: %v\n", what, why)
	})
	return ctx.Err()
}

// accepts asks the API server of a cluster whether it takes the credential. Without rights is well: it knows who it is.
func (a *App) accepts(ctx context.Context, c login.Cluster, o loginOptions) error {
	t := trust.Trust{Mode: trust.System}
	if len(c.CA) > 0 {
		t = trust.Trust{Mode: trust.Bundle, CA: string(c.CA)}
	}
	certificate, err := login.Certificate(c.Credential)
	if err != nil {
		return err
	}
	w, transport, err := a.wireClientWith(t, o.aliases.Reach, certificate)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	server := c.URL
	if server == "" {
		address, err := supervisor.ParseAddress(c.Server)
		if err != nil {
			return err
		}
		server = address.API(address.Port)
	}
	_, err = w.Do(ctx, wire.Request{Method: http.MethodGet, URL: server + "/version", Bearer: c.Credential.Token})
	if errors.Is(err, wire.ErrForbidden) {
		return nil
	}
	return err
}
