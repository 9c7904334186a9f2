package federated

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Revoke revokes the session at its identity provider. The error is oidc.ErrNoRevocation if the provider does not support it.
func (m *Method) Revoke(ctx context.Context, s tokens.Session) error {
	issuer, err := m.issuer(s)
	if err != nil || issuer.Refresh.Secret == "" && issuer.Access.Secret == "" {
		return err // There is no token to revoke.
	}
	if !issuer.Plain { // The issuer is verified as the Supervisor is.
		if ctx, err = m.Sessions.Attended(ctx, s); err != nil {
			return err
		}
	}
	return issuer.Revoke(ctx)
}

const (
	// revokeTime bounds how long to wait for an identity provider.
	revokeTime = 5 * time.Second
	// revokeTimeAfterCtrlC is enough for a working issuer, and short enough for a person who pressed Ctrl-C.
	revokeTimeAfterCtrlC = time.Second
)

// revokeUnlessStored revokes the token of a login that was not stored. The person stays logged in at the issuer. Some issuers then revoke
// all sessions of the person (keycloak/keycloak#35486), so nothing is revoked if another session of the person is stored.
func (m *Method) revokeUnlessStored(ctx context.Context, issuer *oidc.Client) {
	if m.inUse(issuer) {
		return
	}
	// An interrupted login revokes its token too. After Ctrl-C it has revokeTimeAfterCtrlC for that.
	revoking, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(revokeTimeAfterCtrlC, cancel) })()
	_ = issuer.RevokeToken(revoking)
}

// inUse reports whether the store has a session of the same person and client, at any server. A session that cannot be read counts as one, and
// so does one of a person who may be the same.
func (m *Method) inUse(issuer *oidc.Client) bool {
	all, unreadable := m.Sessions.Store.Sessions()
	subject := issuer.LoggedIn()
	return len(unreadable) > 0 || slices.ContainsFunc(all, func(s tokens.Session) bool {
		if s.Method != Name {
			return false
		}
		kept, err := Parse(s)
		same := kept.Provider.Issuer == issuer.Provider.Issuer && kept.Client == issuer.Client && (subject == "" || kept.Subject == subject)
		return err != nil || same
	})
}
