package federated

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Revoke ends the session at its identity provider. It is oidc.ErrNoRevocation where that offers no way.
func (m *Method) Revoke(ctx context.Context, s tokens.Session) error {
	issuer, err := m.issuer(s)
	if err != nil || issuer.Refresh.Secret == "" && issuer.Access.Secret == "" {
		return err // Nothing of it is left.
	}
	return issuer.Revoke(ctx)
}

const (
	// revokeTime bounds what is waited for an identity provider.
	revokeTime = 5 * time.Second
	// lastTime is what an issuer that is well needs to answer once more, and what nobody feels who pressed Ctrl-C.
	lastTime = time.Second
)

// revokeUnlessKept revokes the token of a login that did not keep it, and leaves the person logged in at the issuer. Some issuers end all
// sessions of a person with one (keycloak/keycloak#35486): where one is kept, the new one is left alone.
func (m *Method) revokeUnlessKept(ctx context.Context, issuer *oidc.Client) {
	if m.inUse(issuer) {
		return
	}
	// What was interrupted must not leave a token behind either; Ctrl-C still ends it, lastTime later.
	revoking, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastTime, cancel) })()
	_ = issuer.RevokeToken(revoking)
}

// inUse reports whether a session of the same person and client is kept, at whatever server. One that cannot be read may be of them.
func (m *Method) inUse(issuer *oidc.Client) bool {
	all, unreadable := m.Sessions.Store.Sessions()
	return len(unreadable) > 0 || slices.ContainsFunc(all, func(s tokens.Session) bool {
		if s.Method != Name {
			return false
		}
		kept, err := oidc.ParseSession(s.Renewal)
		same := kept.Provider.Issuer == issuer.Provider.Issuer && kept.Client == issuer.Client && kept.Subject == issuer.Subject
		return err != nil || same
	})
}
