package federated

import (
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// An issuer that an unverified Supervisor named is as little verified, although it has a CA. A plain issuer is nobody's but the user's.
func TestIssuerByHearsay(t *testing.T) {
	m := &Method{Sessions: &session.Sessions{Env: &console.Env{Now: time.Now, Getenv: func(string) string { return "" }}}}
	for _, tc := range []struct {
		mode  trust.Mode
		plain bool
		want  bool
	}{{trust.Insecure, false, true}, {trust.Pinned, false, false}, {trust.System, false, false}, {trust.Insecure, true, false}} {
		const at = "https://10.0.0.1/wcp/pinniped"
		stored := oidc.Session{Plain: tc.plain, Provider: oidc.Provider{Issuer: at, Authorize: at + "/a", Token: at + "/t", JWKS: at + "/j"}}
		renewal, err := stored.JSON()
		if err != nil {
			t.Fatal(err)
		}
		issuer, err := m.issuer(tokens.Session{Server: "10.0.0.1", Method: Name, Renewal: renewal, Trust: trust.Trust{Mode: tc.mode}})
		if err != nil {
			t.Fatal(err)
		}
		if issuer.Unverified != tc.want {
			t.Errorf("%s, plain %t: unverified %t", tc.mode, tc.plain, issuer.Unverified)
		}
	}
}
