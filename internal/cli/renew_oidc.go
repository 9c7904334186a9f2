package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// renewOIDC mints the credential of key from a session of an identity provider. It runs under the lock of that credential.
func (r *renewal) renewOIDC(ctx context.Context, s tokens.Session, key tokens.Key) (tokens.Credential, error) {
	f, err := r.resume(&s)
	if err != nil {
		return tokens.Credential{}, err
	}
	fresh, err := r.mint(ctx, f, s, key)
	var ended *login.EndedError
	if errors.As(err, &ended) {
		return fresh, r.endedOIDC(s, ended)
	}
	var distrusted *oidc.TokenError
	if errors.As(err, &distrusted) {
		err = oidcError(err, f.Issuer.Plain)
	}
	return fresh, err
}

// resume takes a session up again.
func (r *renewal) resume(s *tokens.Session) (*login.Federated, error) {
	kept, err := oidc.ParseSession(s.Renewal)
	if err != nil {
		return nil, fmt.Errorf("the session of %s at %s cannot be read: %w", s.User, s.Server, err)
	}
	w, err := r.issuerOf(kept, *s)
	if err != nil {
		return nil, err
	}
	f := r.federated(r.store, &oidc.Client{Session: kept, Wire: w, Now: r.Now}, s, false)
	f.Front.Wire, _, err = r.wireClient(s.Trust, supervisor.Aliases(s.Aliases).Reach)
	return f, err
}

// mint takes the target that is remembered, or asks the Supervisor for it.
func (r *renewal) mint(ctx context.Context, f *login.Federated, s tokens.Session, key tokens.Key) (tokens.Credential, error) {
	f.Force = r.force
	if f.Issuer.Plain {
		return f.Mint(ctx, key, tokens.Target{})
	}
	stored, found, err := r.store.Credential(key)
	switch {
	case err != nil:
		return tokens.Credential{}, err
	case found && stored.Target != nil:
		return r.mintAt(ctx, f, s, key, *stored.Target)
	case key.Cluster == "":
		fresh, err := r.mintSupervisor(ctx, f, s, key)
		return fresh, refusedBy(err, key)
	}
	target, err := r.target(ctx, f, s, key)
	if err != nil {
		return tokens.Credential{}, err
	}
	fresh, err := f.Mint(ctx, key, target)
	return fresh, refusedBy(err, key)
}

// mintAt mints at a remembered target. A cluster that does not take the token, shows another certificate or does not answer may be another
// one by now, of the same name: that is asked of the Supervisor. One that is elsewhere, or has another CA, is of no use to kubectl, whose
// kubeconfig says where the old one was.
func (r *renewal) mintAt(ctx context.Context, f *login.Federated, s tokens.Session, key tokens.Key, old tokens.Target) (tokens.Credential, error) {
	fresh, err := f.Mint(ctx, key, old)
	switch {
	case errors.Is(err, login.ErrCAUnknown):
		return fresh, hint(fmt.Errorf("%s: %w", key.Cluster, err), "Log in again when it answers: %s", loginCommandOf(s))
	case err == nil || key.Cluster == "" || !mayHaveMoved(err, old):
		return fresh, refusedBy(err, key)
	}
	looking, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	now, failed := r.target(looking, f, s, key)
	switch {
	case errors.Is(failed, login.ErrGone):
		return fresh, failed
	case failed != nil:
		return fresh, maybeAnew(refusedBy(err, key), s)
	case now.Audience == old.Audience && now.Server == old.Server && now.CA == old.CA:
		return fresh, betrayedBy(refusedBy(err, key))
	case now.Server != old.Server || now.CA != old.CA:
		err := fmt.Errorf("%s is not the cluster of the last login: it is at %s now, and has another address or CA than your kubeconfig says", key.Cluster, now.Server)
		return fresh, hint(err, "Log in again: %s", loginCommandOf(s))
	}
	fresh, err = f.Mint(ctx, key, now)
	return fresh, refusedBy(err, key)
}

// lookTime bounds how long the Supervisor is asked about a cluster that failed: kubectl has waited for that already.
const lookTime = 5 * time.Second

// mayHaveMoved tells whether it was the cluster that failed, and not the issuer.
func mayHaveMoved(err error, t tokens.Target) bool {
	var untrusted *trust.UntrustedError
	var failed *wire.Error
	return errors.Is(err, concierge.ErrRefused) || errors.As(err, &untrusted) && "https://"+untrusted.Host == t.Server ||
		errors.As(err, &failed) && failed.Status == 0 && strings.HasPrefix(failed.URL, t.Server+"/")
}

// maybeAnew says of a certificate that nobody could be asked about what helps if the cluster has another one now.
func maybeAnew(err error, s tokens.Session) error {
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) {
		return err
	}
	return hint(err, "%sThe Supervisor could not tell whether the cluster was made anew. If it was, log in again: %s", describe(untrusted), loginCommandOf(s))
}

// betrayedBy says of a certificate that the Supervisor does not vouch for that no flag helps.
func betrayedBy(err error) error {
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) {
		return err
	}
	return hint(err, "%sThe Supervisor names another CA for this cluster: somebody may be in between. Ask your vSphere administrator.", describe(untrusted))
}

// target asks the Supervisor where a cluster is. Its own credential is had as for kubectl: however many ask, it is renewed once.
func (r *renewal) target(ctx context.Context, f *login.Federated, s tokens.Session, key tokens.Key) (tokens.Target, error) {
	own, err := (&renewal{App: r.App, store: r.store}).provider().Get(ctx, tokens.Key{Server: s.Server, User: s.User}, false)
	if err != nil {
		return tokens.Target{}, err
	}
	api, token, err := f.Supervisor(own)
	if err != nil {
		return tokens.Target{}, err
	}
	target, err := f.ClusterTarget(ctx, api, token, key.Cluster)
	if errors.Is(err, login.ErrGone) {
		err = hint(fmt.Errorf("%w: %s", err, key.Cluster), "This takes its context away: %s --prune", loginCommandOf(s))
	}
	return target, err
}

// mintSupervisor mints the Supervisor's credential where nothing is remembered of it.
func (r *renewal) mintSupervisor(ctx context.Context, f *login.Federated, s tokens.Session, key tokens.Key) (tokens.Credential, error) {
	host := login.Host{Address: f.Front.Address}
	host.APICA, _ = f.Front.APICA(ctx) // Not every Supervisor tells it.
	return f.Mint(ctx, key, f.SupervisorTarget(apiCA(host, host.Address.API(0), s.Trust)))
}

// refusedBy says which API server it was whose Concierge did not take the token.
func refusedBy(err error, key tokens.Key) error {
	if !errors.Is(err, concierge.ErrRefused) {
		return err
	}
	what := key.Cluster
	if what == "" {
		what = key.Server
	}
	return hint(fmt.Errorf("%s: %w", what, err),
		"Ask your vSphere administrator whether the cluster trusts the Supervisor's issuer. A new cluster needs some minutes.")
}

// endedOIDC is a session that only a person brings back.
func (r *renewal) endedOIDC(s tokens.Session, ended *login.EndedError) error {
	required := r.ended(s, "")
	if !errors.Is(ended, oidc.ErrNoRefresh) {
		required = r.ended(s, "the identity provider does not renew it: "+ended.Error())
	}
	required.Err = ended
	return required
}
