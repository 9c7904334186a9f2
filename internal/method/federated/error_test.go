package federated

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
)

// Without a Supervisor, the next step never names its administrator: it names the flag that matters, or the issuer's administrator.
func TestWhatToDoAboutAToken(t *testing.T) {
	for _, tc := range []struct {
		err   error
		plain bool
		want  string
	}{
		{oidc.ErrAudience, true, "--oidc-client-id"},
		{fmt.Errorf("%w (azp)", oidc.ErrAudience), true, "--oidc-client-id"},
		{oidc.ErrNoToken, true, "--oidc-scopes"},
		{&oidc.TokenError{Reason: "it is too long"}, true, "the administrator of the issuer"},
		{oidc.ErrAudience, false, "your vSphere administrator"},
		{oidc.ErrNoToken, false, "your vSphere administrator"},
	} {
		if step := failure.NextStep(loginError(fmt.Errorf("x: %w", tc.err), tc.plain)); !strings.Contains(step, tc.want) || strings.Contains(step, "vSphere") == tc.plain {
			t.Errorf("%v, %t: %s", tc.err, tc.plain, step)
		}
	}
}
