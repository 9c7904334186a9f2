package federated

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Renew mints a credential from the session. The caller holds the lock of that credential. It is never unattended if the server is not
// verified: refresh token, access token or the client's secret would go to whoever answers.
func (m *Method) Renew(ctx context.Context, r session.Renewal) (tokens.Credential, error) {
	ctx, err := m.Sessions.Attend(ctx, r)
	if err != nil {
		return tokens.Credential{}, err
	}
	l, err := m.open(r.Session)
	if err != nil {
		return tokens.Credential{}, err
	}
	l.minter.Force = r.Force
	fresh, err := l.mint(ctx, r.Key)
	var distrusted *oidc.TokenError
	if errors.As(err, &distrusted) {
		err = loginError(err, l.issuer.Plain)
	}
	return fresh, l.ended(r, l.conciergeError(err))
}

// conciergeError adds a next step to an untrusted certificate of a Concierge on another host, to which nothing was sent.
func (l *live) conciergeError(err error) error {
	var elsewhere *login.ConciergeError
	var untrusted *trust.UntrustedError
	if failure.Hinted(err) || !errors.As(err, &elsewhere) || !errors.As(err, &untrusted) || !untrusted.UnknownCA {
		return err
	}
	return failure.Hint(err, "%sNothing was sent to it. Ask your vSphere administrator whether concierge_endpoint of kube-public/pinniped-info is right.\n"+
		"If it is, log in with a file of both CAs: %s --certificate-authority FILE", failure.Describe(untrusted), l.Command(l.session))
}

// mint mints a credential at the stored target. Without one it asks the Supervisor for the target.
func (l *live) mint(ctx context.Context, key tokens.Key) (tokens.Credential, error) {
	if l.issuer.Plain {
		return l.minter.Mint(ctx, key, tokens.Target{})
	}
	stored, found, err := l.Sessions.Store.Credential(key)
	switch {
	case err != nil:
		return tokens.Credential{}, err
	case found && stored.Target != nil:
		return l.mintAt(ctx, key, *stored.Target)
	case key.Cluster == "":
		return l.mintSupervisor(ctx, key)
	}
	target, err := l.target(ctx, key)
	if err != nil {
		return tokens.Credential{}, err
	}
	fresh, err := l.minter.Mint(ctx, key, target)
	return fresh, refusedBy(err, key)
}

// mintAt mints at a stored target. If the cluster refuses the token, shows another certificate or does not answer, it may be a new cluster
// of the same name, so the Supervisor is asked. If the address or CA has changed, the person must log in again: the kubeconfig still has
// the old ones.
func (l *live) mintAt(ctx context.Context, key tokens.Key, old tokens.Target) (tokens.Credential, error) {
	fresh, err := l.minter.Mint(ctx, key, old)
	switch {
	case errors.Is(err, login.ErrCAUnknown):
		return fresh, failure.Hint(fmt.Errorf("%s: %w", key.Cluster, err), "Log in again when it answers: %s", l.Command(l.session))
	case err == nil || key.Cluster == "" || !mayHaveMoved(err, old):
		return fresh, refusedBy(err, key)
	}
	looking, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	now, failed := l.target(looking, key)
	switch {
	case errors.Is(failed, login.ErrGone):
		return fresh, failed
	case failed != nil:
		return fresh, l.maybeReplaced(refusedBy(err, key))
	case now.Audience == old.Audience && now.Server == old.Server && trust.SameCAs(now.CA, old.CA):
		return fresh, notVouchedFor(refusedBy(err, key))
	case now.Server != old.Server || !trust.SameCAs(now.CA, old.CA):
		err := fmt.Errorf("%s is not the cluster of the last login: it is at %s now, and its address or CA is not the one in your kubeconfig", key.Cluster, now.Server)
		return fresh, failure.Hint(err, "Log in again: %s", l.Command(l.session))
	}
	fresh, err = l.minter.Mint(ctx, key, now)
	return fresh, refusedBy(err, key)
}

// lookTime bounds the question to the Supervisor about a cluster that failed: kubectl has waited for the cluster already.
const lookTime = 5 * time.Second

// mayHaveMoved reports whether the error is the cluster's and not the issuer's.
func mayHaveMoved(err error, t tokens.Target) bool {
	var untrusted *trust.UntrustedError
	var failed *wire.Error
	return errors.Is(err, concierge.ErrRefused) || errors.As(err, &untrusted) && "https://"+untrusted.Host == t.Server ||
		errors.As(err, &failed) && failed.Status == 0 && strings.HasPrefix(failed.URL, t.Server+"/")
}

// maybeReplaced adds a next step to an untrusted certificate of a cluster if the Supervisor could not be asked about it.
func (l *live) maybeReplaced(err error) error {
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) {
		return err
	}
	return failure.Hint(err, "%sThe Supervisor could not be asked whether the cluster was created again. If it was, log in again: %s", failure.Describe(untrusted), l.Command(l.session))
}

// notVouchedFor adds a next step to a certificate that is not from the CA that the Supervisor names. No flag helps then.
func notVouchedFor(err error) error {
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) {
		return err
	}
	return failure.Hint(err, "%sThe Supervisor names another CA for this cluster: somebody may be in between. Ask your vSphere administrator.", failure.Describe(untrusted))
}

// target asks the Supervisor where a cluster is.
func (l *live) target(ctx context.Context, key tokens.Key) (tokens.Target, error) {
	own, err := l.supervisorCredential(ctx)
	if err != nil {
		return tokens.Target{}, err
	}
	api, err := l.minter.Supervisor(own)
	if err != nil {
		return tokens.Target{}, err
	}
	target, err := l.minter.ClusterTarget(ctx, api, key.Cluster)
	if errors.Is(err, login.ErrGone) {
		err = failure.Hint(fmt.Errorf("%w: %s", err, key.Cluster), "To remove its context, type: %s --prune", l.Command(l.session))
	}
	return target, err
}

// supervisorCredential returns the session's credential for the Supervisor. If several processes need it, one mints it and the others wait.
func (l *live) supervisorCredential(ctx context.Context) (tokens.Credential, error) {
	key := tokens.Key{Server: l.session.Server, User: l.session.User}
	p := l.Sessions.ProviderBy(func(ctx context.Context, s tokens.Session, key tokens.Key) (tokens.Credential, error) {
		if s.Method != Name || s.Trust.Mode != l.session.Trust.Mode { // Somebody logged in otherwise meanwhile.
			return tokens.Credential{}, errReplaced
		}
		own, err := l.open(s)
		if err != nil {
			return tokens.Credential{}, err
		}
		fresh, err := own.mint(ctx, key)
		return fresh, own.ended(session.Renewal{Session: s, Key: key}, err)
	})
	return p.Get(ctx, key, false)
}

// mintSupervisor mints the Supervisor's credential if the store has none.
func (l *live) mintSupervisor(ctx context.Context, key tokens.Key) (tokens.Credential, error) {
	host := login.Host{Address: l.minter.Front.Address}
	host.APICA, _ = l.minter.Front.APICA(ctx) // Not every Supervisor offers it.
	fresh, err := l.minter.Mint(ctx, key, l.minter.SupervisorTarget(func(server string) []byte { return site.APICA(host, server, l.session.Trust) }))
	return fresh, refusedBy(err, key)
}

// refusedBy adds the name of the API server to an error of its Concierge.
func refusedBy(err error, key tokens.Key) error {
	if !errors.Is(err, concierge.ErrRefused) {
		return err
	}
	what := key.Cluster
	if what == "" {
		what = key.Server
	}
	return failure.Hint(fmt.Errorf("%s: %w", what, err),
		"Ask your vSphere administrator whether the cluster trusts the Supervisor's issuer. A new cluster needs some minutes.")
}
