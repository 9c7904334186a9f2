package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// renewOIDC mints the credential of key from a session of an identity provider. It runs under the account's lock: refresh, exchange
// and certificate are one step, since a refresh ends the tokens of before.
func (r *renewal) renewOIDC(ctx context.Context, s tokens.Session, key hit.Key) (tokens.Credential, error) {
	f, err := r.resume(&s)
	if err != nil {
		return tokens.Credential{}, err
	}
	fresh, err := r.mint(ctx, f, s, key)
	var ended *login.EndedError
	if errors.As(err, &ended) {
		return fresh, r.endedOIDC(f, s, ended)
	}
	var distrusted *oidc.TokenError
	if errors.As(err, &distrusted) {
		err = oidcError(err)
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
func (r *renewal) mint(ctx context.Context, f *login.Federated, s tokens.Session, key hit.Key) (tokens.Credential, error) {
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
		fresh, err := r.supervisorCredential(ctx, f, s, key)
		return fresh, refusedBy(err, key)
	}
	target, err := r.target(ctx, f, s, key)
	if err != nil {
		return tokens.Credential{}, err
	}
	fresh, err := f.Mint(ctx, key, target)
	return fresh, refusedBy(err, key)
}

// mintAt mints at a remembered target. A cluster that does not take the token, or shows another certificate, may be another one by now,
// of the same name: that is asked of the Supervisor. One that is elsewhere, or has another CA, is of no use to kubectl, whose kubeconfig
// says where the old one was.
func (r *renewal) mintAt(ctx context.Context, f *login.Federated, s tokens.Session, key hit.Key, old tokens.Target) (tokens.Credential, error) {
	fresh, err := f.Mint(ctx, key, old)
	var untrusted *trust.UntrustedError
	switch another := errors.Is(err, concierge.ErrRefused) || errors.As(err, &untrusted); {
	case errors.Is(err, login.ErrCAUnknown):
		return fresh, hint(fmt.Errorf("%s: %w", key.Cluster, err), "Log in again when it answers: %s", loginCommandOf(s))
	case !another || key.Cluster == "":
		return fresh, refusedBy(err, key)
	}
	err = refusedBy(err, key)
	now, failed := r.target(ctx, f, s, key)
	switch {
	case errors.Is(failed, wire.ErrNotFound):
		return fresh, failed
	case failed != nil:
		return fresh, errors.Join(err, failed)
	case now.Server != old.Server || now.CA != old.CA:
		err := fmt.Errorf("%s is not the cluster of the last login: it is at %s now, and has another address or CA than your kubeconfig says", key.Cluster, now.Server)
		return fresh, hint(err, "Log in again: %s", loginCommandOf(s))
	case now.Audience == old.Audience:
		return fresh, err
	}
	fresh, err = f.Mint(ctx, key, now)
	return fresh, refusedBy(err, key)
}

// target asks the Supervisor where a cluster is.
func (r *renewal) target(ctx context.Context, f *login.Federated, s tokens.Session, key hit.Key) (tokens.Target, error) {
	host := hit.Key{Server: s.Server, User: s.User}
	own, err := r.supervisorCredential(ctx, f, s, host)
	if err != nil {
		return tokens.Target{}, refusedBy(err, host)
	}
	api, token, err := f.Supervisor(own)
	if err != nil {
		return tokens.Target{}, err
	}
	return f.ClusterTarget(ctx, api, token, key.Cluster)
}

// supervisorCredential is the one that is stored, else a new one.
func (r *renewal) supervisorCredential(ctx context.Context, f *login.Federated, s tokens.Session, key hit.Key) (tokens.Credential, error) {
	stored, found, err := r.store.Credential(key)
	if err != nil || found && stored.Good(r.Now()) {
		return stored, err
	}
	host := login.Host{Address: f.Front.Address}
	host.APICA, _ = f.Front.APICA(ctx) // Not every Supervisor tells it.
	fresh, err := f.Mint(ctx, key, f.SupervisorTarget(apiCA(host, host.Address.API(0), s.Trust)))
	if err == nil {
		fresh.Session = s.ID
		err = r.store.SaveCredential(fresh)
	}
	return fresh, err
}

// refusedBy says which API server it was whose Concierge did not take the token.
func refusedBy(err error, key hit.Key) error {
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

// endedOIDC forgets tokens that the issuer does not take, so that nobody sends them again, and says what to do.
func (r *renewal) endedOIDC(f *login.Federated, s tokens.Session, ended *login.EndedError) error {
	f.Issuer.Refresh, f.Issuer.Access = oidc.Session{}.Refresh, oidc.Session{}.Access
	f.End()
	err := f.Save()
	required := r.ended(s, "")
	if !errors.Is(ended, oidc.ErrNoRefresh) {
		required = r.ended(s, "the identity provider does not renew it: "+ended.Error())
	}
	required.Err = ended
	return errors.Join(required, err)
}
