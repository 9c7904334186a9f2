package login

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Federated mints credentials from a session of an identity provider: refresh, exchange for the audience of the API
// server, and a certificate of its Concierge. Refresh and exchange hold the account's lock, since a refresh ends the
// earlier tokens. The request to the API server does not, so that a slow one keeps nobody waiting.
type Federated struct {
	Issuer *oidc.Client
	// Front asks the Supervisor for what needs no login.
	Front *supervisor.Client
	// API makes a client for API servers that are verified by ca (PEM, or SystemRoots; empty: as the Supervisor is),
	// with a client certificate if it is not nil.
	API func(ca string, certificate *tls.Certificate) (*wire.Client, error)
	// Lock takes the account's lock.
	Lock func(context.Context) (unlock func(), err error)
	// Reload reads the session again, once it is locked, or when the issuer does not know its refresh token. It
	// reports whether the session is another one.
	Reload func() (changed bool, err error)
	// Save stores the session. It is called before each refresh, to see that it can be stored, and after it, before
	// the new tokens are used.
	Save func() error
	// End notes that only a login brings the session back.
	End func()
	// Getenv reads the variable in which a runner provides a token. SendSecret guards the secret of a client.
	Getenv     func(string) string
	SendSecret oidc.SendSecret
	// Force refreshes tokens that are still good.
	Force bool

	renewed bool
}

// SystemRoots is the ca of Federated.API for a server that the system's roots verify.
const SystemRoots = "system"

// ErrEnded means that the issuer does not renew the session any more.
var ErrEnded = errors.New("the identity provider does not renew the session")

// EndedError is ErrEnded with the words of the issuer.
type EndedError struct{ Err error }

// Error returns the words of the issuer.
func (e *EndedError) Error() string { return e.Err.Error() }

// Unwrap returns ErrEnded and the cause.
func (e *EndedError) Unwrap() []error { return []error{ErrEnded, e.Err} }

// Mint returns the credential of key, minted at target t with at most three requests: refresh, exchange and
// certificate. Its Target knows more than t did. The error is ErrCAUnknown when no server may be asked yet, ErrEnded,
// or one of packages oidc, concierge and wire.
func (f *Federated) Mint(ctx context.Context, key tokens.Key, t tokens.Target) (tokens.Credential, error) {
	if f.Issuer.Plain {
		return f.mintID(ctx, key)
	}
	if t.CAUnknown {
		return tokens.Credential{}, ErrCAUnknown
	}
	token, err := f.exchange(ctx, t.Audience)
	if err != nil {
		return tokens.Credential{}, err
	}
	ca := t.CA
	if ca == "" && key.Cluster != "" {
		ca = SystemRoots // The Supervisor's own trust is for the Supervisor alone.
	}
	w, err := f.API(ca, nil)
	if err != nil {
		return tokens.Credential{}, err
	}
	now := f.Issuer.Now()
	c := tokens.Credential{Key: key, Issued: now, Target: &t}
	got, form, err := concierge.Client{Wire: w, Server: t.Server, Form: concierge.Form(t.Concierge)}.Exchange(ctx, token.Token)
	if form != concierge.None { // Remember no "none": a new cluster gets its Concierge later.
		t.Concierge = string(form)
	}
	switch {
	case errors.Is(err, concierge.ErrNone): // The API server knows the issuer itself.
		c.Token, c.Expires = token.Token, token.Expires
	case err != nil:
		return tokens.Credential{}, err
	default:
		c.Token, c.Certificate, c.PrivateKey = got.Token, got.Certificate, got.PrivateKey
		c.Expires = got.Expires.Add(-skew(got.Date, now))
	}
	if !c.Expires.After(now) {
		return tokens.Credential{}, fmt.Errorf("%s: the credential of the reply ended at %s: is the clock of this machine right?", t.Server, c.Expires.UTC().Format(time.RFC3339))
	}
	return c, nil
}

// mintID returns the ID token itself, renewed, or as the runner provides it.
func (f *Federated) mintID(ctx context.Context, key tokens.Key) (tokens.Credential, error) {
	now := f.Issuer.Now()
	if f.Issuer.Unattended() {
		token, claims, err := f.Issuer.FromRunner(ctx, f.Getenv, f.SendSecret)
		if err == nil && !claims.Expiry.After(now) {
			err = fmt.Errorf("%w that is still good: it ended at %s", oidc.ErrNotProvided, claims.Expiry.UTC().Format(time.RFC3339))
		}
		if err == nil && tokens.Fold(claims.Username) != tokens.Fold(key.User) {
			err = fmt.Errorf("%w for %s: it is of %s", oidc.ErrNotProvided, key.User, claims.Username)
		}
		return tokens.Credential{Key: key, Token: token, Issued: now, Expires: claims.Expiry}, err
	}
	err := f.Locked(ctx, func() error {
		if f.Issuer.FreshID(now) && !f.Force {
			return nil
		}
		return f.renew(ctx)
	})
	return tokens.Credential{Key: key, Token: f.Issuer.ID.Secret, Issued: now, Expires: f.Issuer.IDUntil}, err
}

// Locked calls do with the session as it is stored, while no other process changes it.
func (f *Federated) Locked(ctx context.Context, do func() error) error {
	unlock, err := f.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := f.Reload(); err != nil {
		return err
	}
	return do()
}

// TokenFor returns a token for another client of the identity provider, such as a web application. An issuer without
// exchange makes tokens for its own client only.
func (f *Federated) TokenFor(ctx context.Context, key tokens.Key, audience string) (redact.Secret, error) {
	if !f.Issuer.Plain {
		token, err := f.exchange(ctx, audience)
		return token.Token, err
	}
	if audience != f.Issuer.Client {
		return "", fmt.Errorf("the issuer makes tokens for the client %s, and not for %s", f.Issuer.Client, audience)
	}
	c, err := f.mintID(ctx, key)
	return c.Token, err
}

// exchange returns a token for an audience. It refreshes first when the access token has ended, and once more when
// the issuer refuses an access token that looks good: a refresh elsewhere has ended it.
func (f *Federated) exchange(ctx context.Context, audience string) (token oidc.Token, err error) {
	err = f.Locked(ctx, func() error {
		if !f.Issuer.Fresh(f.Issuer.Now()) || f.Force {
			if err := f.renew(ctx); err != nil {
				return err
			}
		}
		token, err = f.Issuer.Exchange(ctx, audience)
		if errors.Is(err, wire.ErrRefused) && !f.renewed {
			if err := f.renew(ctx); err != nil {
				return err
			}
			token, err = f.Issuer.Exchange(ctx, audience)
		}
		return err
	})
	return token, err
}

// renew refreshes and saves. A refusal is final only when no other process has refreshed meanwhile. Then the tokens
// are forgotten, so that nobody sends them again.
func (f *Federated) renew(ctx context.Context) error {
	f.renewed = true
	if err := f.Save(); err != nil {
		return err // The issuer gives new tokens once. Without a place for them they are not asked for.
	}
	f.Force = false
	spent := f.Issuer.Refresh
	err := f.Issuer.Renew(ctx, f.Save)
	if errors.Is(err, wire.ErrRefused) {
		changed, reloadErr := f.Reload()
		if reloadErr != nil {
			return reloadErr
		}
		if changed {
			if f.Issuer.Fresh(f.Issuer.Now()) {
				return nil
			}
			spent = f.Issuer.Refresh
			err = f.Issuer.Renew(ctx, f.Save)
		}
	}
	if now := f.Issuer.Now(); errors.Is(err, oidc.ErrNoRefresh) && (f.Issuer.Fresh(now) || f.Issuer.FreshID(now)) {
		return &EndedError{err} // The tokens are good; there only are no new ones.
	}
	if errors.Is(err, wire.ErrRefused) || errors.Is(err, oidc.ErrNoRefresh) || errors.Is(err, oidc.ErrNoID) {
		f.Issuer.Refresh, f.Issuer.Access = redact.Stored{}, redact.Stored{}
		f.End()
		return errors.Join(&EndedError{err}, f.Save())
	}
	if err == nil || f.Issuer.Refresh != spent { // The old refresh token is spent, even when the new tokens are not believed.
		return errors.Join(err, f.Save())
	}
	return err
}

// SupervisorTarget returns the target of the Supervisor's own credential, whose audience is the issuer itself. ca is
// PEM.
func (f *Federated) SupervisorTarget(ca []byte) tokens.Target {
	server := f.Issuer.Concierge
	if server == "" {
		server = f.Front.Address.API(0)
	}
	return tokens.Target{Audience: f.Issuer.Provider.Issuer, Server: server, CA: string(ca)}
}

// Audience returns the audience of tokens for a TKG cluster.
func Audience(name, uid string) string { return name + "-" + uid }

// Certificate returns the client certificate of a credential; nil for one that is a token.
func Certificate(c tokens.Credential) (*tls.Certificate, error) {
	if c.Certificate == "" {
		return nil, nil
	}
	pair, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.PrivateKey.Reveal()))
	if err != nil {
		return nil, errors.New("the certificate of the Concierge cannot be used")
	}
	return &pair, nil
}

// Supervisor returns the API of the Supervisor for the holder of a credential, with at most MaxInFlight requests
// under way.
func (f *Federated) Supervisor(c tokens.Credential) (*supervisor.API, error) {
	certificate, err := Certificate(c)
	if err != nil {
		return nil, err
	}
	ca := ""
	if c.Target != nil {
		ca = c.Target.CA
	}
	w, err := f.API(ca, certificate)
	if err != nil {
		return nil, err
	}
	client := &supervisor.Client{Wire: w.AtMost(MaxInFlight), Address: f.Front.Address, APIServer: f.Front.Address.API(0)}
	return client.As(c.Token), nil
}

// ClusterTarget asks the Supervisor for the target of a cluster (NAMESPACE/NAME). The error is ErrGone when there is
// no such cluster.
func (f *Federated) ClusterTarget(ctx context.Context, api *supervisor.API, cluster string) (tokens.Target, error) {
	namespace, name, _ := strings.Cut(cluster, "/")
	found, err := api.Cluster(ctx, namespace, name)
	if errors.Is(err, wire.ErrNotFound) {
		return tokens.Target{}, ErrGone
	}
	if err != nil {
		return tokens.Target{}, fmt.Errorf("look the cluster %s up: %w", cluster, err)
	}
	endpoint, err := f.endpoint(ctx, api, found)
	return tokens.Target{Audience: Audience(name, found.UID), Server: endpoint.Server, CA: string(endpoint.CA)}, err
}

// endpoint returns the endpoint in the cluster's Secret; if the account may not read that, the one that the cluster
// itself publishes.
func (f *Federated) endpoint(ctx context.Context, api *supervisor.API, c supervisor.Cluster) (supervisor.Endpoint, error) {
	e, err := api.Endpoint(ctx, c.Namespace, c.Name)
	if !errors.Is(err, wire.ErrForbidden) {
		return e, err
	}
	w, err := f.API("", nil)
	if err != nil {
		return e, err
	}
	return api.PublicEndpoint(ctx, w, c.Namespace, c.Name)
}
