package federated

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// await waits for clusters that are being created. Credentials are had and kept as for kubectl.
func (a *attempt) await(s tokens.Session, res *login.Result) func(context.Context, time.Duration) error {
	return func(ctx context.Context, wait time.Duration) error {
		quiet := *a.Sessions
		quiet.Env = a.Sessions.Env.Quiet() // What waits for the account's lock waits for us.
		w := waiting{attempt: a, session: s, provider: (&quiet).Provider(false), slots: make(chan struct{}, login.MaxInFlight)}
		return a.Sessions.Await(ctx, wait, res, w.look)
	}
}

// waiting looks for clusters that are being created.
type waiting struct {
	*attempt
	session  tokens.Session
	provider *tokens.Provider
	slots    chan struct{} // each waits no longer than for its answer
}

// look is a login.Look.
func (w waiting) look(ctx context.Context, c login.Cluster) (login.Cluster, bool, error) {
	w.slots <- struct{}{}
	defer func() { <-w.slots }()
	got, err := w.provider.Get(ctx, c.Credential.Key, false)
	var untrusted *trust.UntrustedError
	switch {
	case errors.As(err, &untrusted) && c.URL == "": // It was to tell its CA itself.
		c.URL, c.Credential.Session = "https://"+untrusted.Host, w.session.ID
		c.Credential.Target = &tokens.Target{Server: c.URL, CAUnknown: true}
		return c, false, errors.Join(login.NoCA(err), w.Sessions.Store.SaveCredential(c.Credential))
	case errors.Is(err, concierge.ErrRefused):
		return c, true, concierge.ErrRefused // Which cluster it is of is said already.
	case err == nil && got.Target == nil:
		err = errReplaced // by one of vCenter's
	}
	if err != nil {
		return c, passes(err), err
	}
	c.Credential, c.URL, c.CA = got, got.Target.Server, []byte(got.Target.CA)
	err = session.Accepts(ctx, w.Sessions.Env, c, w.site.Aliases)
	if errors.Is(err, wire.ErrRefused) { // Its Concierge may be there the next time.
		blank := tokens.Credential{Key: got.Key, Session: w.session.ID, Target: got.Target}
		err = errors.Join(err, w.Sessions.Store.SaveCredential(blank))
	}
	return c, login.Passes(err), err
}

// passes reports whether time may mend that there is no credential. What the issuer refuses stays refused.
func passes(err error) bool {
	var ended *tokens.LoginRequiredError
	var failed *tokens.FailedError
	if errors.As(err, &ended) {
		return false
	}
	for _, passing := range []error{filelock.ErrBusy, supervisor.ErrNoEndpoint, concierge.ErrRefused, wire.ErrUnreachable, wire.ErrServer} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return errors.As(err, &failed)
}
