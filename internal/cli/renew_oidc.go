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

// mint takes the target that is remembered. A cluster that does not take the token may be another one by now, of the same name.
func (r *renewal) mint(ctx context.Context, f *login.Federated, s tokens.Session, key hit.Key) (tokens.Credential, error) {
	f.Force = r.force
	if f.Issuer.Plain {
		return f.Mint(ctx, key, tokens.Target{})
	}
	stored, found, err := r.store.Credential(key)
	if err != nil {
		return tokens.Credential{}, err
	}
	if !found || stored.Target == nil {
		return r.mintAnew(ctx, f, s, key, nil)
	}
	fresh, err := f.Mint(ctx, key, *stored.Target)
	if errors.Is(err, concierge.ErrRefused) && key.Cluster != "" {
		return r.mintAnew(ctx, f, s, key, stored.Target)
	}
	return fresh, refusedBy(err, key)
}

// mintAnew asks the Supervisor for the target first; old, if it is not nil, did not do.
func (r *renewal) mintAnew(ctx context.Context, f *login.Federated, s tokens.Session, key hit.Key, old *tokens.Target) (tokens.Credential, error) {
	host := hit.Key{Server: s.Server, User: s.User}
	own, err := r.supervisorCredential(ctx, f, s, host)
	if err != nil || key.Cluster == "" {
		return own, refusedBy(err, host)
	}
	api, token, err := f.Supervisor(own)
	if err != nil {
		return tokens.Credential{}, err
	}
	target, err := f.ClusterTarget(ctx, api, token, key.Cluster)
	if err != nil {
		return tokens.Credential{}, err
	}
	if old != nil && target.Audience == old.Audience && target.Server == old.Server {
		return tokens.Credential{}, refusedBy(concierge.ErrRefused, key)
	}
	fresh, err := f.Mint(ctx, key, target)
	return fresh, refusedBy(err, key)
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
