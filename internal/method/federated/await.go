package federated

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// await returns a function that waits for clusters that are being created. It gets and saves credentials as get-token does.
func (a *attempt) await(s tokens.Session, res *login.Result) func(context.Context, time.Duration) error {
	return func(ctx context.Context, wait time.Duration) error {
		// Another process that waits for the account's lock waits for us: nothing is said about that.
		quiet := &session.Sessions{Env: a.Sessions.Env.Quiet(), Store: a.Sessions.Store}
		quiet.Agree(s) // The login has said whether the server is verified.
		method := &Method{Sessions: quiet}
		quiet.Methods = []session.Method{method}
		renew := func(ctx context.Context, now tokens.Session, key tokens.Key) (tokens.Credential, error) {
			if now.Method != Name {
				return tokens.Credential{}, errReplaced
			}
			return method.Renew(ctx, session.Renewal{Session: now, Key: key})
		}
		w := waiting{attempt: a, method: method, session: s, provider: quiet.ProviderBy(renew), slots: make(chan struct{}, login.MaxInFlight)}
		return a.Sessions.Await(ctx, wait, res, session.Judged(w.look, w.supervisor, a.Sessions.Env.Now))
	}
}

// waiting is one wait for clusters that are being created.
type waiting struct {
	*attempt
	method   *Method // says nothing
	session  tokens.Session
	provider *tokens.Provider
	slots    chan struct{} // bounds the requests at one time
}

// look implements login.Look.
func (w waiting) look(ctx context.Context, c login.Cluster) (login.Cluster, bool, error) {
	w.slots <- struct{}{}
	defer func() { <-w.slots }()
	got, err := w.provider.Get(ctx, c.Credential.Key, false)
	var untrusted *trust.UntrustedError
	switch {
	case errors.As(err, &untrusted) && c.URL == "": // The cluster itself was to show its CA.
		c.URL, c.Credential.Session = "https://"+untrusted.Host, w.session.ID
		c.Credential.Target = &tokens.Target{Server: c.URL, CAUnknown: true}
		return c, false, errors.Join(login.NoCA(err), w.Sessions.Store.SaveCredential(c.Credential))
	case errors.Is(err, concierge.ErrRefused):
		return c, true, concierge.ErrRefused // Without the cluster's name, which the caller prints.
	case err == nil && got.Target == nil:
		err = errReplaced // by a session of vCenter Single Sign-On
	}
	if err != nil {
		return c, isTemporary(err), err
	}
	c.Credential, c.URL, c.CA = got, got.Target.Server, []byte(got.Target.CA)
	err = session.Accepts(ctx, w.Sessions.Env, c, session.Endpoint{Reach: w.site.Aliases.Reach, Unverified: w.site.Insecure()})
	if errors.Is(err, wire.ErrRefused) { // The cluster may have its Concierge the next time.
		blank := tokens.Credential{Key: got.Key, Session: w.session.ID, Target: got.Target}
		err = errors.Join(err, w.Sessions.Store.SaveCredential(blank))
	}
	return c, login.Passes(err), err
}

// supervisor implements session.SupervisorOf.
func (w waiting) supervisor(ctx context.Context, _ login.Cluster) (*kubeapi.Server, error) {
	own, err := w.provider.Get(ctx, tokens.Key{Server: w.session.Server, User: w.session.User}, false)
	if err != nil {
		return nil, err
	}
	l, err := w.method.open(w.session)
	if err != nil {
		return nil, err
	}
	api, err := l.minter.Supervisor(own)
	if err != nil {
		return nil, err
	}
	return kubeapi.New(api.Do), nil
}

// isTemporary reports whether a later try may succeed. A refusal of the issuer is final.
func isTemporary(err error) bool {
	var ended *tokens.LoginRequiredError
	var failed *tokens.FailedError
	if errors.As(err, &ended) {
		return false
	}
	for _, temporary := range []error{filelock.ErrBusy, supervisor.ErrNoEndpoint, concierge.ErrRefused, wire.ErrUnreachable, wire.ErrServer} {
		if errors.Is(err, temporary) {
			return true
		}
	}
	return errors.As(err, &failed)
}
